/* One HTTPS request against a server that sends what it was told to. */
#include "support/http_case.h"

#include <sys/resource.h>

#include "core/banned.h"

/* An address sanitizer keeps 256 MiB of what was freed. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GROWTH_MAX_KIB (320 * 1024)
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define GROWTH_MAX_KIB (320 * 1024)
#endif
#ifndef GROWTH_MAX_KIB
#define GROWTH_MAX_KIB 2048
#endif
#define KIB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
the_request_is_sent_byte_for_byte(void **state)
{
	const struct rawserver_script script = {
		.tls = &good, .send = OK_HEAD "Content-Length: 2\r\n\r\nok"
	};
	struct rawserver *s = rawserver_start(&script);
	char url[PRIVATE_MAX], expected[1024];
	struct http_request r = {
		.url = url,
		.ca_file = ca_file,
		.budget_ms = BUDGET_MS,
		.bearer = SPAN(JWT),
		.headers = { "Accept: application/json", "X-Unifize-User: 7" },
		.header_count = 2,
		.body = SPAN("a=1&b=2"),
		.content_type = "application/x-www-form-urlencoded"
	};
	struct outcome o;

	(void)state;
	private_format(url, sizeof(url), "https://127.0.0.1:%d/a/../b//%%2e",
		       rawserver_port(s));
	post(&r, &o);
	private_format(expected, sizeof(expected),
		       "POST /a/../b//%%2e HTTP/1.1\r\n"
		       "Host: 127.0.0.1:%d\r\n"
		       "User-Agent: apptoken/" VERSION "\r\n"
		       "Content-Type: application/x-www-form-urlencoded\r\n"
		       "Authorization: Bearer " JWT "\r\n"
		       "Accept: application/json\r\n"
		       "X-Unifize-User: 7\r\n"
		       "Content-Length: 7\r\n"
		       "\r\n"
		       "a=1&b=2",
		       rawserver_port(s));
	rawserver_stop(s, &o.seen);

	assert_int_equal(o.rc, RC_OK);
	assert_string_equal(o.seen.request, expected);
	assert_int_equal(o.answer.status, 200);
	assert_true(o.answer.request_sent);
	assert_true(span_is(safebuf_view(o.answer.body), "ok"));
	end(&o);
}

static void
a_request_without_body_says_so(void **state)
{
	struct outcome o;

	(void)state;
	play_text(OK_HEAD "Content-Length: 0\r\n\r\n", &o);

	assert_int_equal(o.rc, RC_OK);
	assert_non_null(strstr(o.seen.request, "\r\nContent-Length: 0\r\n"));
	assert_null(strstr(o.seen.request, "Content-Type"));
	assert_null(strstr(o.seen.request, "Expect"));
	assert_null(strstr(o.seen.request, "Encoding"));
	assert_null(strstr(o.seen.request, "Cookie"));
	assert_int_equal(safebuf_len(o.answer.body), 0);
	end(&o);
}

static void
a_header_with_a_line_end_is_not_sent(void **state)
{
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_HEAD };
	struct rawserver *s = rawserver_start(&script);
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url,
				  .ca_file = ca_file,
				  .budget_ms = BUDGET_MS,
				  .headers = { "X-A: 1\r\nX-B: 2" },
				  .header_count = 1 };
	struct outcome o;

	(void)state;
	make_url(s, "https", url);
	post(&r, &o);
	rawserver_stop(s, &o.seen);

	assert_int_equal(o.rc, RC_INTERNAL);
	assert_int_equal(o.seen.connections, 0);
}

/* Answers that are accepted, and what is understood of them. */
static void
answers_are_read_as_they_were_framed(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *body;
		int64_t date_s, retry_s;
	} rows[] = {
		{ OK_HEAD "Content-Length: 5\r\n\r\nhello", 200, "hello", -1,
		  -1 },
		{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n"
			  "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
		  200, "hello", -1, -1 },
		{ OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n"
			  "5;x=y\r\nhello\r\n0\r\n"
			  "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
			  "Retry-After: 9\r\n\r\n",
		  200, "hello", -1, -1 },
		{ OK_HEAD "Connection: close\r\n\r\nhello", 200, "hello", -1,
		  -1 },
		{ "HTTP/1.1 100 Continue\r\nDate: Thu, 01 Jan 2026 00:00:00 "
		  "GMT\r\nRetry-After: 9\r\n\r\n"
		  "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
		  "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx",
		  201, "x", -1, -1 },
		{ OK_HEAD "content-encoding: identity\r\n"
			  "content-length: 1\r\n\r\nx",
		  200, "x", -1, -1 },
		{ "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n"
		  "WWW-Authenticate: Basic realm=\"x\"\r\n"
		  "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\nno",
		  401, "no", NOW_S, -1 },
		{ "HTTP/1.1 204 No Content\r\n\r\n", 204, "", -1, -1 },
		{ "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n"
		  "Retry-After: 3600\r\n\r\n",
		  503, "", -1, 3600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o;

		play_text(rows[i].text, &o);
		if (o.rc != RC_OK)
			print_error("# row %zu: %s\n", i, o.why.text);
		assert_int_equal(o.rc, RC_OK);
		assert_int_equal(o.answer.status, rows[i].status);
		assert_true(span_is(safebuf_view(o.answer.body), rows[i].body));
		assert_true(o.answer.date_s == rows[i].date_s);
		assert_true(o.answer.retry_after_s == rows[i].retry_s);
		assert_int_equal(o.seen.connections, 1);
		end(&o);
	}
}

