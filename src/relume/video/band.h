/* What painting a band of a frame is told, and the memory it works in. */

#ifndef RELUME_BAND_H
#define RELUME_BAND_H

#include "planes.h"

#define PARTS 4 /* of a cell, down: a curve is worked out once for all rows of a part */
#define CURVES 5 /* of a lift: a gain per channel, bias, gamma */

typedef struct {
    const float *table; /* cells down × cells across × levels: the luma that gray becomes, in [0, 1] */
    Size down, across, levels;
    const int32_t *level; /* of each code: the level before it, and how far it is to the next */
    const float *part;
    const int32_t *row, *column; /* of each row and column of chroma: the cell before it */
    const float *row_weight, *column_weight;
} Curves;

typedef struct {
    const float *slope, *offset; /* h × w × CURVES */
    Size h, w;
    const int32_t *row, *column; /* of each row and column of chroma: the sample before it */
    const float *row_weight, *column_weight;
    float strength;
} Lifted;

typedef struct {
    Code code;
    Curves curves;
    int is_lifted;
    Lifted lift;
    Array rgb; /* of the rows first … last − 1 of chroma, painted; where nothing is lifted */
    Array source[3], target[3];
    Size first, last; /* rows of chroma */
    Size codes;
    int depth;
    void *scratch;
} Paint;

typedef struct {
    Size wide; /* columns of chroma and what is left to whole vectors */
    int16_t *upper, *lower; /* cells × codes: the rows of cells around a row */
    int32_t *line, *weight; /* cells × codes; for each column of luma, two weights in one number */
    int32_t *beyond, *cell, *next; /* for each block; where its cell begins and the next one's weight */
    float *maps[4]; /* slope above, below, offset above, below: CURVES × wide */
} Scratch;

#define VECTOR 16 /* samples of the longest vector */

INLINE Size whole_vectors(Size n) { return (n + VECTOR - 1) / VECTOR * VECTOR; }

INLINE Size scratch_bytes(const Paint *p) {
    const Size cells = p->curves.across * p->codes, wide = whole_vectors(p->source[1].columns);
    return cells * (Size)(2 * sizeof(int16_t) + sizeof(int32_t)) +
           (whole_vectors(p->source[0].columns) + 3 * wide) * (Size)sizeof(int32_t) +
           (p->is_lifted ? 4 * CURVES * wide * (Size)sizeof(float) : 0);
}

INLINE Scratch laid_out(const Paint *p) {
    const Size cells = p->curves.across * p->codes;
    Scratch s;
    int m;
    s.wide = whole_vectors(p->source[1].columns);
    s.line = (int32_t *)p->scratch;
    s.weight = s.line + cells;
    s.beyond = s.weight + whole_vectors(p->source[0].columns);
    s.cell = s.beyond + s.wide;
    s.next = s.cell + s.wide;
    s.maps[0] = (float *)(s.next + s.wide);
    for (m = 1; m < 4; m++) s.maps[m] = s.maps[m - 1] + CURVES * s.wide;
    s.upper = (int16_t *)(p->is_lifted ? s.maps[3] + CURVES * s.wide : s.maps[0]);
    s.lower = s.upper + cells;
    return s;
}

#endif
