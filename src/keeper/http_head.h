/*
 * The headers of an answer, line by line: what frames it is checked, what
 * times it names are kept. Pure; libcurl hands the lines over in http.
 */
#ifndef KEEPER_HTTP_HEAD_H
#define KEEPER_HTTP_HEAD_H

#include <stdint.h>

#include "core/rc.h"
#include "core/span.h"

/* Starts as zero bytes; read it when the answer has ended. */
struct http_head {
	size_t bytes;
	bool in_block; /* behind a status line, before the empty line */
	bool is_final; /* the last status line named 200 or more */
	bool chunked;
	unsigned lengths, encodings, dates, retries;
	int64_t date_s;	       /* -1: none, odd, or two */
	int64_t retry_after_s; /* the form in seconds; -1 alike */
	int64_t retry_at_s;    /* the form as a date; -1 alike */
};

/*
 * Take one line, with its line end. Interim answers (1xx) are forgotten when
 * the next block begins; trailers are counted but not believed.
 * Returns why the answer has to be refused, a text like "it has two
 * lengths", or NULL.
 */
const char *http_head_take(struct http_head *h, struct span line);

/* Seconds to wait, a date counted from Date, else from now_s; -1: none. */
int64_t http_head_retry_after(const struct http_head *h, int64_t now_s);

#endif
