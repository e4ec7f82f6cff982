#include "core/token.h"

#include <stdlib.h>

#include "core/num.h"

#include "core/banned.h"

#define RECORD_VERSION "apptoken-token 1"

static bool
is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	       c == '~' || c == '+' || c == '/';
}

static bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool
token_is_wellformed(struct span token)
{
	size_t i = 0;

	if (token.len > TOKEN_MAX)
		return false;
	while (i < token.len && is_token_char(token.at[i]))
		i++;
	if (i == 0)
		return false;
	while (i < token.len && token.at[i] == '=')
		i++;
	return i == token.len;
}

/* A serial or a checksum: 16 digits, in one spelling only. */
static bool
is_hex_16(struct span s)
{
	if (s.len != 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!is_hex(s.at[i]))
			return false;
	}
	return true;
}

enum rc
token_new(struct span token, struct span username, int64_t life_s,
	  bool expiry_known, const struct moment *minted, const char *serial,
	  struct token **ret)
{
	struct token *t = NULL;
	enum rc rc = RC_INVALID;

	if (!token_is_wellformed(token) || username.len > USERNAME_MAX ||
	    !span_has_no_control(username) || !is_hex_16(span_of(serial)) ||
	    life_s < 1 || life_s > LIFE_MAX_S)
		return RC_INVALID;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return RC_INTERNAL;
	if ((rc = safebuf_new(token.len + username.len + 1, &t->bytes)) !=
	    RC_OK)
		goto out;
	safebuf_put(t->bytes, token);
	safebuf_put(t->bytes, username);
	t->token = span_cut(safebuf_view(t->bytes), 0, token.len);
	t->username = span_from(safebuf_view(t->bytes), token.len);
	t->life_s = life_s;
	t->expiry_known = expiry_known;
	t->minted = *minted;
	(void)span_copy(span_of(serial), t->serial, sizeof(t->serial));

	*ret = t;
	t = NULL;
out:
	token_free(t);
	return rc;
}

struct token *
token_free(struct token *t)
{
	if (t == NULL)
		return NULL;
	safebuf_free(t->bytes);
	free(t);
	return NULL;
}

/* FNV-1a, 64 bits: finds damage, and does not pretend to find malice. */
static uint64_t
checksum(struct span s)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s.len; i++) {
		sum ^= (unsigned char)s.at[i];
		sum *= UINT64_C(0x100000001b3);
	}
	return sum;
}

static void
put_hex(struct safebuf *out, uint64_t n)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		safebuf_putc(out, "0123456789abcdef"[(n >> shift) & 15]);
}

static void
put_number(struct safebuf *out, const char *key, int64_t n)
{
	safebuf_puts(out, key);
	safebuf_putc(out, '=');
	safebuf_put_i64(out, n);
	safebuf_putc(out, '\n');
}

static void
put_facts(struct safebuf *out, const struct token_key *key)
{
	struct span rest = key->variables;
	struct span line;

	safebuf_puts(out, RECORD_VERSION "\n");
	safebuf_put_line(out, "app", key->app);
	safebuf_put_line(out, "provider", key->provider);
	while (span_next_line(&rest, &line))
		safebuf_put_line(out, "variable", line);
}

enum rc
token_encode(const struct token *t, const struct token_key *key,
	     struct safebuf *out)
{
	size_t start = safebuf_len(out);

	put_facts(out, key);
	safebuf_put_line(out, "username", t->username);
	safebuf_put_line(out, "serial", span_of(t->serial));
	put_number(out, "minted-at", t->minted.wall_s);
	put_number(out, "minted-boot-ms", t->minted.boot_ms);
	safebuf_put_line(out, "boot-id", span_of(t->minted.boot_id));
	put_number(out, "life", t->life_s);
	safebuf_put_line(out, "expiry",
			 t->expiry_known ? SPAN("known") : SPAN("default"));
	safebuf_put_line(out, "token", t->token);
	safebuf_puts(out, "sum=");
	put_hex(out, checksum(span_cut(span_from(safebuf_view(out), start), 0,
				       safebuf_len(out) - start - 4)));
	safebuf_putc(out, '\n');
	return safebuf_check(out);
}

/* The next line must be "key=value". */
static bool
take(struct span *rest, const char *key, struct span *value)
{
	struct span line;
	size_t n = strlen(key);

	if (!span_next_line(rest, &line) || !span_starts(line, key) ||
	    line.len == n || line.at[n] != '=')
		return false;
	*value = span_from(line, n + 1);
	return true;
}

static bool
take_number(struct span *rest, const char *key, int64_t min, int64_t max,
	    int64_t *ret)
{
	struct span value;

	return take(rest, key, &value) &&
	       num_parse_i64(value, min, max, ret) == RC_OK;
}

