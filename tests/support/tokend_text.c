/*
 * Growing text, base64, forms, numbers and times of tokend. Written for it
 * alone: the tests compare this against what the keeper does.
 */
#include "tokend.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/banned.h"

_Noreturn void
text_oom(void)
{
	static const char said[] = "tokend: out of memory\n";

	if (write(2, said, sizeof(said) - 1) < 0)
		_exit(71);
	_exit(70);
}

char *
text_dup(const char *s, size_t n)
{
	char *copy = malloc(n + 1);

	if (!copy)
		text_oom();
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

void
text_add(struct text *t, const void *bytes, size_t n)
{
	if (n > SIZE_MAX / 4 - t->n)
		text_oom();
	if (t->n + n + 1 > t->cap) {
		size_t cap = (t->n + n + 1) * 2;
		char *p = realloc(t->p, cap);

		if (!p)
			text_oom();
		t->p = p;
		t->cap = cap;
	}
	if (n)
		memcpy(t->p + t->n, bytes, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void
text_puts(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_printf(struct text *t, const char *format, ...)
{
	char *line = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&line, format, args);
	va_end(args);
	if (n < 0)
		text_oom();
	text_add(t, line, (size_t)n);
	free(line);
}

void
text_json(struct text *t, const char *s, size_t n)
{
	text_add(t, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\') {
			text_add(t, "\\", 1);
			text_add(t, &s[i], 1);
		} else if (c < 0x20) {
			text_printf(t, "\\u%04x", c);
		} else {
			text_add(t, &s[i], 1);
		}
	}
	text_add(t, "\"", 1);
}

bool
text_holds(const struct text *t, const char *s)
{
	return t->p && memmem(t->p, t->n, s, strlen(s)) != NULL;
}

void
text_replace(struct text *t, const char *from, const char *to)
{
	struct text out = { 0 };
	size_t len = strlen(from);
	size_t at = 0;

	if (!text_holds(t, from))
		return;
	while (at < t->n) {
		const char *hit = memmem(t->p + at, t->n - at, from, len);
		size_t until = hit ? (size_t)(hit - t->p) : t->n;

		text_add(&out, t->p + at, until - at);
		at = until;
		if (hit) {
			text_puts(&out, to);
			at += len;
		}
	}
	text_free(t);
	*t = out;
}

const char *
text_str(const struct text *t)
{
	return t->p ? t->p : "";
}

void
text_free(struct text *t)
{
	free(t->p);
	*t = (struct text){ 0 };
}

bool
text_is(const struct text *t, const char *s)
{
	return t->n == strlen(s) && memcmp(text_str(t), s, t->n) == 0;
}

static int
sextet(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (url ? '-' : '+'))
		return 62;
	if (c == (url ? '_' : '/'))
		return 63;
	return -1;
}

static bool
decode(const char *s, size_t n, bool url, struct text *ret)
{
	unsigned bits = 0;
	unsigned have = 0;

	if (n % 4 == 1)
		return false;
	text_add(ret, "", 0);
	for (size_t i = 0; i < n; i++) {
		int v = sextet(s[i], url);

		if (v < 0)
			return false;
		bits = (bits << 6 | (unsigned)v) & 0xffff;
		have += 6;
		if (have >= 8) {
			char byte = (char)(bits >> (have - 8) & 0xff);

			text_add(ret, &byte, 1);
			have -= 8;
		}
	}
	return (bits & ((1U << have) - 1)) == 0;
}

bool
base64url_decode(const char *s, size_t n, struct text *ret)
{
	return decode(s, n, true, ret);
}

bool
base64_decode(const char *s, size_t n, struct text *ret)
{
	if (n % 4 != 0)
		return false;
	for (int i = 0; i < 2 && n > 0 && s[n - 1] == '='; i++)
		n--;
	return decode(s, n, false, ret);
}

void
base64url_encode(const void *bytes, size_t n, struct text *ret)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *b = bytes;
	unsigned bits = 0;
	unsigned have = 0;

	for (size_t i = 0; i < n; i++) {
		bits = (bits << 8 | b[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			text_add(ret, &digits[bits >> (have - 6) & 63], 1);
	}
	if (have)
		text_add(ret, &digits[bits << (6 - have) & 63], 1);
}

bool
number_parse(const char *s, size_t n, int64_t *ret)
{
	bool minus = n > 0 && s[0] == '-';
	int64_t value = 0;
	size_t i = minus ? 1 : 0;

	if (n - i < 1 || n - i > 15)
		return false;
	for (; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		value = value * 10 + (s[i] - '0');
	}
	*ret = minus ? -value : value;
	return true;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void
unescape(const char *s, size_t n, struct text *ret)
{
	text_add(ret, "", 0);
	for (size_t i = 0; i < n; i++) {
		char c = s[i] == '+' ? ' ' : s[i];

		if (c == '%' && n - i > 2 && hex(s[i + 1]) >= 0 &&
		    hex(s[i + 2]) >= 0) {
			c = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
			i += 2;
		}
		text_add(ret, &c, 1);
	}
}

void
form_parse(const char *s, size_t n, struct form *f)
{
	size_t at = 0;

	while (at < n && f->count < FORM_MAX) {
		const char *amp = memchr(s + at, '&', n - at);
		size_t len = amp ? (size_t)(amp - (s + at)) : n - at;
		const char *eq = memchr(s + at, '=', len);
		size_t name = eq ? (size_t)(eq - (s + at)) : len;

		if (len > 0) {
			unescape(s + at, name, &f->names[f->count]);
			if (eq)
				unescape(eq + 1, len - name - 1,
					 &f->values[f->count]);
			f->count++;
		}
		at += len + 1;
	}
}

const struct text *
form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (text_is(&f->names[i], name))
			return &f->values[i];
	return NULL;
}

int64_t
form_number(const struct form *f, const char *name, int64_t otherwise)
{
	const struct text *t = form_get(f, name);
	int64_t value;

	if (!t || !number_parse(text_str(t), t->n, &value))
		return otherwise;
	return value;
}

bool
form_flag(const struct form *f, const char *name)
{
	const struct text *t = form_get(f, name);

	return t && !text_is(t, "0") && !text_is(t, "no");
}

void
form_free(struct form *f)
{
	for (size_t i = 0; i < f->count; i++) {
		text_free(&f->names[i]);
		text_free(&f->values[i]);
	}
	f->count = 0;
}

static int64_t
clock_ms(clockid_t id)
{
	struct timespec ts = { 0 };

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_wall_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

int64_t
clock_mono_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static int64_t
split(int64_t ms, struct tm *tm)
{
	int64_t rest = (ms % 1000 + 1000) % 1000;
	time_t s = (time_t)((ms - rest) / 1000);

	if (!gmtime_r(&s, tm))
		*tm = (struct tm){ .tm_year = 70, .tm_mday = 1 };
	return rest;
}

void
time_rfc3339(int64_t ms, struct text *ret)
{
	struct tm tm = { 0 };
	int64_t rest = split(ms, &tm);

	text_printf(ret, "%04d-%02d-%02dT%02d:%02d:%02d.%03" PRId64 "Z",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec, rest);
}

void
time_http(int64_t ms, struct text *ret)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = { 0 };

	split(ms, &tm);
	text_printf(ret, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
		    days + 3 * (tm.tm_wday % 7), tm.tm_mday,
		    months + 3 * (tm.tm_mon % 12), tm.tm_year + 1900,
		    tm.tm_hour, tm.tm_min, tm.tm_sec);
}
