/* Lifting: gains, bias and gamma from lines over log luma, after noise was taken away. */

#ifndef RELUME_LIFT_H
#define RELUME_LIFT_H

#include <math.h>

#include "placed.h"

#define LIFT_MAPS 6 /* at most: a gain per channel, the bias, gamma, the amount of cleaning */
#define FAINT 1e-4f /* added to what gamma is applied to: the slope of a power is infinite at 0 */
#define HARDLY (2.0f / 255.0f) /* luma at which half of the colour is taken: see maps.HARDLY */

/* Clipping and conversion are loops of their own, as in mix_and_store. */

/* p ← 2^p, relative error below 2e-7; p is clipped to what any picture needs. */
INLINE void exp2_all(float *p, int n) {
    int i;
    for (i = 0; i < n; i++) p[i] = p[i] > -60.0f ? p[i] : -60.0f;
    for (i = 0; i < n; i++) p[i] = p[i] < 60.0f ? p[i] : 60.0f;
    for (i = 0; i < n; i++) {
        const int whole = (int)(p[i] + 64.5f) - 64;
        const float part = p[i] - (float)whole; /* in [-1/2, 1/2]; minimax, error below 1e-7 */
        const int32_t bits = (whole + 127) << 23;
        float scale;
        memcpy(&scale, &bits, sizeof scale);
        p[i] = scale * (1.0f + part * (0.693146978f + part * (0.240222421f + part * (0.0555073374f +
               part * (0.00967151268f + part * 0.00132647272f)))));
    }
}

/* x ← log2(x) for x > 0, absolute error below 1e-6: 2·artanh((m - 1)/(m + 1)), m in [√½, √2). */
INLINE void log2_all(float *x, int n) {
    int i;
    for (i = 0; i < n; i++) {
        int32_t bits, whole;
        float m, t, u;
        memcpy(&bits, x + i, sizeof bits);
        whole = (bits - 0x3f3504f3) >> 23;
        bits -= (int32_t)((uint32_t)whole << 23);
        memcpy(&m, &bits, sizeof m);
        t = (m - 1.0f) / (m + 1.0f);
        u = t * t;
        x[i] = (float)whole + t * (2.88539008f + u * (0.96179669f + u * (0.57707802f +
               u * (0.41219858f + u * 0.32059890f))));
    }
}

/* Widen a row of a map, its channels one after the other. */
INLINE void widen_planes(float *out, const float *line, const Band *b) {
    Size x, c;
    for (c = 0; c < b->depth; c++)
        for (x = 0; x < b->width; x++) {
            Size left = b->column[x], right = left + 1 < b->w ? left + 1 : left;
            float p = line[left * b->depth + c], q = line[right * b->depth + c];
            out[c * b->width + x] = p + b->column_weight[x] * (q - p);
        }
}

/* y = (k·z/(1 + (k - 1)·z))^gamma with z = min(1, gain·x); maps hold logarithms to the base 2. */
INLINE void lift(float *x, float maps[LIFT_MAPS][BLOCK], int channels, int n) {
    float *bias = maps[channels], *gamma = maps[channels + 1];
    int c, i;
    for (c = 0; c < channels + 2; c++) exp2_all(maps[c], n);
    for (c = 0; c < channels; c++) {
        float *y = maps[c]; /* the gain, then z, then the result */
        for (i = 0; i < n; i++) y[i] *= x[channels * i + c];
        for (i = 0; i < n; i++) y[i] = y[i] < 1.0f ? y[i] : 1.0f;
        for (i = 0; i < n; i++)
            y[i] = bias[i] * y[i] / (1.0f + (bias[i] - 1.0f) * y[i]) + FAINT;
        log2_all(y, n);
        for (i = 0; i < n; i++) y[i] *= gamma[i];
        exp2_all(y, n);
        for (i = 0; i < n; i++) x[channels * i + c] = y[i];
    }
}

/* Move samples x towards clip(√x - noise)², those without noise and, where dark, without colour. */
INLINE void calm(float *x, const float *amount, const Band *b, int channels, Size y, Size column,
                 int n) {
    float quiet[3][BLOCK];
    int c, i;
    for (c = 0; c < channels; c++) {
        const float *line = b->noise + (c * b->plane_rows + b->top + y) * b->plane_width + b->left + column;
        float *root = quiet[c];
        for (i = 0; i < n; i++) root[i] = sqrtf(x[channels * i + c]) - line[i];
        for (i = 0; i < n; i++) root[i] = root[i] > 0.0f ? root[i] : 0.0f;
        for (i = 0; i < n; i++) root[i] = root[i] < 1.0f ? root[i] : 1.0f;
        for (i = 0; i < n; i++) root[i] *= root[i];
    }
    if (channels == 3)
        for (i = 0; i < n; i++) {
            const float gray = 0.299f * quiet[0][i] + 0.587f * quiet[1][i] + 0.114f * quiet[2][i];
            const float lost = HARDLY * HARDLY / (HARDLY * HARDLY + gray * gray);
            for (c = 0; c < 3; c++) quiet[c][i] += lost * (gray - quiet[c][i]);
        }
    for (c = 0; c < channels; c++)
        for (i = 0; i < n; i++)
            x[channels * i + c] += amount[i] * (quiet[c][i] - x[channels * i + c]);
}

