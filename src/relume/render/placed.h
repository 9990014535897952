/* Operations on small maps, laid over a band of rows: curves, gains, lines, blends, tiles of tables. */

#ifndef RELUME_PLACED_H
#define RELUME_PLACED_H

#include "samples.h"

enum { CURVE, GAIN, AFFINE, BLEND, TILES, LIFT };

typedef struct {
    const void *source;
    void *target;
    int kind, operation, keep_hue, iterations;
    Size rows, width, channels; /* of the band */
    const float *map[2];        /* h × w × depth; the second one is Affine's offset */
    int maps;
    Size h, w, depth; /* Tiles: depth is the number of levels of a tile's table */
    const int32_t *row, *column;              /* upper and left neighbour of each row and column */
    const float *row_weight, *column_weight;  /* how far towards the next one, in [0, 1] */
    const float *change;                      /* Blend: f(E) − E per level */
    const float *noise; /* Lift: what roots have too much, channels planes of plane_rows × plane_width,
                           of which the band begins at (top, left); NULL where nothing is taken away */
    Size plane_rows, plane_width, top, left;
    Size first_row, first_column; /* Lift: where the band lies in the whole picture, which decides how
                                     bytes are dithered; a row below 0 means that they are not */
    float strength;
    float *scratch; /* maps × 2 rows of width × channels: the neighbouring map rows, widened;
                       Tiles: the tables of a row of tiles, between two rows of them;
                       Lift: as the first, each channel of a map in a row of its own */
} Band;

INLINE void widen(float *out, const float *line, const Band *b) {
    Size x, c;
    for (x = 0; x < b->width; x++) {
        Size left = b->column[x], right = left + 1 < b->w ? left + 1 : left;
        float weight = b->column_weight[x];
        if (b->depth == 1) {
            float v = line[left] + weight * (line[right] - line[left]);
            for (c = 0; c < b->channels; c++) out[x * b->channels + c] = v;
        } else {
            const float *p = line + left * 3, *q = line + right * 3;
            for (c = 0; c < 3; c++) out[x * 3 + c] = p[c] + weight * (q[c] - p[c]);
        }
    }
}

INLINE void between(float *a, const float *upper, const float *lower, float weight, int n) {
    int i;
    for (i = 0; i < n; i++) a[i] = upper[i] + weight * (lower[i] - upper[i]);
}

INLINE void curve(float *x, const float *a, int iterations, int n) {
    int i;
    for (; iterations > 0; iterations--)
        for (i = 0; i < n; i++) x[i] += a[i] * (x[i] - x[i] * x[i]);
}

/* Multiply; where a pixel of three channels passes 1, divide all three by its largest. */
INLINE void gain(float *x, const float *a, int keep_hue, int n) {
    int i, over = 0;
    for (i = 0; i < n; i++) {
        x[i] *= a[i];
        over |= x[i] > 1.0f;
    }
    if (!keep_hue || !over) return;
    for (i = 0; i + 2 < n; i += 3) {
        float top = x[i] > x[i + 1] ? x[i] : x[i + 1];
        top = top > x[i + 2] ? top : x[i + 2];
        if (top > 1.0f) {
            x[i] /= top;
            x[i + 1] /= top;
            x[i + 2] /= top;
        }
    }
}

INLINE void blend(float *x, const float *a, const Band *b, Size at, int n) {
    float change[BLOCK];
    int i;
    if (b->kind == U8) {
        const uint8_t *s = (const uint8_t *)b->source + at;
        for (i = 0; i < n; i++) change[i] = b->change[s[i]];
    } else {
        const uint16_t *s = (const uint16_t *)b->source + at;
        for (i = 0; i < n; i++) change[i] = b->change[s[i]];
    }
    for (i = 0; i < n; i++) x[i] += a[i] * change[i];
}

