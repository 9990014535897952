/* Samples: their types, how blocks of them are read and written, and what every pass needs. */

#ifndef RELUME_SAMPLES_H
#define RELUME_SAMPLES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define INLINE static __forceinline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define HAS_AVX2_COPY 1
#define AVX2 __attribute__((target("avx2,fma")))
#else
#define HAS_AVX2_COPY 0
#endif

#define BLOCK 192    /* samples per block: whole RGB pixels and whole vectors; three blocks fit L1 */

typedef ptrdiff_t Size;
enum { U8 = 1, U16 = 2, F32 = 4 }; /* a sample's type, named by its bytes */

/* Not-a-number counts as 0. */
INLINE float clip(float x, float top) {
    x = x > 0.0f ? x : 0.0f;
    return x < top ? x : top;
}

INLINE void load(float *x, const void *source, Size at, int n, int kind) {
    int i;
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source + at;
        for (i = 0; i < n; i++) x[i] = (float)(int)s[i] * (1.0f / 255.0f);
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source + at;
        for (i = 0; i < n; i++) x[i] = (float)(int)s[i] * (1.0f / 65535.0f);
    } else {
        const float *s = (const float *)source + at;
        for (i = 0; i < n; i++) x[i] = clip(s[i], 1.0f);
    }
}

/* x becomes e + strength·(clipped x − e), clipped; e is not read where strength is 1. */
INLINE void mix(const float *e, float *x, float strength, int n) {
    int i;
    for (i = 0; i < n; i++) x[i] = clip(x[i], 1.0f);
    if (strength != 1.0f)
        for (i = 0; i < n; i++) x[i] = clip(e[i] + strength * (x[i] - e[i]), 1.0f);
}

/* Write x, which is clipped, rounded to nearest. Clipping and conversion are separate loops because
   GCC turns their union into branches, which it does not vectorise. */
INLINE void store(void *target, Size at, const float *x, int n, int kind) {
    int i;
    if (kind == U8) {
        uint8_t *t = (uint8_t *)target + at;
        for (i = 0; i < n; i++) t[i] = (uint8_t)(int)(x[i] * 255.0f + 0.5f);
    } else if (kind == U16) {
        uint16_t *t = (uint16_t *)target + at;
        for (i = 0; i < n; i++) t[i] = (uint16_t)(int)(x[i] * 65535.0f + 0.5f);
    } else {
        float *t = (float *)target + at;
        for (i = 0; i < n; i++) t[i] = x[i];
    }
}

INLINE void mix_and_store(void *target, Size at, const float *e, float *x, float strength, int n,
                          int kind) {
    mix(e, x, strength, n);
    store(target, at, x, n, kind);
}

#endif