/* Add up to half a level of 8 bits, evenly spread and different from pixel to pixel: rounding then
   gives the right mean where noise no longer does. The integer hash is lowbias32 (Wellons,
   Prospecting for Hash Functions, 2018). */
INLINE void dither(float *x, int channels, Size row, Size column, int n) {
    float d[BLOCK];
    int i, c;
    for (i = 0; i < n; i++) {
        uint32_t h = (uint32_t)row << 16 ^ (uint32_t)(column + i);
        h ^= h >> 16;
        h *= 0x7feb352dU;
        h ^= h >> 15;
        h *= 0x846ca68bU;
        h ^= h >> 16;
        d[i] = ((float)(int)(h & 255) - 127.5f) * (1.0f / (256.0f * 255.0f));
    }
    for (c = 0; c < channels; c++)
        for (i = 0; i < n; i++) x[channels * i + c] += d[i];
}

/* `held` are the rows of the maps that stand widened in the scratch: −1, −1 before the first band, and
   then what the last band left, so that bands of a single row do not widen theirs anew. */
INLINE void lift_rows(const Band *b, Size held[2]) {
    const int curves = (int)b->channels + 2;
    const Size planes = b->width * b->depth, step = BLOCK / b->channels;
    float *upper[2], *lower[2];
    Size y, column;
    int m;
    for (m = 0; m < 2; m++) {
        upper[m] = b->scratch + 2 * m * planes;
        lower[m] = upper[m] + planes;
    }
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        const float weight = b->row_weight[y];
        if (i != held[0] || j != held[1]) {
            for (m = 0; m < 2; m++) {
                widen_planes(upper[m], b->map[m] + i * b->w * b->depth, b);
                widen_planes(lower[m], b->map[m] + j * b->w * b->depth, b);
            }
            held[0] = i;
            held[1] = j;
        }
        for (column = 0; column < b->width; column += step) {
            float e[BLOCK], x[BLOCK], guide[BLOCK], maps[LIFT_MAPS][BLOCK];
            const int n = (int)(b->width - column < step ? b->width - column : step);
            const int samples = n * (int)b->channels;
            const Size here = (y * b->width + column) * b->channels;
            int c, k;
            load(x, b->source, here, samples, b->kind);
            if (b->strength != 1.0f)
                for (k = 0; k < samples; k++) e[k] = x[k];
            if (b->noise != NULL) {
                const Size at = curves * b->width + column;
                between(guide, upper[1] + at, lower[1] + at, weight, n);
                if (b->channels == 3) calm(x, guide, b, 3, y, column, n);
                else calm(x, guide, b, 1, y, column, n);
            }
            if (b->channels == 1)
                for (k = 0; k < n; k++) guide[k] = x[k];
            else
                for (k = 0; k < n; k++)
                    guide[k] = 0.299f * x[3 * k] + 0.587f * x[3 * k + 1] + 0.114f * x[3 * k + 2];
            for (k = 0; k < n; k++) guide[k] = 255.0f * guide[k] + 1.0f;
            log2_all(guide, n);
            for (k = 0; k < n; k++) guide[k] *= 0.125f;
            for (c = 0; c < curves; c++) {
                float slope[BLOCK], offset[BLOCK];
                const Size at = c * b->width + column;
                between(slope, upper[0] + at, lower[0] + at, weight, n);
                between(offset, upper[1] + at, lower[1] + at, weight, n);
                for (k = 0; k < n; k++) maps[c][k] = slope[k] * guide[k] + offset[k];
            }
            if (b->channels == 3) lift(x, maps, 3, n); /* known strides are vectorised */
            else lift(x, maps, 1, n);
            mix(e, x, b->strength, samples);
            if (b->first_row >= 0 && b->kind == U8) {
                const Size row = b->first_row + y, first = b->first_column + column;
                if (b->channels == 3) dither(x, 3, row, first, n);
                else dither(x, 1, row, first, n);
            }
            store(b->target, here, x, samples, b->kind);
        }
    }
}

INLINE void render_lift(const Band *b) {
    Size held[2] = {-1, -1};
    lift_rows(b, held);
}

#endif