INLINE void render_band(const Band *b) {
    Size line = b->width * b->channels, y, at;
    float *upper[2], *lower[2];
    Size upper_row = -1, lower_row = -1;
    int m;
    for (m = 0; m < b->maps; m++) {
        upper[m] = b->scratch + 2 * m * line;
        lower[m] = upper[m] + line;
    }
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        float weight = b->row_weight[y];
        if (i != upper_row || j != lower_row) {
            for (m = 0; m < b->maps; m++) {
                if (i == lower_row) { /* one row further down: the lower one is the new upper one */
                    float *t = upper[m];
                    upper[m] = lower[m];
                    lower[m] = t;
                } else {
                    widen(upper[m], b->map[m] + i * b->w * b->depth, b);
                }
                if (j == i) memcpy(lower[m], upper[m], (size_t)line * sizeof(float));
                else widen(lower[m], b->map[m] + j * b->w * b->depth, b);
            }
            upper_row = i;
            lower_row = j;
        }
        for (at = 0; at < line; at += BLOCK) {
            float e[BLOCK], x[BLOCK], a[BLOCK];
            int n = line - at < BLOCK ? (int)(line - at) : BLOCK, k;
            Size here = y * line + at;
            load(x, b->source, here, n, b->kind);
            between(a, upper[0] + at, lower[0] + at, weight, n);
            if (b->strength != 1.0f)
                for (k = 0; k < n; k++) e[k] = x[k];
            switch (b->operation) {
            case CURVE: curve(x, a, b->iterations, n); break;
            case GAIN: gain(x, a, b->keep_hue && b->channels == 3, n); break;
            case BLEND: blend(x, a, b, here, n); break;
            default: {
                float offset[BLOCK];
                between(offset, upper[1] + at, lower[1] + at, weight, n);
                for (k = 0; k < n; k++) x[k] = x[k] * a[k] + offset[k];
            }
            }
            mix_and_store(b->target, here, e, x, b->strength, n, b->kind);
        }
    }
}

/* Read the tables of the tiles to the left and right of each pixel at its luma, and add the change. */
INLINE void tiles(float *x, const float *tables, const Band *b, Size column, int n) {
    const float top = (float)(b->depth - 1);
    float key[BLOCK], part[BLOCK], change[BLOCK];
    int level[BLOCK], last = (int)b->depth - 2, i;
    for (i = 0; i < n; i++)
        key[i] = b->channels == 1
                     ? x[i]
                     : 0.299f * x[3 * i] + 0.587f * x[3 * i + 1] + 0.114f * x[3 * i + 2];
    for (i = 0; i < n; i++) level[i] = (int)(key[i] * top);
    for (i = 0; i < n; i++) level[i] = level[i] < last ? level[i] : last;
    for (i = 0; i < n; i++) part[i] = key[i] * top - (float)level[i];
    for (i = 0; i < n; i++) {
        Size at = b->column[column + i], next = at + 1 < b->w ? at + 1 : at;
        const float *p = tables + at * b->depth + level[i], *q = tables + next * b->depth + level[i];
        float left = p[0] + part[i] * (p[1] - p[0]), right = q[0] + part[i] * (q[1] - q[0]);
        change[i] = left + b->column_weight[column + i] * (right - left) - key[i];
    }
    if (b->channels == 1) {
        for (i = 0; i < n; i++) x[i] += change[i];
        return;
    }
    for (i = 0; i < n; i++) {
        x[3 * i] += change[i];
        x[3 * i + 1] += change[i];
        x[3 * i + 2] += change[i];
    }
}

INLINE void render_tiles(const Band *b) {
    const Size line = b->w * b->depth, step = BLOCK / b->channels;
    Size y, column, k;
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        const float *upper = b->map[0] + i * line, *lower = b->map[0] + j * line;
        for (k = 0; k < line; k++) b->scratch[k] = upper[k] + b->row_weight[y] * (lower[k] - upper[k]);
        for (column = 0; column < b->width; column += step) {
            float e[BLOCK], x[BLOCK];
            int n = (int)(b->width - column < step ? b->width - column : step);
            int samples = n * (int)b->channels, m;
            Size here = (y * b->width + column) * b->channels;
            load(x, b->source, here, samples, b->kind);
            if (b->strength != 1.0f)
                for (m = 0; m < samples; m++) e[m] = x[m];
            tiles(x, b->scratch, b, column, n);
            mix_and_store(b->target, here, e, x, b->strength, samples, b->kind);
        }
    }
}

#endif