static void
date_and_retry_after_are_believed_only_when_they_are_plain(void **state)
{
	static const struct {
		const char *lines;
		int64_t date_s, retry_s;
	} rows[] = {
		{ "Retry-After: 0\r\n", -1, 0 },
		{ "Retry-After:5\r\n", -1, 5 },
		{ "retry-after: \t6 \r\n", -1, 6 },
		{ "Retry-After: 1000000000\r\n", -1, 1000000000 },
		{ "Retry-After: 99999999999999999999\r\n", -1, -1 },
		{ "Retry-After: -1\r\n", -1, -1 },
		{ "Retry-After: +1\r\n", -1, -1 },
		{ "Retry-After: 1.5\r\n", -1, -1 },
		{ "Retry-After: soon\r\n", -1, -1 },
		{ "Retry-After:\r\n", -1, -1 },
		{ "Retry-After: 3\r\nRetry-After: 3\r\n", -1, -1 },
		/* A date: from our clock, or from Date in either order. */
		{ "Retry-After: Fri, 02 Jan 2026 03:05:05 GMT\r\n", -1, 60 },
		{ "Retry-After: Fri, 02 Jan 2026 03:00:00 GMT\r\n", -1, 0 },
		{ "Retry-After: Fri, 02 Jan 2026 03:05:05 GMT\r\n"
		  "Date: Fri, 02 Jan 2026 03:05:00 GMT\r\n",
		  NOW_S + 55, 5 },
		{ "Date: Fri, 02 Jan 2026 03:05:00 GMT\r\n"
		  "Retry-After: Fri, 02 Jan 2026 03:05:05 GMT\r\n",
		  NOW_S + 55, 5 },
		{ "Date: yesterday\r\n", -1, -1 },
		{ "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n"
		  "Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n",
		  -1, -1 },
		{ "X-Date: Fri, 02 Jan 2026 03:04:05 GMT\r\n", -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct outcome o;

		private_format(text, sizeof(text),
			       "HTTP/1.1 429 Slow\r\n%sContent-Length: "
			       "0\r\n\r\n",
			       rows[i].lines);
		play_text(text, &o);
		assert_int_equal(o.rc, RC_OK);
		if (o.answer.date_s != rows[i].date_s ||
		    o.answer.retry_after_s != rows[i].retry_s)
			print_error("# row %zu: %lld %lld\n", i,
				    (long long)o.answer.date_s,
				    (long long)o.answer.retry_after_s);
		assert_true(o.answer.date_s == rows[i].date_s);
		assert_true(o.answer.retry_after_s == rows[i].retry_s);
		end(&o);
	}
}

static void
a_redirect_is_an_answer_and_nobody_follows_it(void **state)
{
	static const int statuses[] = { 301, 302, 303, 307, 308 };
	static const char *const targets[] = { "https://127.0.0.1:%d/token",
					       "http://127.0.0.1:%d/token",
					       "//127.0.0.1:%d/" };
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_HEAD
						 "Content-Length: 0\r\n\r\n" };
	struct rawserver *target = rawserver_start(&script);
	struct rawserver_seen seen;

	(void)state;
	for (size_t i = 0; i < 15; i++) {
		char text[512], place[128];
		struct outcome o;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		private_format(place, sizeof(place), targets[i / 5],
			       rawserver_port(target));
#pragma GCC diagnostic pop
		private_format(text, sizeof(text),
			       "HTTP/1.1 %d Away\r\nLocation: %s\r\n"
			       "Content-Length: 0\r\n\r\n",
			       statuses[i % 5], place);
		play_text(text, &o);
		assert_int_equal(o.rc, RC_OK);
		assert_int_equal(o.answer.status, statuses[i % 5]);
		assert_int_equal(o.seen.connections, 1);
		end(&o);
	}
	rawserver_stop(target, &seen);
	assert_int_equal(seen.connections, 0);
}

