/* Counting of levels. */

#ifndef RELUME_COUNTING_H
#define RELUME_COUNTING_H

#include "tables.h"

enum { LUMA, VALUE, RED, GREEN, BLUE };

#define LEVEL(s, i, of)                                                                             \
    ((of) == LUMA    ? (luma((s)[i], (s)[(i) + 1], (s)[(i) + 2]) + 500) / 1000                      \
     : (of) == VALUE ? largest((s)[i], (s)[(i) + 1], (s)[(i) + 2])                                  \
                     : (uint32_t)(s)[(i) + ((of) - RED)])

/* Four tables in turn: neighbouring pixels of one level would wait for each other's store. */
INLINE void count_u8(const uint8_t *s, Size pixels, int channels, int of, uint32_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) {
        uint32_t level = channels == 1 ? s[i] : LEVEL(s, 3 * i, of);
        c[256 * (i & 3) + level]++;
    }
}

INLINE void count_u16(const uint16_t *s, Size pixels, int channels, int of, int64_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) c[channels == 1 ? s[i] : LEVEL(s, 3 * i, of)]++;
}

/* A half is rounded up as for integers, though single precision may have left it 0.012 bins short. */
#define ROUND_UP 0.52f

INLINE void count_f32(const float *s, Size pixels, int channels, int of, int64_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) {
        const float *p = s + i * channels;
        float v;
        if (channels == 1 || of >= RED) {
            v = clip(p[channels == 1 ? 0 : of - RED], 1.0f);
        } else {
            float r = clip(p[0], 1.0f), g = clip(p[1], 1.0f), b = clip(p[2], 1.0f);
            if (of == LUMA) v = clip(0.299f * r + 0.587f * g + 0.114f * b, 1.0f);
            else v = (r > g ? r : g) > b ? (r > g ? r : g) : b;
        }
        c[(int)(v * 65535.0f + ROUND_UP)]++;
    }
}

/* The source is a constant in each branch, so that the loop is compiled without the choice. */
#define COUNT(NAME, s, c)                                                                           \
    if (channels == 1) NAME(s, pixels, 1, RED, c);                                                  \
    else if (of == LUMA) NAME(s, pixels, 3, LUMA, c);                                               \
    else if (of == VALUE) NAME(s, pixels, 3, VALUE, c);                                             \
    else NAME(s, pixels, 3, of, c)

static void count_all(const void *source, int kind, Size pixels, int channels, int of, int64_t *bins) {
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source;
        uint32_t c[1024] = {0};
        int i;
        COUNT(count_u8, s, c);
        for (i = 0; i < 1024; i++) bins[i & 255] += c[i];
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source;
        COUNT(count_u16, s, bins);
    } else {
        const float *s = (const float *)source;
        COUNT(count_f32, s, bins);
    }
}

#endif
