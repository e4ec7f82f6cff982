/* Tests of platform/fdio.c: descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock.h"
#include "platform/fdio.h"
#include "tests/support/private.h"

#include "core/banned.h"

/* Long enough for a slow machine, short enough for a person. */
#define SOON_MS 30000
#define LARGE ((size_t)300 * 1024)

static struct safebuf *
buffer(size_t capacity)
{
	struct safebuf *b = NULL;

	assert_int_equal(safebuf_new(capacity, &b), RC_OK);
	return b;
}

static void
make_pipe(int *in, int *out)
{
	*in = *out = -1;
	assert_int_equal(fdio_pipe(in, out, NULL), RC_OK);
}

static void
a_pipe_is_close_on_exec(void **state)
{
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fcntl(in, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(out, F_GETFD), FD_CLOEXEC);
	fdio_close(in);
	fdio_close(out);
}

static void
closing_gives_minus_one(void **state)
{
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_close(in), -1);
	assert_int_equal(fcntl(in, F_GETFD), -1);
	assert_int_equal(fdio_close(-1), -1);
	fdio_close(out);
}

static void
everything_is_read_to_the_end(void **state)
{
	struct safebuf *b = buffer(16);
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_write_all(out, SPAN("hello"), 0, NULL), RC_OK);
	fdio_close(out);
	assert_int_equal(fdio_read_all(in, 0, b, NULL), RC_OK);
	assert_true(span_is(safebuf_view(b), "hello"));
	fdio_close(in);
	safebuf_free(b);
}

static void
a_full_buffer_at_the_end_is_fine(void **state)
{
	struct safebuf *b = buffer(5);
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_write_all(out, SPAN("hello"), 0, NULL), RC_OK);
	fdio_close(out);
	assert_int_equal(fdio_read_all(in, 0, b, NULL), RC_OK);
	assert_true(span_is(safebuf_view(b), "hello"));
	fdio_close(in);
	safebuf_free(b);
}

static void
one_byte_too_many_is_too_large(void **state)
{
	struct safebuf *b = buffer(4);
	struct why why = { "" };
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_write_all(out, SPAN("hello"), 0, NULL), RC_OK);
	fdio_close(out);
	assert_int_equal(fdio_read_all(in, 0, b, &why), RC_TOO_LARGE);
	assert_string_equal(why.text, "more than 4 bytes");
	fdio_close(in);
	safebuf_free(b);
}

static void
a_failed_buffer_is_too_large(void **state)
{
	struct safebuf *b = buffer(4);
	bool end = false;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	fdio_close(out);
	safebuf_fail(b);
	assert_int_equal(fdio_read_some(in, 0, b, &end, NULL), RC_TOO_LARGE);
	assert_false(end);
	fdio_close(in);
	safebuf_free(b);
}

static void
some_is_what_is_there(void **state)
{
	struct safebuf *b = buffer(16);
	bool end = true;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_write_all(out, SPAN("ab"), 0, NULL), RC_OK);
	assert_int_equal(fdio_read_some(in, 0, b, &end, NULL), RC_OK);
	assert_false(end);
	assert_true(span_is(safebuf_view(b), "ab"));
	fdio_close(out);
	assert_int_equal(fdio_read_some(in, 0, b, &end, NULL), RC_OK);
	assert_true(end);
	assert_true(span_is(safebuf_view(b), "ab"));
	fdio_close(in);
	safebuf_free(b);
}

static void
silence_ends_at_the_deadline(void **state)
{
	struct safebuf *b = buffer(16);
	int64_t start = clock_mono_ms();
	struct why why = { "" };
	bool end = true;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fdio_read_some(in, start + 50, b, &end, &why),
			 RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 50);
	assert_true(clock_mono_ms() < start + SOON_MS);
	assert_true(end);
	assert_string_equal(why.text, "nothing came in time");
	fdio_close(in);
	fdio_close(out);
	safebuf_free(b);
}