static void
malformed_answers_are_bad_answers(void **state)
{
	static const char *const rows[] = {
		OK_HEAD "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
		OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "Content-Length: 2, 2\r\n\r\nab",
		OK_HEAD "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
			"\r\n2\r\nab\r\n0\r\n\r\n",
		OK_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n"
			"\r\n2\r\nab\r\n0\r\n\r\n",
		OK_HEAD "Transfer-Encoding: chunked\r\n"
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		OK_HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		OK_HEAD "Transfer-Encoding: identity\r\n\r\nab",
		OK_HEAD "Content-Length: -2\r\n\r\nab",
		OK_HEAD "Content-Length: +2\r\n\r\nab",
		OK_HEAD "Content-Length: 0x2\r\n\r\nab",
		OK_HEAD "Content-Length:\r\n\r\nab",
		OK_HEAD "Content-Length: 99999999999999999999\r\n\r\nab",
		OK_HEAD "X-A: 1\r\n folded\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "X-A: 1\r\n\tfolded\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "Content-Length : 2\r\n\r\nab",
		OK_HEAD "no colon\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD ": no name\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "X-A: \x1b[31m\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "X-A: a\rX-B: b\r\nContent-Length: 2\r\n\r\nab",
		OK_HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
		OK_HEAD "Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n",
		"{\"accessToken\":\"x\"}",
		"HTTP/1.1 2000 Odd\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\nab",
		"HTTP/1.1 \r\nContent-Length: 2\r\n\r\nab",
		"SMTP ready\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o;

		play_text(rows[i], &o);
		if (o.rc != RC_BAD_ANSWER)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_int_equal(o.rc, RC_BAD_ANSWER);
		assert_false(o.retry);
		end(&o);
	}
}

static void
a_nul_in_a_header_is_a_bad_answer(void **state)
{
	static const char text[] = OK_HEAD
		"X-A: a\0b\r\nContent-Length: 2\r\n\r\nab";
	const struct rawserver_script script = { .tls = &good,
						 .send = text,
						 .len = sizeof(text) - 1 };
	struct outcome o;

	(void)state;
	play(&script, BUDGET_MS, &o);

	assert_int_equal(o.rc, RC_BAD_ANSWER);
}

static void
compressed_answers_are_bad_answers(void **state)
{
	static const char *const rows[] = { "gzip", "deflate",	  "br",
					    "zstd", "gzip, gzip", "x",
					    "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		struct outcome o;

		private_format(text, sizeof(text),
			       OK_HEAD "Content-Encoding: %s\r\n"
				       "Content-Length: 2\r\n\r\nab",
			       rows[i]);
		play_text(text, &o);
		assert_int_equal(o.rc, RC_BAD_ANSWER);
		assert_non_null(strstr(o.why.text, "compressed"));
	}
}

