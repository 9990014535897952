/* A plane made small: the mean over the area of each sample, rows left out where there are many. */

#ifndef RELUME_SHRINKING_H
#define RELUME_SHRINKING_H

#include "planes.h"

typedef struct {
    int kind;
    Array plane;  /* what is read, every `step`-th row */
    Array target; /* float; no larger than the rows read or the columns */
    Size step;
    float *sum; /* shrink_bytes of memory */
} Shrink;

/* A sum for each column and one more; for each bound between target columns, the column it lies in
   and how much of it lies before it. */
INLINE size_t shrink_bytes(const Shrink *s) {
    return (size_t)(s->plane.columns + 1) * sizeof(float) +
           (size_t)(s->target.columns + 1) * (sizeof(float) + sizeof(int32_t));
}

/* Target row i covers the rows read from i·H/h to (i + 1)·H/h, columns likewise. */
INLINE void shrink(const Shrink *s, int kind) {
    const Size H = (s->plane.rows + s->step - 1) / s->step, W = s->plane.columns;
    const Size h = s->target.rows, w = s->target.columns;
    const float scale = (float)h * (float)w / ((float)H * (float)W);
    float *restrict const sum = s->sum;
    float *const part = sum + W + 1;
    int32_t *const bound = (int32_t *)(part + w + 1);
    Size i, j, r, x;
    for (j = 0; j <= w; j++) {
        bound[j] = (int32_t)(j * W / w);
        part[j] = (float)(j * W % w) / (float)w;
    }
    for (i = 0; i < h; i++) {
        float *out = (float *)s->target.at + i * s->target.line;
        for (x = 0; x <= W; x++) sum[x] = 0.0f;
        for (r = i * H / h; r * h < (i + 1) * H; r++) {
            const Size low = r * h > i * H ? r * h : i * H;
            const Size high = (r + 1) * h < (i + 1) * H ? (r + 1) * h : (i + 1) * H;
            const float weight = (float)(high - low) / (float)h;
            const void *row = (const char *)s->plane.at + r * s->step * s->plane.line * kind;
            for (x = 0; x < W; x++) sum[x] += weight * (float)sample(row, x, kind);
        }
        for (j = 0; j < w; j++) { /* whole columns between two bounds, and parts of the outer two */
            const Size right = bound[j + 1];
            float total = sum[right] * part[j + 1] - sum[bound[j]] * part[j];
            for (x = bound[j]; x < right; x++) total += sum[x];
            out[j] = total * scale;
        }
    }
}

/* Means of pixels over areas of whole ones: target row i has those from i·H/h on. `sum` has room for a
   row of pixels. */
INLINE void areas(const Array *from, const Array *to, float *restrict sum) {
    const Size H = from->rows, W = from->columns, h = to->rows, w = to->columns;
    Size i, j, r, x;
    for (i = 0; i < h; i++) {
        const Size first = i * H / h, last = (i + 1) * H / h;
        float *out = (float *)to->at + i * to->line;
        Size left = 0;
        for (x = 0; x < 3 * W; x++) sum[x] = 0.0f;
        for (r = first; r < last; r++) {
            const float *row = (const float *)from->at + r * from->line;
            for (x = 0; x < 3 * W; x++) sum[x] += row[x];
        }
        for (j = 0; j < w; j++) {
            const Size right = (j + 1) * W / w;
            const float share = 1.0f / (float)((last - first) * (right - left));
            float red = 0.0f, green = 0.0f, blue = 0.0f;
            for (x = left; x < right; x++) {
                red += sum[3 * x];
                green += sum[3 * x + 1];
                blue += sum[3 * x + 2];
            }
            out[3 * j] = red * share;
            out[3 * j + 1] = green * share;
            out[3 * j + 2] = blue * share;
            left = right;
        }
    }
}

#endif
