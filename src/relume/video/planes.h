/* Planes of a frame, what their codes mean, and blocks of luma samples that share a chroma sample. */

#ifndef RELUME_PLANES_H
#define RELUME_PLANES_H

#include <math.h>
#include <stdlib.h>

#include "../render/lift.h"

typedef struct {
    void *at;
    Size rows, columns, line; /* line: samples from one row to the next */
} Array;

typedef struct {
    int kind, across, down; /* bytes of a sample; log2 of luma samples per chroma sample */
    float black, luma, neutral, chroma, top;
    float red, blue; /* K_R, K_B */
} Code;

INLINE int sample(const void *p, Size at, int kind) {
    return kind == 1 ? ((const uint8_t *)p)[at] : ((const uint16_t *)p)[at];
}

INLINE void put(void *p, Size at, float code, float top, int kind) {
    int whole = (int)clip(code + 0.5f, top);
    if (kind == 1) ((uint8_t *)p)[at] = (uint8_t)whole;
    else ((uint16_t *)p)[at] = (uint16_t)whole;
}

/* Add up the luma of the blocks first … first + n − 1 of a row of them, whose luma begins at row
   `top`; blocks that reach over the edge repeat it. */
INLINE void add_blocks(int *sum, const Array *y, Size top, Size first, int n, int across, int down,
                       int kind) {
    const int tall = 1 << down, wide = 1 << across;
    const Size whole = y->columns / wide - first;
    const int inner = whole < n ? (int)whole : n;
    int r, q, x;
    for (x = 0; x < n; x++) sum[x] = 0;
    for (r = 0; r < tall; r++) {
        const Size row = (top + r < y->rows ? top + r : y->rows - 1) * y->line, at = row + first * wide;
        if (wide == 2)
            for (x = 0; x < inner; x++)
                sum[x] += sample(y->at, at + 2 * x, kind) + sample(y->at, at + 2 * x + 1, kind);
        else
            for (x = 0; x < inner; x++) sum[x] += sample(y->at, at + x, kind);
        for (x = inner; x < n; x++)
            for (q = 0; q < wide; q++) {
                const Size column = (first + x) * wide + q;
                sum[x] += sample(y->at, row + (column < y->columns ? column : y->columns - 1), kind);
            }
    }
}

/* Turn blocks and their chroma, u and v at their first sample, into planes of RGB in [0, 1]. */
INLINE void to_rgb(float *rgb[3], const int *sum, const void *u, const void *v, Size at, int n,
                   const Code *c, int across, int down, int kind) {
    const float luma = 1.0f / (c->luma * (float)(1 << (across + down))), chroma = 1.0f / c->chroma;
    const float black = c->black / c->luma, neutral = c->neutral;
    const float green = 1.0f - c->red - c->blue;
    const float rv = 2.0f - 2.0f * c->red, bu = 2.0f - 2.0f * c->blue;
    const float gu = bu * c->blue / green, gv = rv * c->red / green;
    int x;
    for (x = 0; x < n; x++) {
        const float y = (float)sum[x] * luma - black;
        const float b = ((float)sample(u, at + x, kind) - neutral) * chroma;
        const float r = ((float)sample(v, at + x, kind) - neutral) * chroma;
        rgb[0][x] = y + rv * r;
        rgb[1][x] = y - gu * b - gv * r;
        rgb[2][x] = y + bu * b;
    }
    for (x = 0; x < n; x++) rgb[0][x] = clip(rgb[0][x], 1.0f);
    for (x = 0; x < n; x++) rgb[1][x] = clip(rgb[1][x], 1.0f);
    for (x = 0; x < n; x++) rgb[2][x] = clip(rgb[2][x], 1.0f);
}

/* Store the chroma of planes of RGB and return their luma in y. */
INLINE void to_chroma(float *y, void *u, void *v, Size at, float *rgb[3], int n, const Code *c,
                      int kind) {
    const float green = 1.0f - c->red - c->blue, half = c->neutral + 0.5f, top = c->top;
    const float bu = c->chroma / (2.0f - 2.0f * c->blue), rv = c->chroma / (2.0f - 2.0f * c->red);
    float code[BLOCK];
    void *const targets[2] = {u, v};
    int x, plane;
    for (x = 0; x < n; x++) y[x] = c->red * rgb[0][x] + green * rgb[1][x] + c->blue * rgb[2][x];
    for (plane = 0; plane < 2; plane++) {
        const float *of = plane ? rgb[0] : rgb[2], scale = plane ? rv : bu;
        for (x = 0; x < n; x++) code[x] = (of[x] - y[x]) * scale + half;
        for (x = 0; x < n; x++) code[x] = clip(code[x], top);
        if (kind == 1)
            for (x = 0; x < n; x++) ((uint8_t *)targets[plane])[at + x] = (uint8_t)(int)code[x];
        else
            for (x = 0; x < n; x++) ((uint16_t *)targets[plane])[at + x] = (uint16_t)(int)code[x];
    }
}

#endif
