/*
 * Whether a request reaches its server at all: trust, time, proxies, and
 * what the environment says about them.
 */
#include "support/http_case.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/banned.h"

#define OK_ANSWER OK_HEAD "Content-Length: 2\r\n\r\nok"

/* A certificate that must not do: how it is made, and a word of the cause. */
static void
a_wrong_certificate_gets_no_byte(void **state)
{
	static const struct {
		struct rawserver_name name;
		bool other_ca, self_signed;
		const char *word;
	} rows[] = {
		{ { NULL, true, -7200, -3600 }, false, false, "expired" },
		{ { NULL, true, 3600, 7200 }, false, false, "not valid yet" },
		{ { "api.acme.example", false, -60, 3600 },
		  false,
		  false,
		  "another name" },
		{ { NULL, false, -60, 3600 }, false, false, "another name" },
		{ { "127.0.0.1", false, -60, 3600 },
		  false,
		  false,
		  "another name" },
		{ { NULL, true, -60, 3600 }, false, true, "not trusted" },
		{ { NULL, true, -60, 3600 }, true, false, "not trusted" },
	};
	struct rawserver_pair stranger, pair;

	(void)state;
	rawserver_make_ca(&stranger);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rawserver_script script = { .tls = &pair,
							 .send = OK_ANSWER };
		struct outcome o;

		rawserver_make_cert(rows[i].self_signed ? NULL
				    : rows[i].other_ca	? &stranger
							: &ca,
				    &rows[i].name, &pair);
		play(&script, BUDGET_MS, &o);
		if (o.rc != RC_TLS || strstr(o.why.text, rows[i].word) == NULL)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_int_equal(o.rc, RC_TLS);
		assert_non_null(strstr(o.why.text, rows[i].word));
		assert_false(o.retry);
		assert_int_equal(o.seen.connections, 1);
		assert_int_equal(o.seen.requests, 0);
	}
}

static void
the_right_name_is_enough(void **state)
{
	const struct rawserver_name name = { .dns = "localhost",
					     .from_s = -60,
					     .to_s = 3600 };
	struct rawserver_pair pair;
	const struct rawserver_script script = { .tls = &pair,
						 .send = OK_ANSWER };
	struct rawserver *s;
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url,
				  .ca_file = ca_file,
				  .budget_ms = BUDGET_MS };
	struct outcome o;

	(void)state;
	rawserver_make_cert(&ca, &name, &pair);
	s = rawserver_start(&script);
	private_format(url, sizeof(url), "https://localhost:%d/",
		       rawserver_port(s));
	post(&r, &o);
	rawserver_stop(s, NULL);

	assert_int_equal(o.rc, RC_OK);
	end(&o);
}

/* Our authority is not among the system's. */
static void
without_ca_file_the_system_decides(void **state)
{
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_ANSWER };
	struct rawserver *s = rawserver_start(&script);
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url, .budget_ms = BUDGET_MS };
	struct outcome o;

	(void)state;
	make_url(s, "https", url);
	setenv("SSL_CERT_FILE", ca_file, 1);
	setenv("CURL_CA_BUNDLE", ca_file, 1);
	setenv("SSL_CERT_DIR", dir, 1);
	post(&r, &o);
	unsetenv("SSL_CERT_FILE");
	unsetenv("CURL_CA_BUNDLE");
	unsetenv("SSL_CERT_DIR");
	rawserver_stop(s, &o.seen);

	assert_int_equal(o.rc, RC_TLS);
	assert_int_equal(o.seen.requests, 0);
}

static void
a_missing_ca_file_is_named_as_the_cause(void **state)
{
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_ANSWER };
	struct rawserver *s = rawserver_start(&script);
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url,
				  .ca_file = "/nonexistent/ca.pem",
				  .budget_ms = BUDGET_MS };
	struct outcome o;

	(void)state;
	make_url(s, "https", url);
	post(&r, &o);
	rawserver_stop(s, &o.seen);

	assert_int_equal(o.rc, RC_TLS);
	assert_non_null(strstr(o.why.text, "ca-file"));
	assert_int_equal(o.seen.requests, 0);
}

static void
what_is_no_tls_is_refused(void **state)
{
	static const struct rawserver_script rows[] = {
		{ .hang_up = true },
		{ .blurt = true, .send = OK_ANSWER },
		{ .blurt = true,
		  .send = "\x15\x03\x03\x00\x02\x02\x28",
		  .len = 7 }, /* the alert: handshake failure */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o;

		play(&rows[i], BUDGET_MS, &o);
		assert_int_equal(o.rc, RC_TLS);
		assert_false(o.retry);
		assert_int_equal(o.seen.connections, 1);
		assert_null(strstr(o.seen.request, "POST"));
	}
}

