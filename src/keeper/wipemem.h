/*
 * malloc and friends for a library that handles secrets and does not wipe:
 * every block is overwritten before it is freed or moved.
 */
#ifndef KEEPER_WIPEMEM_H
#define KEEPER_WIPEMEM_H

#include <stddef.h>

void *wipemem_new(size_t size);
void *wipemem_zero(size_t count, size_t size);
void *wipemem_resize(void *at, size_t size);
char *wipemem_copy(const char *text);
void wipemem_free(void *at);

#endif
