/* What painting a band of a frame works with, whatever the instruction set: maps widened to the columns
   of chroma, sums of blocks. painting_lanes.h is the work itself.

   Luma is worked out in whole numbers, so that every processor gives the same: a curve's values are
   codes in units of 2^-FINE, FINE = 14 - depth, weights of places in units of 2^-14. */

#ifndef RELUME_PAINTING_H
#define RELUME_PAINTING_H

#include "band.h"

#if HAS_AVX2_COPY
#include <immintrin.h>
#define AVX512 \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif

#define ONE (1 << 14)

INLINE int read_pair(int32_t pair, int32_t weight) {
    return (pair & 0xffff) * ONE + (pair >> 16) * (weight >> 16);
}

/* Clipping stands in loops of its own, as in ../render/lift.h. */
INLINE void at_most(float *p, float most, Size n) {
    Size i;
    for (i = 0; i < n; i++) p[i] = p[i] < most ? p[i] : most;
}

INLINE void at_least(float *p, float least, Size n) {
    Size i;
    for (i = 0; i < n; i++) p[i] = p[i] > least ? p[i] : least;
}

/* Widen a row of a map, each of its channels in a row of its own, `step` apart: straight between two
   samples. */
INLINE void widen_row(float *out, Size step, const float *map, const Lifted *l, Size row, Size blocks) {
    const float *line = map + row * l->w * CURVES;
    Size x = 0, k;
    int c;
    while (x < blocks) {
        const Size left = l->column[x], right = left + 1 < l->w ? left + 1 : left;
        const Size first = x;
        while (x < blocks && l->column[x] == left) x++;
        for (c = 0; c < CURVES; c++) {
            const float p = line[left * CURVES + c], way = line[right * CURVES + c] - p;
            float *restrict to = out + c * step;
            const float *restrict weight = l->column_weight;
            for (k = first; k < x; k++) to[k] = p + weight[k] * way;
        }
    }
    /* Both are below 30, the guide below 1: powers stay within what exp2 takes. */
    at_most(out, 30.0f, CURVES * step);
    at_least(out, -30.0f, CURVES * step);
}

/* Widen the rows of maps around a row; those that stand there already stay. */
INLINE void widen_rows(Scratch *s, const Lifted *l, Size row, Size blocks, Size *held) {
    const Size over = l->row[row], under = over + 1 < l->h ? over + 1 : over;
    int m;
    if (over == *held) return;
    for (m = 0; m < 4; m += 2) {
        const float *map = m ? l->offset : l->slope;
        if (over == *held + 1 && *held >= 0) {
            float *below = s->maps[m];
            s->maps[m] = s->maps[m + 1];
            s->maps[m + 1] = below;
        } else widen_row(s->maps[m], s->wide, map, l, over, blocks);
        widen_row(s->maps[m + 1], s->wide, map, l, under, blocks);
    }
    *held = over;
}

/* ---- luma along the curves --------------------------------------------------------------------- */

INLINE void follow_plain(const int32_t *cell, const int32_t *weight, const int32_t *beyond,
                         const void *source, void *target, Size from, Size end, int across, int fine,
                         int last, int kind) {
    Size x;
    for (x = from; x < end; x++) {
        int code = sample(source, x, kind), value;
        if (kind == 2 && code > last) code = last;
        value = (read_pair(cell[code], weight[x]) + beyond[x >> across]) >> fine;
        value = value > 0 ? value : 0;
        value = value < last ? value : last;
        if (kind == 1) ((uint8_t *)target)[x] = (uint8_t)value;
        else ((uint16_t *)target)[x] = (uint16_t)value;
    }
}

#if HAS_AVX2_COPY
/* The same for eight samples at a time; returns how far it came. */
AVX2 static Size follow_wide_256(const int32_t *cell, const int32_t *weight, const int32_t *beyond,
                             const void *source, void *target, Size from, Size end, int across,
                             int fine, int last, int kind) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3), top = _mm256_set1_epi32(last);
    Size x = from;
    for (; x + 8 <= end; x += 8) {
        __m256i code, value, more;
        if (kind == 1)
            code = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)((const uint8_t *)source + x)));
        else
            code = _mm256_min_epi32(
                _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)((const uint16_t *)source + x))),
                top);
        value = _mm256_madd_epi16(_mm256_i32gather_epi32(cell, code, 4),
                                  _mm256_loadu_si256((const __m256i *)(weight + x)));
        if (across)
            more = _mm256_permutevar8x32_epi32(
                _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(beyond + (x >> 1)))), twice);
        else more = _mm256_loadu_si256((const __m256i *)(beyond + x));
        value = _mm256_srai_epi32(_mm256_add_epi32(value, more), fine);
        value = _mm256_min_epi32(_mm256_max_epi32(value, _mm256_setzero_si256()), top);
        value = _mm256_permute4x64_epi64(_mm256_packus_epi32(value, value), 0x08);
        if (kind == 2)
            _mm_storeu_si128((__m128i *)((uint16_t *)target + x), _mm256_castsi256_si128(value));
        else
            _mm_storel_epi64((__m128i *)((uint8_t *)target + x),
                             _mm_packus_epi16(_mm256_castsi256_si128(value), _mm_setzero_si128()));
    }
    return x;
}

/* Sixteen; those that are left over with them. */
AVX512 static Size follow_wide_512(const int32_t *cell, const int32_t *weight, const int32_t *beyond,
                                   const void *source, void *target, Size from, Size end, int across,
                                   int fine, int last, int kind) {
    const __m512i top = _mm512_set1_epi32(last);
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    Size x;
    for (x = from; x < end; x += 16) {
        const Size left = end - x < 16 ? end - x : 16;
        const __mmask16 here = (__mmask16)((1u << left) - 1u);
        __m512i code, value, more;
        if (kind == 1)
            code = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(here, (const uint8_t *)source + x));
        else
            code = _mm512_min_epi32(
                _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(here, (const uint16_t *)source + x)), top);
        value = _mm512_madd_epi16(_mm512_i32gather_epi32(code, cell, 4), _mm512_loadu_si512(weight + x));
        if (across)
            more = _mm512_permutexvar_epi32(
                twice,
                _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(beyond + (x >> 1)))));
        else more = _mm512_loadu_si512(beyond + x);
        value = _mm512_sra_epi32(_mm512_add_epi32(value, more), _mm_cvtsi32_si128(fine));
        value = _mm512_min_epi32(_mm512_max_epi32(value, _mm512_setzero_si512()), top);
        if (kind == 1) _mm512_mask_cvtepi32_storeu_epi8((uint8_t *)target + x, here, value);
        else _mm512_mask_cvtepi32_storeu_epi16((uint16_t *)target + x, here, value);
    }
    return end;
}
#endif

#endif
