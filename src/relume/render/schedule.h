/* In which order rows of layers are computed, and how many of them are kept.

   A row is computed when another asks for it, each once, from the first on: a picture streams through
   the layers, and no halo is computed twice in height. */

#ifndef RELUME_SCHEDULE_H
#define RELUME_SCHEDULE_H

#include <stdlib.h>

#include "program.h"

typedef struct {
    Size first, last;
    int buffer;
} Need;

INLINE Size bounded(Size y, Size rows) { return y < 0 ? 0 : y < rows ? y : rows - 1; }

/* Write which rows of which buffers row y of a layer's needs; return of how many buffers. */
static int needs_of(const Piece *p, int layer, Size y, Need need[3]) {
    const Layer *a = p->layer + layer;
    if (a->kind == CELLS) return 0;
    need[0].buffer = a->from;
    need[0].first = need[0].last = y;
    if (a->kind == MIX && a->stride) {
        need[0].first = y * a->stride - 1;
        need[0].last = y * a->stride + 1;
    } else if (a->kind == ENLARGE) {
        need[0].first = (y + 1) / 2 - 1;
        need[0].last = (y + 1) / 2;
    } else if (a->kind == MEANS_OF) {
        need[0].first = y - 1;
        need[0].last = y + 1;
    }
    if (a->also < 0) return 1;
    need[1].buffer = a->also;
    need[1].first = need[1].last = y;
    if (a->kind != SHRINK) return 2;
    need[2].buffer = a->third;
    need[2].first = y - 1;
    need[2].last = y + 1;
    return 3;
}

static void compute(Piece *p, int layer, Size y) {
    switch (p->layer[layer].kind) {
    case CELLS: p->run->cells(p, layer, y); break;
    case MIX: p->run->mix(p, layer, y); break;
    case ENLARGE: p->run->enlarge(p, layer, y); break;
    case MEANS_OF: p->run->means(p, layer, y); break;
    default: p->run->shrink(p, layer, y);
    }
}

static void ask(Piece *p, int layer, Size y, Size *held);

/* Have computed what row y of a layer needs; `held` not NULL: nothing is computed, but how many rows
   of each buffer lie between the oldest that is read and the newest is counted. */
static void prepare(Piece *p, int layer, Size y, Size *held) {
    Need need[3];
    const int n = needs_of(p, layer, y, need);
    int i;
    for (i = 0; i < n; i++) {
        const Size rows = p->ring[need[i].buffer].rows;
        need[i].first = bounded(need[i].first, rows);
        ask(p, need[i].buffer, bounded(need[i].last, rows), held);
    }
    for (i = 0; held != NULL && i < n; i++) {
        const int b = need[i].buffer;
        const Size lag = p->ring[b].next - need[i].first;
        if (lag > held[b]) held[b] = lag;
    }
}

static void ask(Piece *p, int layer, Size y, Size *held) {
    Ring *ring = p->ring + layer;
    while (ring->next <= y) {
        prepare(p, layer, ring->next, held);
        if (held == NULL) compute(p, layer, ring->next);
        ring->next++;
    }
}

/* Prepare a piece whose table, picture, place and size are set. Returns 0 where memory is lacking. */
static int begin(Piece *p) {
    Size held[MOST_LAYERS], floats = 0, longest = 0, wide = p->width * CELL + GROUP;
    const int last = p->layers - 1;
    float *at;
    int i;
    for (i = 0; i < p->layers; i++) {
        Ring *ring = p->ring + i;
        const Size depth = depth_of(p->layer + i);
        held[i] = 1;
        ring->rows = p->layer[i].half ? p->rows / 2 : p->rows;
        ring->width = p->layer[i].half ? p->width / 2 : p->width;
        ring->line = (ring->width + MARGIN) * depth;
        ring->next = 0;
        longest = ring->line > longest ? ring->line : longest;
    }
    ask(p, last, p->rows - 1, held);
    for (i = 0; i < p->layers; i++) {
        p->ring[i].next = 0;
        p->ring[i].capacity = held[i];
        floats += i == last ? 0 : held[i] * p->ring[i].line;
    }
    floats += 9 * CELL * wide + longest;
    p->memory = (float *)calloc((size_t)(floats + GROUP), sizeof(float));
    if (p->memory == NULL) return 0;
    at = p->memory + (GROUP - ((uintptr_t)p->memory / sizeof(float)) % GROUP) % GROUP;
    for (i = 0; i < last; i++) {
        p->ring[i].data = at;
        at += held[i] * p->ring[i].line;
    }
    p->ring[last].data = NULL;
    p->pixels = at;
    p->planes = at + 6 * CELL * wide;
    p->nothing = at + 9 * CELL * wide;
    return 1;
}

/* Compute the noise of row y of the cells into `planes`; rows are asked for in order, and of those
   that are left out only what others need is computed. */
static void advance(Piece *p, Size y) {
    const int last = p->layers - 1;
    while (p->ring[last].next < y) prepare(p, last, p->ring[last].next++, NULL);
    ask(p, last, y, NULL);
}

static void end(Piece *p) { free(p->memory); }

#endif