static void
a_large_answer_is_refused_before_it_is_kept(void **state)
{
	static const struct {
		const char *send, *again;
		size_t times;
	} rows[] = {
		{ OK_HEAD "Content-Length: 104857600\r\n\r\n", KIB KIB,
		  819200 },
		{ OK_HEAD "Content-Length: 10737418240\r\n\r\n", KIB, 1000 },
		{ OK_HEAD "Content-Length: 65537\r\n\r\n", KIB, 1025 },
		{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
		  "40\r\n" KIB "\r\n", 1638400 },
		{ OK_HEAD "\r\n", KIB, 1638400 },
		{ OK_HEAD, "X-A: b\r\n", 100000 },
		{ OK_HEAD "X-A: ", KIB, 16384 },
		{ "", "HTTP/1.1 100 Continue\r\nX-A: b\r\n\r\n", 100000 },
	};
	struct rusage before, after;

	(void)state;
	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rawserver_script script = {
			.tls = &good,
			.send = rows[i].send,
			.again = rows[i].again,
			.times = rows[i].times,
		};
		struct outcome o;

		play(&script, BUDGET_MS, &o);
		if (o.rc != RC_BAD_ANSWER)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_int_equal(o.rc, RC_BAD_ANSWER);
		assert_false(o.retry);
		/* What lay in the buffers of the sockets is counted as well. */
		assert_true(o.seen.sent < 16 * 1024 * 1024);
		end(&o);
	}
	getrusage(RUSAGE_SELF, &after);
	/* KiB; the server's own thread is counted as well. */
	assert_true(after.ru_maxrss - before.ru_maxrss < GROWTH_MAX_KIB);
}

static void
exactly_the_largest_answer_is_taken(void **state)
{
	const struct rawserver_script script = {
		.tls = &good,
		.send = OK_HEAD "Content-Length: 65536\r\n\r\n",
		.again = KIB,
		.times = 1024,
	};
	struct outcome o;

	(void)state;
	play(&script, BUDGET_MS, &o);

	assert_int_equal(o.rc, RC_OK);
	assert_int_equal(safebuf_len(o.answer.body), BODY_MAX);
	end(&o);
}

static void
a_cut_answer_is_none(void **state)
{
	static const struct {
		const char *send;
		bool no_goodbye;
	} rows[] = {
		{ OK_HEAD "Content-Length: 9\r\n\r\nab", false },
		{ OK_HEAD "Content-Length: 9\r\n\r\nab", true },
		{ OK_HEAD "\r\nab", true },
		{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
		  false },
		{ OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
		  true },
		{ OK_HEAD "Content-Le", false },
		{ "", false },
		{ "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rawserver_script script = {
			.tls = &good,
			.send = rows[i].send,
			.no_goodbye = rows[i].no_goodbye,
		};
		struct outcome o;

		play(&script, BUDGET_MS, &o);
		if (o.rc != RC_BAD_ANSWER && o.rc != RC_NET)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_true(o.rc == RC_BAD_ANSWER || o.rc == RC_NET);
		assert_false(o.retry);
		assert_int_equal(o.seen.connections, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_is_sent_byte_for_byte),
		cmocka_unit_test(a_request_without_body_says_so),
		cmocka_unit_test(a_header_with_a_line_end_is_not_sent),
		cmocka_unit_test(answers_are_read_as_they_were_framed),
		cmocka_unit_test(
			date_and_retry_after_are_believed_only_when_they_are_plain),
		cmocka_unit_test(a_redirect_is_an_answer_and_nobody_follows_it),
		cmocka_unit_test(malformed_answers_are_bad_answers),
		cmocka_unit_test(a_nul_in_a_header_is_a_bad_answer),
		cmocka_unit_test(compressed_answers_are_bad_answers),
		cmocka_unit_test(a_large_answer_is_refused_before_it_is_kept),
		cmocka_unit_test(exactly_the_largest_answer_is_taken),
		cmocka_unit_test(a_cut_answer_is_none),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http", tests, http_set_up,
					   http_tear_down);
}
