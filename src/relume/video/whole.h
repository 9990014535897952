/* Whole frames as RGB and back, for what depends on neighbours. */

#ifndef RELUME_WHOLE_H
#define RELUME_WHOLE_H

#include "planes.h"

typedef struct {
    Code code;
    int kind;       /* bytes of a sample of the planes that are read: 4 for float codes */
    Array planes[3]; /* read, or written */
    Array rgb;      /* H × W pixels */
    Size first, last; /* rows of chroma */
} Whole;

INLINE float level(const void *p, Size at, int kind) {
    return kind == 4 ? ((const float *)p)[at] : (float)sample(p, at, kind);
}

/* Each luma sample has the chroma of its block. */
INLINE void to_whole(const Whole *b, int across, int kind) {
    const Code *c = &b->code;
    const float luma = 1.0f / c->luma, black = c->black / c->luma;
    const float chroma = 1.0f / c->chroma, neutral = c->neutral;
    const float green = 1.0f - c->red - c->blue;
    const float rv = 2.0f - 2.0f * c->red, bu = 2.0f - 2.0f * c->blue;
    const float gu = bu * c->blue / green, gv = rv * c->red / green;
    const Size down = b->code.down, columns = b->rgb.columns;
    Size row, first;
    for (row = b->first << down; row < b->last << down && row < b->rgb.rows; row++) {
        const Size y_line = row * b->planes[0].line;
        const Size u_line = (row >> down) * b->planes[1].line, v_line = (row >> down) * b->planes[2].line;
        float *out = (float *)b->rgb.at + row * b->rgb.line;
        for (first = 0; first < columns; first += BLOCK) {
            const int n = (int)(columns - first < BLOCK ? columns - first : BLOCK);
            float r[BLOCK], g[BLOCK], u[BLOCK], v[BLOCK];
            int x;
            for (x = 0; x < n; x++) {
                u[x] = (level(b->planes[1].at, u_line + ((first + x) >> across), kind) - neutral) * chroma;
                v[x] = (level(b->planes[2].at, v_line + ((first + x) >> across), kind) - neutral) * chroma;
            }
            for (x = 0; x < n; x++) {
                const float y = level(b->planes[0].at, y_line + first + x, kind) * luma - black;
                r[x] = y + rv * v[x];
                g[x] = y - gu * u[x] - gv * v[x];
                u[x] = y + bu * u[x];
            }
            for (x = 0; x < n; x++) r[x] = clip(r[x], 1.0f);
            for (x = 0; x < n; x++) g[x] = clip(g[x], 1.0f);
            for (x = 0; x < n; x++) u[x] = clip(u[x], 1.0f);
            for (x = 0; x < n; x++) {
                out[3 * (first + x)] = r[x];
                out[3 * (first + x) + 1] = g[x];
                out[3 * (first + x) + 2] = u[x];
            }
        }
    }
}

/* What is added to the code of a sample before it is rounded: samples.dither in Python. */
INLINE float moved(uint32_t row, uint32_t column) {
    uint32_t h = row << 16 ^ column;
    h ^= h >> 16;
    h *= 0x7feb352dU;
    h ^= h >> 15;
    h *= 0x846ca68bU;
    h ^= h >> 16;
    return ((float)(int)(h & 255) - 127.5f) * (1.0f / 256.0f);
}

INLINE void from_whole(const Whole *b, int across, int down, int kind) {
    const Code *c = &b->code;
    const float green = 1.0f - c->red - c->blue, share = 1.0f / (float)(1 << (across + down));
    const Size columns = b->rgb.columns, blocks = b->planes[1].columns;
    Size row, first;
    for (row = b->first; row < b->last; row++)
        for (first = 0; first < blocks; first += BLOCK / 2) {
            const int n = (int)(blocks - first < BLOCK / 2 ? blocks - first : BLOCK / 2);
            const Size left = first << across;
            const int wide = (int)(columns - left < n << across ? columns - left : n << across);
            float red[BLOCK], green_[BLOCK], blue[BLOCK], *rgb[3] = {red, green_, blue};
            float y[BLOCK];
            int x, r, k;
            for (k = 0; k < 3; k++)
                for (x = 0; x < n; x++) rgb[k][x] = 0.0f;
            for (r = 0; r < 1 << down; r++) {
                const Size wanted = (row << down) + r;
                const Size at = wanted < b->rgb.rows ? wanted : b->rgb.rows - 1; /* edges repeat */
                const float *from = (const float *)b->rgb.at + at * b->rgb.line + 3 * left;
                for (x = 0; x < n << across; x++) {
                    const float *pixel = from + 3 * (x < wide ? x : wide - 1);
                    for (k = 0; k < 3; k++) rgb[k][x >> across] += pixel[k];
                }
                if (wanted >= b->rgb.rows) continue;
                for (x = 0; x < wide; x++)
                    y[x] = (c->red * from[3 * x] + green * from[3 * x + 1] + c->blue * from[3 * x + 2]) *
                               c->luma + c->black + 0.5f;
                for (x = 0; x < wide; x++) y[x] += moved((uint32_t)wanted, (uint32_t)(left + x));
                for (x = 0; x < wide; x++) y[x] = clip(y[x], c->top);
                {
                    const Size to = wanted * b->planes[0].line + left;
                    if (kind == 1)
                        for (x = 0; x < wide; x++) ((uint8_t *)b->planes[0].at)[to + x] = (uint8_t)(int)y[x];
                    else
                        for (x = 0; x < wide; x++) ((uint16_t *)b->planes[0].at)[to + x] = (uint16_t)(int)y[x];
                }
            }
            for (k = 0; k < 3; k++)
                for (x = 0; x < n; x++) rgb[k][x] *= share;
            to_chroma(y, (char *)b->planes[1].at + row * b->planes[1].line * kind,
                      (char *)b->planes[2].at + row * b->planes[2].line * kind, first, rgb, n, c, kind);
        }
}

#endif
