/* A restoration as a table of layers, and where it stands with a piece of a picture.

   Layers work on rows of cells, channels last. A layer writes one buffer and reads up to three; a
   buffer is a ring of the few rows that others still need. The table comes from a model
   (relume.engines.cell_layers); `is_sound` checks every number of it. */

#ifndef RELUME_PROGRAM_H
#define RELUME_PROGRAM_H

#include "samples.h"

#define CELL 4          /* height and width of a cell in pixels */
#define COEFFICIENTS 48 /* of a cell: 16 waves of gray, of red − blue, of green − magenta */
#define GRAYS 16
#define MEANS 4         /* what MEANS writes: the cells' means in three colours, and how black they are */
#define PATCH 27        /* means of 3 × 3 cells */
#define MOST_CHANNELS 256
#define MOST_LAYERS 64
#define GROUP 16 /* channels of a buffer are padded with zeros to a multiple of this */
#define MARGIN 20 /* pixels beside a row: one before it, what tiles read beyond its end */

/* CELLS: the picture's roots → coefficients.
   MIX: [3 × 3 depthwise, [ReLU],] 1 × 1, [+ also,] [ReLU].
   ENLARGE: also + twice the size, [ReLU].
   MEANS_OF: means and blackness from `from`, what is added to them from `also`.
   SHRINK: coefficients of noise from `from` (cells), `also` (features) and `third` (means). */
enum { CELLS, MIX, ENLARGE, MEANS_OF, SHRINK, KINDS };

/* A layer's number is that of the buffer that it writes. Places of weights count floats; −1: none. */
typedef struct {
    int32_t kind, from, also, third;
    int32_t inputs, outputs; /* channels, as they are */
    int32_t half;            /* 1: its buffer has half the rows and columns of the cells */
    int32_t stride;          /* of the depthwise part, 0 where there is none */
    int32_t inner_relu, relu;
    int32_t depthwise, depthwise_bias; /* [9][inputs], [inputs] */
    int32_t pointwise, bias;           /* [inputs][outputs], [outputs]; MEANS_OF: 3 outputs */
    int32_t patch;                     /* SHRINK: [27][48], added to the cells */
} Layer;
#define LAYER_NUMBERS 15

typedef struct {
    float detail, rounding, strong, level; /* see relume.nn.cell_shrinkage */
} Black;

typedef struct {
    float *data;     /* capacity rows of `line` floats; the first pixel of a row is zero */
    Size rows, width; /* of cells, or half of it */
    Size line, capacity, next; /* the next row to be computed */
} Ring;

typedef struct Piece Piece;

/* The functions of one instruction set: each computes row y of a layer's buffer. */
typedef struct {
    void (*cells)(Piece *, int layer, Size y);
    void (*mix)(Piece *, int layer, Size y);
    void (*enlarge)(Piece *, int layer, Size y);
    void (*means)(Piece *, int layer, Size y);
    void (*shrink)(Piece *, int layer, Size y);
} Layers;

/* Part of a picture on its way through the layers. */
struct Piece {
    const Layer *layer;
    int layers;
    const float *weights;
    Black black;
    const Layers *run;
    const void *source; /* the whole picture */
    int kind;
    Size picture_rows, picture_width, channels;
    Size top, left;           /* where the piece begins in it, whole cells of 8 × 8 */
    Size rows, width;         /* in cells, even */
    Ring ring[MOST_LAYERS];
    float *pixels;            /* 2 × 3 × CELL rows of width·CELL: roots and coefficients on their way */
    float *planes;            /* channels × CELL rows: the noise of the last row of cells */
    const float *nothing;     /* a row of zeros, for what lies above and below */
    float *memory;
};

INLINE Size padded(Size channels) { return (channels + GROUP - 1) / GROUP * GROUP; }

INLINE Size depth_of(const Layer *layer) {
    return layer->kind == MEANS_OF ? MEANS : padded(layer->outputs);
}

INLINE float *row_of(const Ring *ring, Size y, Size depth) {
    return ring->data + (y % ring->capacity) * ring->line + depth;
}

/* Are `count` floats at `place` among the weights? */
INLINE int within(int32_t place, Size count, Size weights) {
    return place >= 0 && place <= weights - count;
}

/* Is every number of a table what the layers can work with? */
static int is_sound(const Layer *layer, int layers, Size weights) {
    int i;
    if (layers < 2 || layers > MOST_LAYERS) return 0;
    if (layer[0].kind != CELLS || layer[0].outputs != COEFFICIENTS || layer[0].half) return 0;
    for (i = 1; i < layers; i++) {
        const Layer *a = layer + i;
        const Layer *from, *also;
        Size in, out;
        if (a->kind <= CELLS || a->kind >= KINDS || (a->kind == SHRINK) != (i == layers - 1)) return 0;
        if (a->inputs < 1 || a->inputs > MOST_CHANNELS || a->outputs < 1 ||
            a->outputs > MOST_CHANNELS || (a->half != 0 && a->half != 1))
            return 0;
        if (a->from < 0 || a->from >= i || a->also < -1 || a->also >= i) return 0;
        from = layer + a->from;
        also = a->also < 0 ? NULL : layer + a->also;
        if (from->kind == MEANS_OF || (also != NULL && also->kind == MEANS_OF)) return 0;
        in = padded(a->inputs);
        out = padded(a->outputs);
        switch (a->kind) {
        case MIX:
            if (a->inputs != from->outputs) return 0;
            if (also != NULL && (also->outputs != a->outputs || also->half != a->half)) return 0;
            if (a->stride != 0) {
                if (a->stride != 1 && !(a->stride == 2 && !from->half)) return 0;
                if (!within(a->depthwise, 9 * in, weights) || !within(a->depthwise_bias, in, weights))
                    return 0;
            }
            if (a->half != (from->half || a->stride == 2)) return 0;
            if (!within(a->pointwise, a->inputs * out, weights) || !within(a->bias, out, weights))
                return 0;
            break;
        case ENLARGE:
            if (also == NULL || !from->half || a->half || also->half) return 0;
            if (a->outputs != from->outputs || a->outputs != also->outputs) return 0;
            break;
        case MEANS_OF:
            if (a->from != 0 || also == NULL || also->half || a->half) return 0;
            if (a->inputs != also->outputs || a->outputs != 3) return 0;
            if (!within(a->pointwise, a->inputs * 3, weights) || !within(a->bias, 3, weights)) return 0;
            break;
        default:
            if (a->from != 0 || also == NULL || also->half || a->half) return 0;
            if (a->third < 0 || a->third >= i || layer[a->third].kind != MEANS_OF) return 0;
            if (a->inputs != also->outputs || a->outputs != COEFFICIENTS) return 0;
            if (!within(a->pointwise, a->inputs * out, weights) || !within(a->bias, out, weights) ||
                !within(a->patch, PATCH * COEFFICIENTS, weights))
                return 0;
        }
    }
    return 1;
}

#endif
