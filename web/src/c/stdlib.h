/* What the engine needs of stdlib.h: memory that is taken from the end, and all given back at once. */
#ifndef RELUME_STDLIB_H
#define RELUME_STDLIB_H
#include <stddef.h>
void *malloc(size_t size);
void *calloc(size_t count, size_t size);
static inline void free(void *at) { (void)at; }
#endif
