/*
 * The mapping MUST be wiped before it is unmapped, MUST NOT reach a core
 * dump or a forked child, and MUST NOT move.
 */
#include "core/safebuf.h"

#include <string.h>
#include <sys/mman.h>

#include "core/banned.h"

struct safebuf {
	size_t capacity;
	size_t len;
	size_t mapped;
	bool failed;
	char bytes[];
};

#define PAGE ((size_t)4096)

void
wipe(void *at, size_t len)
{
	if (len > 0)
		explicit_bzero(at, len);
}

enum rc
safebuf_new(size_t capacity, struct safebuf **ret)
{
	struct safebuf *b;
	size_t size;

	if (capacity > SIZE_MAX - sizeof(*b) - PAGE)
		return RC_INTERNAL;
	size = (sizeof(*b) + capacity + PAGE - 1) / PAGE * PAGE;
	b = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		return RC_INTERNAL;
	/*
	 * All three are best effort: the lock limit of an ordinary user is
	 * small, and without them the buffer still works. Locking on fault
	 * keeps a large, mostly empty buffer from costing memory.
	 */
	(void)mlock2(b, size, MLOCK_ONFAULT);
	(void)madvise(b, size, MADV_DONTDUMP);
	(void)madvise(b, size, MADV_WIPEONFORK);
	b->capacity = capacity;
	b->mapped = size;
	*ret = b;
	return RC_OK;
}

struct safebuf *
safebuf_free(struct safebuf *b)
{
	size_t size;

	if (b == NULL)
		return NULL;
	size = b->mapped;
	/* Not the whole capacity: that would touch pages never used. */
	wipe(b->bytes, b->len);
	munmap(b, size);
	return NULL;
}

struct span
safebuf_view(const struct safebuf *b)
{
	return (struct span){ .at = b->bytes, .len = b->failed ? 0 : b->len };
}

size_t
safebuf_len(const struct safebuf *b)
{
	return b->failed ? 0 : b->len;
}

size_t
safebuf_room(const struct safebuf *b)
{
	return b->failed ? 0 : b->capacity - b->len;
}

void
safebuf_put(struct safebuf *b, struct span s)
{
	if (b->failed || s.len > b->capacity - b->len) {
		b->failed = true;
		return;
	}
	if (s.len > 0)
		memcpy(b->bytes + b->len, s.at, s.len);
	b->len += s.len;
}

void
safebuf_puts(struct safebuf *b, const char *text)
{
	safebuf_put(b, span_of(text));
}

void
safebuf_putc(struct safebuf *b, char c)
{
	safebuf_put(b, (struct span){ .at = &c, .len = 1 });
}

void
safebuf_put_u64(struct safebuf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	safebuf_put(b, (struct span){ .at = digits + at,
				      .len = sizeof(digits) - at });
}

void
safebuf_put_i64(struct safebuf *b, int64_t n)
{
	if (n < 0) {
		safebuf_putc(b, '-');
		safebuf_put_u64(b, (uint64_t)0 - (uint64_t)n);
	} else {
		safebuf_put_u64(b, (uint64_t)n);
	}
}

void
safebuf_put_line(struct safebuf *b, const char *key, struct span value)
{
	if (!span_is_clean(value) || strchr(key, '=') != NULL)
		b->failed = true;
	safebuf_puts(b, key);
	safebuf_putc(b, '=');
	safebuf_put(b, value);
	safebuf_putc(b, '\n');
}

void
safebuf_fail(struct safebuf *b)
{
	b->failed = true;
}

enum rc
safebuf_check(const struct safebuf *b)
{
	return b->failed ? RC_TOO_LARGE : RC_OK;
}

void
safebuf_clear(struct safebuf *b)
{
	wipe(b->bytes, b->len);
	b->len = 0;
	b->failed = false;
}

void
safebuf_cut(struct safebuf *b, size_t len)
{
	if (len >= b->len)
		return;
	wipe(b->bytes + len, b->len - len);
	b->len = len;
}

char *
safebuf_tail(struct safebuf *b)
{
	return b->bytes + b->len;
}

void
safebuf_grown(struct safebuf *b, size_t n)
{
	if (b->failed || n > b->capacity - b->len) {
		b->failed = true;
		return;
	}
	b->len += n;
}

char *
safebuf_bytes(struct safebuf *b)
{
	return b->bytes;
}