/* The facts must stand there byte for byte. */
static bool
take_facts(struct span *rest, const struct token_key *key)
{
	struct span variables = key->variables;
	struct span line;
	struct span value;

	if (!span_next_line(rest, &line) || !span_is(line, RECORD_VERSION) ||
	    !take(rest, "app", &value) || !span_eq(value, key->app) ||
	    !take(rest, "provider", &value) || !span_eq(value, key->provider))
		return false;
	while (span_next_line(&variables, &line)) {
		if (!take(rest, "variable", &value) || !span_eq(value, line))
			return false;
	}
	return true;
}

static bool
sum_is_right(struct span bytes)
{
	static const size_t tail = sizeof("sum=") - 1 + 16 + 1;
	struct span line;
	struct span value;
	uint64_t sum;

	if (bytes.len < tail || bytes.at[bytes.len - 1] != '\n')
		return false;
	line = span_from(bytes, bytes.len - tail);
	return take(&line, "sum", &value) && line.len == 0 &&
	       is_hex_16(value) && num_parse_hex(value, &sum) == RC_OK &&
	       sum == checksum(span_cut(bytes, 0, bytes.len - tail));
}

enum rc
token_decode(struct span bytes, const struct token_key *key, struct token **ret)
{
	struct moment minted = { 0 };
	struct span rest = bytes;
	struct span username;
	struct span serial;
	struct span boot_id;
	struct span expiry;
	struct span token;
	struct span sum;
	char serial_text[TOKEN_SERIAL_MAX];
	int64_t life_s;
	enum rc rc;

	if (bytes.len > RECORD_MAX || span_find(bytes, '\0') != bytes.len ||
	    !sum_is_right(bytes) || !take_facts(&rest, key) ||
	    !take(&rest, "username", &username) ||
	    !take(&rest, "serial", &serial) ||
	    !take_number(&rest, "minted-at", 0, INT64_MAX / 4,
			 &minted.wall_s) ||
	    !take_number(&rest, "minted-boot-ms", 0, INT64_MAX / 4,
			 &minted.boot_ms) ||
	    !take(&rest, "boot-id", &boot_id) ||
	    !take_number(&rest, "life", 1, LIFE_MAX_S, &life_s) ||
	    !take(&rest, "expiry", &expiry) ||
	    !(span_is(expiry, "known") || span_is(expiry, "default")) ||
	    !take(&rest, "token", &token) || !take(&rest, "sum", &sum) ||
	    rest.len != 0)
		return RC_CACHE_BAD;
	if (!span_copy(boot_id, minted.boot_id, sizeof(minted.boot_id)) ||
	    !span_copy(serial, serial_text, sizeof(serial_text)))
		return RC_CACHE_BAD;
	rc = token_new(token, username, life_s, span_is(expiry, "known"),
		       &minted, serial_text, ret);
	return rc == RC_INVALID ? RC_CACHE_BAD : rc;
}

int64_t
token_left_s(const struct token *t, const struct moment *now)
{
	int64_t age_s;

	if (t->minted.boot_id[0] != '\0' &&
	    span_is(span_of(t->minted.boot_id), now->boot_id)) {
		int64_t age_ms = now->boot_ms - t->minted.boot_ms;

		if (age_ms < 0)
			return 0;
		/* Up: a token is never held for younger than it is. */
		age_s = (age_ms + 999) / 1000;
	} else {
		age_s = now->wall_s - t->minted.wall_s;
		if (age_s < 0)
			return 0;
	}
	return age_s >= t->life_s ? 0 : t->life_s - age_s;
}

static int64_t
min_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
token_minimum_s(enum token_caller caller, int64_t life_s, int64_t floor_s)
{
	int64_t m = caller == TOKEN_FOR_DOCKER ? min_of(300, life_s / 2)
					       : min_of(60, life_s / 4);

	return max_of(m, min_of(floor_s, life_s / 2));
}

enum token_state
token_state(const struct token *t, int64_t minimum_s, const struct moment *now)
{
	int64_t left_s = token_left_s(t, now);
	int64_t due_s = max_of(min_of(15 * 60, t->life_s / 4),
			       minimum_s + t->life_s / 10);

	if (left_s <= 0 || left_s < minimum_s)
		return TOKEN_STALE;
	return left_s < due_s ? TOKEN_DUE : TOKEN_FRESH;
}

const char *
token_state_name(enum token_state state)
{
	switch (state) {
	case TOKEN_FRESH:
		return "fresh";
	case TOKEN_DUE:
		return "due";
	case TOKEN_STALE:
		return "stale";
	case TOKEN_NONE:
		break;
	}
	return "none";
}
