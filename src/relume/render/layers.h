/* Rows of layers, for one instruction set. To be included once for each, before cell_lanes.h,
   lift_lanes.h and lanes_end.h, with

   NAMED(x)  x with the instruction set's name
   TARGET    the attribute that compiles a function for it
   LANES     floats of a vector: 4, 8 or 16
   PIXELS    pixels, and
   VECTORS   vectors of channels, at most, of a tile of a product: its sums stay in registers

   Vectors are those of GCC and Clang, which every instruction set has. */

#include "lanes_begin.h"

/* out[pixel][channel] = start + Σ in[pixel][i] · weights[i][channel] for `pixels` × `vectors` of them;
   start is `start_step` apart from pixel to pixel: 0 where it is a bias. */
INLINE void NAMED(product)(float *out, Size out_step, const float *in, Size in_step, Size inputs,
                           const float *weights, Size weights_step, const float *start,
                           Size start_step, const int vectors, const int pixels) {
    vec sum[PIXELS][VECTORS];
    Size i;
    int p, v;
#pragma GCC unroll 8
    for (p = 0; p < pixels; p++)
#pragma GCC unroll 4
        for (v = 0; v < vectors; v++) sum[p][v] = AT(start + p * start_step + v * LANES);
    for (i = 0; i < inputs; i++) {
        vec w[VECTORS];
#pragma GCC unroll 4
        for (v = 0; v < vectors; v++) w[v] = AT(weights + i * weights_step + v * LANES);
#pragma GCC unroll 8
        for (p = 0; p < pixels; p++) {
            const vec x = ALL(in[p * in_step + i]);
#pragma GCC unroll 4
            for (v = 0; v < vectors; v++) sum[p][v] = MADD(x, w[v], sum[p][v]);
        }
    }
#pragma GCC unroll 8
    for (p = 0; p < pixels; p++)
#pragma GCC unroll 4
        for (v = 0; v < vectors; v++) INTO(out + p * out_step + v * LANES) = sum[p][v];
}

/* The same for all channels, of which there are whole vectors. */
INLINE void NAMED(products)(float *out, Size out_step, const float *in, Size in_step, Size inputs,
                            const float *weights, Size channels, const float *start,
                            Size start_step) {
    Size c = 0;
#define PART(n)                                                                                   \
    NAMED(product)(out + c, out_step, in, in_step, inputs, weights + c, channels, start + c,  \
                   start_step, n, PIXELS);                                                    \
    c += n * LANES
#if VECTORS > 2
    while (channels - c == 3 * LANES || channels - c > 4 * LANES) {
        PART(3);
    }
#endif
    while (channels - c >= 2 * LANES) {
        PART(2);
    }
    if (c < channels) {
        PART(1);
    }
#undef PART
}

/* The depthwise part of one tile: 3 × 3 around each pixel, channel by channel. */
INLINE void NAMED(around)(float *out, const float *const rows[3], Size channels, Size stride,
                          const float *weights, const float *bias, const int relu) {
    Size c;
    int p, k;
    for (c = 0; c < channels; c += LANES) {
        vec w[9];
        const vec start = AT(bias + c);
#pragma GCC unroll 9
        for (k = 0; k < 9; k++) w[k] = AT(weights + k * channels + c);
        for (p = 0; p < PIXELS; p++) {
            const Size x = (p * stride - 1) * channels + c;
            vec sum = start;
#pragma GCC unroll 9
            for (k = 0; k < 9; k++) sum = MADD(AT(rows[k / 3] + x + k % 3 * channels), w[k], sum);
            INTO(out + p * channels + c) = relu ? POSITIVE(sum) : sum;
        }
    }
}

TARGET static void NAMED(mix)(Piece *p, int layer, Size y) {
    const Layer *a = p->layer + layer;
    const Ring *from = p->ring + a->from, *to = p->ring + layer;
    const Size in = padded(a->inputs), out = padded(a->outputs), step = a->stride ? a->stride : 1;
    const float *depthwise = p->weights + a->depthwise, *weights = p->weights + a->pointwise;
    const float *rows[3], *also = NULL;
    float *target = row_of(to, y, out), tile[PIXELS * MOST_CHANNELS];
    Size x, c;
    int r;
    for (r = 0; r < 3; r++) {
        const Size at = y * step + (a->stride ? r - 1 : 0);
        rows[r] = at < 0 || at >= from->rows ? p->nothing + in : row_of(from, at, in);
    }
    if (a->also >= 0) also = row_of(p->ring + a->also, y, out);
    for (x = 0; x < to->width; x += PIXELS) {
        const float *source = rows[0] + x * in;
        float *here = target + x * out;
        if (a->stride) {
            const float *const there[3] = {rows[0] + x * step * in, rows[1] + x * step * in,
                                           rows[2] + x * step * in};
            const float *bias = p->weights + a->depthwise_bias;
            if (a->inner_relu) NAMED(around)(tile, there, in, step, depthwise, bias, 1);
            else NAMED(around)(tile, there, in, step, depthwise, bias, 0);
            source = tile;
        }
        NAMED(products)(here, out, source, in, a->inputs, weights, out, p->weights + a->bias, 0);
        if (also != NULL)
            for (c = 0; c < PIXELS * out; c += LANES) INTO(here + c) = AT(here + c) + AT(also + x * out + c);
        if (a->relu)
            for (c = 0; c < PIXELS * out; c += LANES) {
                const vec v = AT(here + c);
                INTO(here + c) = POSITIVE(v);
            }
    }
    memset(target + to->width * out, 0, (size_t)out * sizeof(float));
}

/* Edges on edges: a row lies a quarter of the way from its nearest row to the next one. */
TARGET static void NAMED(enlarge)(Piece *p, int layer, Size y) {
    const Layer *a = p->layer + layer;
    const Ring *from = p->ring + a->from, *to = p->ring + layer;
    const Size depth = padded(a->outputs);
    const float *near = row_of(from, y / 2, depth);
    const float *far = row_of(from, bounded(y % 2 ? y / 2 + 1 : y / 2 - 1, from->rows), depth);
    const float *also = row_of(p->ring + a->also, y, depth);
    float *target = row_of(to, y, depth);
    const vec most = ALL(0.75f), rest = ALL(0.25f);
    Size x, c;
    for (x = 0; x < to->width; x++) {
        const Size close = x / 2 * depth;
        const Size next = bounded(x % 2 ? x / 2 + 1 : x / 2 - 1, from->width) * depth;
        for (c = 0; c < depth; c += LANES) {
            const vec here = most * AT(near + close + c) + rest * AT(near + next + c);
            const vec there = most * AT(far + close + c) + rest * AT(far + next + c);
            const vec sum = AT(also + x * depth + c) + most * here + rest * there;
            INTO(target + x * depth + c) = a->relu ? POSITIVE(sum) : sum;
        }
    }
    memset(target + to->width * depth, 0, (size_t)depth * sizeof(float));
}
