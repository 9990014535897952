/* What the engine needs of string.h; there is no C library in WebAssembly. */
#ifndef RELUME_STRING_H
#define RELUME_STRING_H
#include <stddef.h>
void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);
int memcmp(const void *one, const void *other, size_t count);
#endif
