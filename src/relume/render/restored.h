/* Restoration and lift in one go: rows of cells are lifted as soon as their noise is known. */

#ifndef RELUME_RESTORED_H
#define RELUME_RESTORED_H

#include "lift.h"
#include "restoration.h"

#if RELUME_LAYERS

typedef void Lifting(const Band *, Size *);

/* The lift for the same instruction set as layers. */
static Lifting *lifting_of(const Layers *run) {
#if HAS_AVX2_COPY
    if (run == &layers_512) return lift_512;
    if (run == &layers_256) return lift_256;
#endif
    (void)run;
    return lift_128;
}

/* Restore and lift the inner part of a piece, rows first … first + rows of the picture. */
static int restore_rows(Piece *p, Band *b, Lifting *run, Size first, Size column, Size rows) {
    const Size step = p->width * CELL + GROUP, line = p->picture_width * p->channels * p->kind;
    const int32_t *row = b->row;
    const float *weight = b->row_weight;
    Size held[2] = {-1, -1}, y;
    char *target = (char *)b->target + column * p->channels * p->kind;
    const char *source = (const char *)p->source + column * p->channels * p->kind;
    b->scratch = (float *)malloc((size_t)(4 * b->width * b->depth + GROUP) * sizeof(float));
    if (b->scratch == NULL || !begin(p)) {
        free(b->scratch);
        return 0;
    }
    b->noise = p->planes;
    b->plane_rows = CELL;
    b->plane_width = step;
    b->left = column - p->left;
    b->rows = 1;
    for (y = 0; y < rows; y++) {
        const Size inside = first + y - p->top;
        if (y == 0 || inside % CELL == 0) advance(p, inside / CELL);
        b->source = source + (first + y) * line;
        b->target = target + (first + y) * line;
        b->row = row + y;
        b->row_weight = weight + y;
        b->top = inside % CELL;
        run(b, held);
        if (b->first_row >= 0) b->first_row++;
    }
    end(p);
    free(b->scratch);
    return 1;
}

#endif
#endif