/* Writes a byte whenever the last one was taken, until the pipe closes. */
static void *
dribble(void *arg)
{
	int fd = *(int *)arg;

	while (write(fd, "x", 1) == 1) {
		struct timespec t = { .tv_nsec = 1000000 };

		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
	}
	return NULL;
}

static void
a_dribble_ends_at_the_deadline(void **state)
{
	struct safebuf *b = buffer(LARGE);
	int64_t start = clock_mono_ms();
	pthread_t thread;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(pthread_create(&thread, NULL, dribble, &out), 0);
	assert_int_equal(fdio_read_all(in, start + 60, b, NULL), RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 60);
	assert_true(clock_mono_ms() < start + SOON_MS);
	fdio_close(in);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fdio_close(out);
	safebuf_free(b);
}

static void *
read_slowly(void *arg)
{
	int fd = *(int *)arg;
	size_t *total = calloc(1, sizeof(*total));
	char bytes[997];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		*total += (size_t)n;
	return total;
}

static void
write_large(int64_t deadline_ms, bool nonblocking)
{
	char *bytes = calloc(1, LARGE);
	struct span s = { .at = bytes, .len = LARGE };
	pthread_t thread;
	void *total = NULL;
	int in, out;

	assert_non_null(bytes);
	make_pipe(&in, &out);
	if (nonblocking)
		assert_int_equal(fcntl(out, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(pthread_create(&thread, NULL, read_slowly, &in), 0);
	assert_int_equal(fdio_write_all(out, s, deadline_ms, NULL), RC_OK);
	fdio_close(out);
	assert_int_equal(pthread_join(thread, &total), 0);
	assert_int_equal(*(size_t *)total, LARGE);
	free(total);
	free(bytes);
	fdio_close(in);
}

static void
more_than_a_pipe_holds_is_written(void **state)
{
	(void)state;
	write_large(0, false);
	write_large(clock_mono_ms() + SOON_MS, false);
	write_large(0, true);
	write_large(clock_mono_ms() + SOON_MS, true);
}

static void
a_reader_that_stops_ends_at_the_deadline(void **state)
{
	char *bytes = calloc(1, LARGE);
	struct span s = { .at = bytes, .len = LARGE };
	int64_t start = clock_mono_ms();
	struct why why = { "" };
	int in, out;

	(void)state;
	assert_non_null(bytes);
	make_pipe(&in, &out);
	assert_int_equal(fdio_write_all(out, s, start + 50, &why), RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 50);
	assert_true(clock_mono_ms() < start + SOON_MS);
	assert_string_equal(why.text, "nothing was taken in time");
	fdio_close(in);
	fdio_close(out);
	free(bytes);
}

static void
a_closed_reader_is_an_error_and_no_signal(void **state)
{
	struct why why = { "" };
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	fdio_close(in);
	assert_int_equal(fdio_write_all(out, SPAN("x"), 0, &why), RC_INTERNAL);
	assert_string_equal(why.text, "cannot write: the other side closed it");
	fdio_close(out);
}

static void
a_full_device_is_an_error(void **state)
{
	struct why why = { "" };
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd != -1);
	assert_int_equal(fdio_write_all(fd, SPAN("x"), 0, &why), RC_INTERNAL);
	assert_string_equal(why.text,
			    "cannot write: no space left on the device");
	fdio_close(fd);
}

static void
a_closed_descriptor_is_an_error(void **state)
{
	struct safebuf *b = buffer(16);
	struct why why = { "" };
	bool end = false;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	fdio_close(in);
	fdio_close(out);
	assert_int_equal(fdio_read_some(in, 0, b, &end, &why), RC_INTERNAL);
	assert_string_equal(why.text, "cannot read: not open");
	assert_int_equal(fdio_read_some(in, clock_mono_ms() + SOON_MS, b, &end,
					NULL),
			 RC_INTERNAL);
	assert_false(end);
	safebuf_free(b);
}

static void
some_may_be_nothing_when_a_pipe_is_full(void **state)
{
	char bytes[PIPE_BUF] = "";
	struct span s = { .at = bytes, .len = sizeof(bytes) };
	size_t n = 1;
	int in, out;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(fcntl(out, F_SETFL, O_NONBLOCK), 0);
	while (n > 0)
		assert_int_equal(fdio_write_some(out, s, &n, NULL), RC_OK);
	assert_int_equal(n, 0);
	fdio_close(in);
	assert_int_equal(fdio_write_some(out, s, &n, NULL), RC_INTERNAL);
	fdio_close(out);
}

static void
tick(int number)
{
	(void)number;
}

/* Reads in a thread that a timer interrupts all the time. */
static void
interruptions_are_not_noticed(void **state)
{
	struct sigaction act = { .sa_handler = tick }; /* no SA_RESTART */
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	struct itimerval never = { 0 };
	struct safebuf *b = buffer(16);
	int64_t start = clock_mono_ms();
	bool end = false;
	int in, out;
	enum rc rc;

	(void)state;
	make_pipe(&in, &out);
	assert_int_equal(sigaction(SIGALRM, &act, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	rc = fdio_read_some(in, start + 40, b, &end, NULL);
	clock_sleep_ms(20);
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(rc, RC_TIMEOUT);
	assert_true(clock_mono_ms() >= start + 60);
	fdio_close(in);
	fdio_close(out);
	safebuf_free(b);
}

static void
close_high_ones(const char *dir)
{
	int low = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int high;

	(void)dir;
	PRIVATE_CHECK(low > 2);
	high = fcntl(low, F_DUPFD_CLOEXEC, 200);
	PRIVATE_CHECK(high >= 200);
	PRIVATE_CHECK(fdio_close_from(low + 1, NULL) == RC_OK);
	PRIVATE_CHECK(fcntl(low, F_GETFD) != -1);
	PRIVATE_CHECK(fcntl(high, F_GETFD) == -1);
	PRIVATE_CHECK(fcntl(0, F_GETFD) != -1);
}

static void
descriptors_from_a_number_on_are_closed(void **state)
{
	(void)state;
	assert_int_equal(private_run(close_high_ones, NULL, false), 0);
}

static void
errors_have_words(void **state)
{
	(void)state;
	assert_string_equal(fdio_error_text(EACCES), "permission denied");
	assert_string_equal(fdio_error_text(EDOM),
			    "Numerical argument out of domain");
	assert_string_equal(fdio_error_text(123456), "unknown error");
}

static void
the_clocks_agree_with_the_kernel(void **state)
{
	struct moment a, b;

	(void)state;
	clock_now(&a);
	clock_sleep_ms(3);
	clock_system.now(clock_system.self, &b);
	assert_true(b.boot_ms >= a.boot_ms + 3);
	assert_true(b.wall_s >= a.wall_s && a.wall_s > 1600000000);
	assert_int_equal(strlen(a.boot_id), 36);
	assert_string_equal(a.boot_id, b.boot_id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_is_close_on_exec),
		cmocka_unit_test(closing_gives_minus_one),
		cmocka_unit_test(everything_is_read_to_the_end),
		cmocka_unit_test(a_full_buffer_at_the_end_is_fine),
		cmocka_unit_test(one_byte_too_many_is_too_large),
		cmocka_unit_test(a_failed_buffer_is_too_large),
		cmocka_unit_test(some_is_what_is_there),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(a_dribble_ends_at_the_deadline),
		cmocka_unit_test(more_than_a_pipe_holds_is_written),
		cmocka_unit_test(a_reader_that_stops_ends_at_the_deadline),
		cmocka_unit_test(a_closed_reader_is_an_error_and_no_signal),
		cmocka_unit_test(a_full_device_is_an_error),
		cmocka_unit_test(a_closed_descriptor_is_an_error),
		cmocka_unit_test(some_may_be_nothing_when_a_pipe_is_full),
		cmocka_unit_test(interruptions_are_not_noticed),
		cmocka_unit_test(descriptors_from_a_number_on_are_closed),
		cmocka_unit_test(errors_have_words),
		cmocka_unit_test(the_clocks_agree_with_the_kernel),
	};

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
