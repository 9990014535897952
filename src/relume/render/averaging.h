/* Averages over areas. */

#ifndef RELUME_AVERAGING_H
#define RELUME_AVERAGING_H

#include "samples.h"

INLINE void add_row(double *sum, const void *source, Size at, double weight, Size n, int kind) {
    Size i;
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)(int)s[i];
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)(int)s[i];
    } else {
        const float *s = (const float *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)clip(s[i], 1.0f);
    }
}

/* Rows of bytes are summed as whole numbers where 255 · H fits: exactly, and twice as fast. */
#define TALLEST ((Size)1 << 23)

INLINE void add_bytes(int32_t *sum, const uint8_t *s, int32_t weight, Size n) {
    Size i;
    for (i = 0; i < n; i++) sum[i] += weight * (int32_t)s[i];
}

/* Output row i covers [i·H, (i + 1)·H) and source row r covers [r·h, (r + 1)·h) in units of 1/h of
   a row: overlaps are whole numbers, so the weights are exact. Columns likewise. */
INLINE void average(const void *source, int kind, Size H, Size W, Size channels, Size h, Size w,
                    Size first, Size count, float *target, double *sum) {
    const double unit = kind == U8 ? 255.0 : kind == U16 ? 65535.0 : 1.0;
    const int whole = kind == U8 && H <= TALLEST;
    const double tall = whole ? (double)H : 1.0; /* what sums are still to be divided by */
    int32_t *bytes = (int32_t *)sum;
    Size i, j, r, x, c, line = W * channels;
    for (i = first; i < first + count; i++) {
        Size from = i * H, to = from + H;
        memset(sum, 0, (size_t)line * sizeof(double));
        for (r = from / h; r * h < to; r++) {
            Size low = r * h > from ? r * h : from, high = (r + 1) * h < to ? (r + 1) * h : to;
            if (whole) add_bytes(bytes, (const uint8_t *)source + r * line, (int32_t)(high - low), line);
            else add_row(sum, source, r * line, (double)(high - low) / (double)H, line, kind);
        }
        for (j = 0; j < w; j++) {
            Size left = j * W, right = left + W;
            double total[3] = {0.0, 0.0, 0.0};
            for (x = left / w; x * w < right; x++) {
                Size low = x * w > left ? x * w : left;
                Size high = (x + 1) * w < right ? (x + 1) * w : right;
                for (c = 0; c < channels; c++) {
                    const Size at = x * channels + c;
                    total[c] += (double)(high - low) * (whole ? (double)bytes[at] : sum[at]);
                }
            }
            for (c = 0; c < 3; c++)
                *target++ = (float)(total[channels == 3 ? c : 0] / ((double)W * tall * unit));
        }
    }
}

typedef void Average(const void *, int, Size, Size, Size, Size, Size, Size, Size, float *, double *);
static void average_plain(const void *source, int kind, Size H, Size W, Size channels, Size h, Size w,
                          Size first, Size count, float *target, double *sum) {
    average(source, kind, H, W, channels, h, w, first, count, target, sum);
}
#if HAS_AVX2_COPY
AVX2 static void average_avx2(const void *source, int kind, Size H, Size W, Size channels, Size h,
                              Size w, Size first, Size count, float *target, double *sum) {
    average(source, kind, H, W, channels, h, w, first, count, target, sum);
}
#endif

#endif
