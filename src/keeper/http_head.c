#include "keeper/http_head.h"

#include <strings.h>

#include "core/num.h"
#include "core/stamp.h"

#include "core/banned.h"

/* A Retry-After in seconds: nobody waits longer than 30 years. */
#define RETRY_MAX_S 1000000000

static bool
same_word(struct span s, const char *word)
{
	return s.len == strlen(word) &&
	       (s.len == 0 || strncasecmp(s.at, word, s.len) == 0);
}

static const char *
note_framing(struct http_head *h, struct span name, struct span value)
{
	uint64_t length;

	if (same_word(name, "Content-Length")) {
		/* Two of them, even equal ones, are how answers get smuggled. */
		if (h->lengths++ > 0 || h->encodings > 0)
			return "it has two lengths";
		if (num_parse_u64(value, 0, INT64_MAX, &length) != RC_OK)
			return "its length is no number";
		if (length > BODY_MAX)
			return "it is too large";
	} else if (same_word(name, "Transfer-Encoding")) {
		if (h->encodings++ > 0 || h->lengths > 0)
			return "it has two lengths";
		if (!same_word(value, "chunked"))
			return "it is encoded";
		h->chunked = true;
	} else if (same_word(name, "Content-Encoding")) {
		if (!same_word(value, "identity"))
			return "it is compressed";
	}
	return NULL;
}

static void
note_times(struct http_head *h, struct span name, struct span value)
{
	uint64_t n;

	if (same_word(name, "Date")) {
		h->date_s = -1;
		if (h->dates++ == 0 &&
		    stamp_parse_http(value, &h->date_s) != RC_OK)
			h->date_s = -1;
	} else if (same_word(name, "Retry-After")) {
		h->retry_after_s = -1;
		h->retry_at_s = -1;
		if (h->retries++ > 0)
			return;
		if (num_parse_u64(value, 0, RETRY_MAX_S, &n) == RC_OK)
			h->retry_after_s = (int64_t)n;
		else if (stamp_parse_http(value, &h->retry_at_s) != RC_OK)
			h->retry_at_s = -1;
	}
}

/* Why a header line is refused; NULL when it is fine. */
static const char *
note_header(struct http_head *h, struct span line)
{
	struct span name, value;

	if (line.at[0] == ' ' || line.at[0] == '\t')
		return "it has a folded header";
	name = span_cut(line, 0, span_find(line, ':'));
	if (name.len == line.len || name.len == 0 || !span_is_printable(name) ||
	    span_find(name, ' ') < name.len)
		return "it has a header without a name";
	value = span_trim(span_from(line, name.len + 1));
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.at[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return "it has a control byte in a header";
	}
	if (h->is_final)
		note_times(h, name, value);
	return note_framing(h, name, value);
}

/* A block of headers begins: what an interim one said does not count. */
static void
begin_block(struct http_head *h, struct span line)
{
	struct span status = span_trim(span_from(line, span_find(line, ' ')));

	h->in_block = true;
	h->is_final = !span_starts(status, "1");
	h->chunked = false;
	h->lengths = h->encodings = h->dates = h->retries = 0;
	h->date_s = h->retry_after_s = h->retry_at_s = -1;
}

const char *
http_head_take(struct http_head *h, struct span line)
{
	h->bytes += line.len;
	if (h->bytes > HEADERS_MAX)
		return "its headers are too large";
	if (span_ends(line, "\n"))
		line.len--;
	if (span_ends(line, "\r"))
		line.len--;
	if (line.len == 0)
		h->in_block = false;
	else if (h->in_block)
		return note_header(h, line);
	else if (!h->is_final && span_starts(line, "HTTP/"))
		begin_block(h, line);
	return NULL;
}

int64_t
http_head_retry_after(const struct http_head *h, int64_t now_s)
{
	int64_t from = h->date_s >= 0 ? h->date_s : now_s;

	if (h->retry_at_s < 0)
		return h->retry_after_s;
	return h->retry_at_s > from ? h->retry_at_s - from : 0;
}