static void
plain_http_is_for_loopback_endpoints_alone(void **state)
{
	const struct rawserver_script script = { .send = OK_ANSWER };
	struct rawserver *s = rawserver_start(&script);
	char url[PRIVATE_MAX];
	struct http_request r = { .url = url,
				  .ca_file = ca_file,
				  .budget_ms = BUDGET_MS,
				  .bearer = SPAN(JWT) };
	struct outcome o;

	(void)state;
	make_url(s, "http", url);
	post(&r, &o);
	assert_int_equal(o.rc, RC_INTERNAL);
	r.allow_http = true;
	post(&r, &o);
	rawserver_stop(s, &o.seen);

	assert_int_equal(o.rc, RC_OK);
	assert_int_equal(o.seen.connections, 1);
	end(&o);
}

static void
other_protocols_and_user_names_are_refused(void **state)
{
	static const char *const urls[] = {
		"file:///etc/passwd",
		"ftp://127.0.0.1/x",
		"gopher://127.0.0.1/x",
		"https://user:word@127.0.0.1/x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct http_request r = { .url = urls[i],
					  .allow_http = true,
					  .ca_file = ca_file,
					  .budget_ms = BUDGET_MS };
		struct outcome o;

		post(&r, &o);
		assert_int_equal(o.rc, RC_INTERNAL);
		assert_false(o.retry);
	}
}

static void
a_slow_answer_ends_at_its_budget(void **state)
{
	const struct rawserver_script rows[] = {
		{ .tls = &good, .send = OK_ANSWER, .pause_ms = 50 },
		{ .tls = &good,
		  .send = OK_HEAD "Content-Length: 99\r\n\r\n",
		  .hold = true },
		{ .tls = &good, .send = OK_ANSWER, .think_ms = 5000 },
		{ .mute = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct outcome o;

		play(&rows[i], 400, &o);
		if (o.rc != RC_TIMEOUT)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_int_equal(o.rc, RC_TIMEOUT);
		assert_false(o.retry);
		assert_true(o.took_ms >= 390 && o.took_ms < 1400);
		assert_int_equal(o.seen.connections, 1);
	}
}

static void
a_late_answer_within_the_budget_is_taken(void **state)
{
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_ANSWER,
						 .think_ms = 300 };
	struct outcome o;

	(void)state;
	play(&script, BUDGET_MS, &o);

	assert_int_equal(o.rc, RC_OK);
	assert_true(o.took_ms >= 290);
	end(&o);
}

static void
without_time_nothing_is_sent(void **state)
{
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_ANSWER };
	struct outcome o;

	(void)state;
	play(&script, 0, &o);
	assert_int_equal(o.rc, RC_TIMEOUT);
	assert_int_equal(o.seen.connections, 0);
	play(&script, -5, &o);
	assert_int_equal(o.rc, RC_TIMEOUT);
	assert_int_equal(o.seen.connections, 0);
}

