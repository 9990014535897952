/* A plane made small: the mean over the area of each sample, rows left out where there are many. */

#ifndef RELUME_SHRINKING_H
#define RELUME_SHRINKING_H

#include "planes.h"

typedef struct {
    int kind;
    Array plane;  /* what is read, every `step`-th row */
    Array target; /* float; no larger than the rows read or the columns */
    Size step;
    float *sum; /* one more than the columns */
} Shrink;

/* Target row i covers the rows read from i·H/h to (i + 1)·H/h, columns likewise. */
INLINE void shrink(const Shrink *s, int kind) {
    const Size H = (s->plane.rows + s->step - 1) / s->step, W = s->plane.columns;
    const Size h = s->target.rows, w = s->target.columns;
    const float scale = (float)h * (float)w / ((float)H * (float)W);
    Size i, j, r, x;
    for (i = 0; i < h; i++) {
        float *out = (float *)s->target.at + i * s->target.line, *sum = s->sum;
        for (x = 0; x <= W; x++) sum[x] = 0.0f;
        for (r = i * H / h; r * h < (i + 1) * H; r++) {
            const Size low = r * h > i * H ? r * h : i * H;
            const Size high = (r + 1) * h < (i + 1) * H ? (r + 1) * h : (i + 1) * H;
            const float weight = (float)(high - low) / (float)h;
            const Size at = r * s->step * s->plane.line;
            for (x = 0; x < W; x++) sum[x] += weight * (float)sample(s->plane.at, at + x, kind);
        }
        for (j = 0; j < w; j++) { /* whole columns between two bounds, and parts of the outer two */
            const Size left = j * W / w, right = (j + 1) * W / w;
            float total = sum[right] * (float)((j + 1) * W - right * w) / (float)w;
            total -= sum[left] * (float)(j * W - left * w) / (float)w;
            for (x = left; x < right; x++) total += sum[x];
            out[j] = total * scale;
        }
    }
}

#endif
