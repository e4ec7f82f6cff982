#include "keeper/wipemem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/safebuf.h"

#include "core/banned.h"

/* The size stands before what the caller sees. */
struct block {
	size_t size;
	max_align_t at[];
};

void *
wipemem_new(size_t size)
{
	struct block *b;

	if (size > SIZE_MAX / 2)
		return NULL;
	if ((b = malloc(sizeof(*b) + size)) == NULL)
		return NULL;
	b->size = size;
	return b->at;
}

void
wipemem_free(void *at)
{
	struct block *b;

	if (at == NULL)
		return;
	b = (struct block *)((char *)at - offsetof(struct block, at));
	wipe(b->at, b->size);
	free(b);
}

void *
wipemem_resize(void *at, size_t size)
{
	size_t old = 0;
	void *new = wipemem_new(size);

	if (new == NULL || at == NULL)
		return new;
	memcpy(&old, (char *)at - offsetof(struct block, at), sizeof(old));
	memcpy(new, at, old < size ? old : size);
	wipemem_free(at);
	return new;
}

char *
wipemem_copy(const char *text)
{
	size_t n = strlen(text) + 1;
	char *new = wipemem_new(n);

	if (new != NULL)
		memcpy(new, text, n);
	return new;
}

void *
wipemem_zero(size_t count, size_t size)
{
	void *new;

	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	new = wipemem_new(count * size);
	if (new != NULL)
		memset(new, 0, count * size);
	return new;
}