/* A port where nobody listens: bound, so that nobody else gets it. */
static int
deaf_port(int *fd)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_not_equal(*fd, -1);
	assert_int_equal(bind(*fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void
a_refused_connection_may_be_tried_again(void **state)
{
	char url[PRIVATE_MAX], peer[64];
	struct http_request r = { .url = url,
				  .ca_file = ca_file,
				  .budget_ms = BUDGET_MS };
	struct outcome o;
	int fd, port = deaf_port(&fd);

	(void)state;
	private_format(url, sizeof(url), "https://127.0.0.1:%d/", port);
	private_format(peer, sizeof(peer), "'127.0.0.1:%d'", port);
	post(&r, &o);
	close(fd);

	assert_int_equal(o.rc, RC_NET);
	assert_true(o.retry);
	assert_non_null(strstr(o.why.text, peer));
}

static void
proxies_of_the_environment_see_nothing(void **state)
{
	static const char *const names[] = {
		"http_proxy", "https_proxy", "all_proxy",
		"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
	};
	static const char *const no_proxy[] = { "", "example.com", "*" };
	const struct rawserver_script deaf = { .hang_up = true };
	const struct rawserver_script script = { .tls = &good,
						 .send = OK_ANSWER };
	struct rawserver *recorder = rawserver_start(&deaf);
	struct rawserver_seen seen;
	char url[PRIVATE_MAX];

	(void)state;
	private_format(url, sizeof(url), "http://127.0.0.1:%d",
		       rawserver_port(recorder));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		setenv(names[i], url, 1);
	for (size_t i = 0; i < sizeof(no_proxy) / sizeof(no_proxy[0]); i++) {
		struct outcome o;

		setenv("no_proxy", no_proxy[i], 1);
		setenv("NO_PROXY", no_proxy[i], 1);
		play(&script, BUDGET_MS, &o);
		assert_int_equal(o.rc, RC_OK);
		end(&o);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	unsetenv("no_proxy");
	unsetenv("NO_PROXY");
	rawserver_stop(recorder, &seen);
	assert_int_equal(seen.connections, 0);
}

/* Through a proxy that is configured; its script plays the server as well. */
static void
play_proxy(const struct rawserver_script *script, struct outcome *o)
{
	struct rawserver *s = rawserver_start(script);
	char proxy[PRIVATE_MAX];
	struct http_request r = { .url = "https://127.0.0.1:9/token",
				  .ca_file = ca_file,
				  .proxy = proxy,
				  .budget_ms = BUDGET_MS,
				  .bearer = SPAN(JWT),
				  .headers = { "X-Unifize-User: 7" },
				  .header_count = 1 };

	private_format(proxy, sizeof(proxy), "http://127.0.0.1:%d",
		       rawserver_port(s));
	/* Even where the environment asks to go around it. */
	setenv("no_proxy", "*", 1);
	post(&r, o);
	unsetenv("no_proxy");
	rawserver_stop(s, &o->seen);
	assert_int_equal(o->seen.connections, 1);
	assert_null(strstr(o->seen.connect, JWT));
	assert_null(strstr(o->seen.connect, "Authorization"));
	assert_null(strstr(o->seen.connect, "X-Unifize-User"));
}

static void
the_proxy_gets_a_connect_and_its_answer_does_not_count(void **state)
{
	const struct rawserver_script script = {
		.tls = &good,
		.connect_reply = "HTTP/1.1 200 Connected\r\n"
				 "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
				 "Retry-After: 9\r\n\r\n",
		.send = OK_ANSWER,
	};
	struct outcome o;

	(void)state;
	play_proxy(&script, &o);

	assert_int_equal(o.rc, RC_OK);
	assert_int_equal(strncmp(o.seen.connect,
				 "CONNECT 127.0.0.1:9 HTTP/1.1\r\n", 30),
			 0);
	assert_non_null(strstr(o.seen.request, "Authorization: Bearer " JWT));
	assert_true(o.answer.date_s == -1);
	assert_true(o.answer.retry_after_s == -1);
	end(&o);
}

static void
a_proxy_that_refuses_is_no_connection(void **state)
{
	static const char *const rows[] = {
		("HTTP/1.1 407 Password\r\nProxy-Authenticate: Basic "
		 "realm=\"x\"\r\nContent-Length: 0\r\n\r\n"),
		"HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\ntoken",
		"HTTP/1.1 502 No\r\n\r\n{\"accessToken\":\"x\"}",
		"nonsense\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rawserver_script script = {
			.connect_reply = rows[i],
			.connect_only = true,
		};
		struct outcome o;

		play_proxy(&script, &o);
		if (o.rc != RC_NET)
			print_error("# row %zu: %s: %s\n", i, rc_name(o.rc),
				    o.why.text);
		assert_int_equal(o.rc, RC_NET);
		assert_int_equal(o.seen.requests, 0);
	}
}

static void
behind_a_proxy_the_certificate_is_checked_too(void **state)
{
	const struct rawserver_name name = { .dns = "api.acme.example",
					     .from_s = -60,
					     .to_s = 3600 };
	struct rawserver_pair pair;
	const struct rawserver_script script = {
		.tls = &pair,
		.connect_reply = "HTTP/1.1 200 Connected\r\n\r\n",
		.send = OK_ANSWER,
	};
	struct outcome o;

	(void)state;
	rawserver_make_cert(&ca, &name, &pair);
	play_proxy(&script, &o);

	assert_int_equal(o.rc, RC_TLS);
	assert_int_equal(o.seen.requests, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_certificate_gets_no_byte),
		cmocka_unit_test(the_right_name_is_enough),
		cmocka_unit_test(without_ca_file_the_system_decides),
		cmocka_unit_test(a_missing_ca_file_is_named_as_the_cause),
		cmocka_unit_test(what_is_no_tls_is_refused),
		cmocka_unit_test(plain_http_is_for_loopback_endpoints_alone),
		cmocka_unit_test(other_protocols_and_user_names_are_refused),
		cmocka_unit_test(a_slow_answer_ends_at_its_budget),
		cmocka_unit_test(a_late_answer_within_the_budget_is_taken),
		cmocka_unit_test(without_time_nothing_is_sent),
		cmocka_unit_test(a_refused_connection_may_be_tried_again),
		cmocka_unit_test(proxies_of_the_environment_see_nothing),
		cmocka_unit_test(
			the_proxy_gets_a_connect_and_its_answer_does_not_count),
		cmocka_unit_test(a_proxy_that_refuses_is_no_connection),
		cmocka_unit_test(behind_a_proxy_the_certificate_is_checked_too),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("http_reach", tests, http_set_up,
					   http_tear_down);
}
