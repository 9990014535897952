/* relume's kernel and restoration for WebAssembly.

   The page's worker is the only caller: it lays out memory with `take`, writes pictures, tables and
   maps there, and calls the functions below, whose arguments are addresses and sizes that it made
   itself. What a call takes for its own work is given back when it returns. */

#include <stdlib.h>

#include "averaging.h"
#include "restored.h"

#define EXPORT(name) __attribute__((export_name(#name), visibility("default")))
#define PAGE 65536

extern unsigned char __heap_base;
static uintptr_t filled;

/* Written as loops, which must not become calls of themselves. */
__attribute__((no_builtin("memcpy"))) void *memcpy(void *restrict to, const void *restrict from,
                                                   size_t count) {
    size_t i;
    for (i = 0; i < count; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

__attribute__((no_builtin("memset"))) void *memset(void *to, int value, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) ((char *)to)[i] = (char)value;
    return to;
}

/* Aligned to a vector; NULL where the browser gives no more memory. */
void *malloc(size_t size) {
    const uintptr_t at = (filled + 63) & ~(uintptr_t)63, have = __builtin_wasm_memory_size(0);
    const uintptr_t pages = (at + size + PAGE - 1) / PAGE;
    if (at + size < at || pages > PAGE) return NULL;
    if (pages > have && __builtin_wasm_memory_grow(0, pages - have) == (size_t)-1) return NULL;
    filled = at + size;
    return (void *)at;
}

void *calloc(size_t count, size_t size) {
    void *at = malloc(count * size);
    if (at != NULL) memset(at, 0, count * size);
    return at;
}

/* Memory that stays until `forget` is called with what `mark` said before. */
EXPORT(take) void *take(size_t size) { return malloc(size); }
EXPORT(mark) uintptr_t mark(void) { return filled; }
EXPORT(forget) void forget(uintptr_t to) { filled = to; }
EXPORT(start) void start(void) { filled = (uintptr_t)&__heap_base; }

/* RGBA → RGB, or its first channel alone. */
EXPORT(pack) void pack(const uint8_t *restrict rgba, uint8_t *restrict to, Size pixels, int channels) {
    Size i;
    if (channels == 1) {
        for (i = 0; i < pixels; i++) to[i] = rgba[4 * i];
        return;
    }
    for (i = 0; i < pixels; i++) {
        to[3 * i] = rgba[4 * i];
        to[3 * i + 1] = rgba[4 * i + 1];
        to[3 * i + 2] = rgba[4 * i + 2];
    }
}

/* RGB or gray → RGBA, whose alpha stays as it is. */
EXPORT(unpack) void unpack(const uint8_t *restrict from, uint8_t *restrict rgba, Size pixels,
                           int channels) {
    Size i;
    if (channels == 1) {
        for (i = 0; i < pixels; i++) rgba[4 * i] = rgba[4 * i + 1] = rgba[4 * i + 2] = from[i];
        return;
    }
    for (i = 0; i < pixels; i++) {
        rgba[4 * i] = from[3 * i];
        rgba[4 * i + 1] = from[3 * i + 1];
        rgba[4 * i + 2] = from[3 * i + 2];
    }
}

/* Are all pixels gray? bit 0. Are all opaque? bit 1. */
EXPORT(kinds) int kinds(const uint8_t *rgba, Size pixels) {
    uint8_t colour = 0, clear = 0;
    Size i;
    for (i = 0; i < pixels; i++) {
        colour |= (rgba[4 * i] ^ rgba[4 * i + 1]) | (rgba[4 * i] ^ rgba[4 * i + 2]);
        clear |= (uint8_t)~rgba[4 * i + 3];
    }
    return (colour == 0) | (clear == 0) << 1;
}

/* Averages over areas, three channels of floats in [0, 1]; 0 where memory is lacking. */
EXPORT(reduce) int reduce(const uint8_t *source, Size height, Size width, Size channels, Size h, Size w,
                          float *target) {
    const uintptr_t before = filled;
    double *sum = (double *)malloc((size_t)(width * channels) * sizeof(double));
    if (sum == NULL) return 0;
    average_plain(source, U8, height, width, channels, h, w, 0, h, target, sum);
    filled = before;
    return 1;
}

/* What stays the same for all bands of a picture; the worker writes it field by field. */
typedef struct {
    const Layer *table;
    int32_t layers;
    const float *weights;
    Black black;
    const uint8_t *source;
    uint8_t *target;
    int32_t height, width, channels;
    const float *slope, *offset; /* h × w × depth */
    int32_t h, w, depth;
    const int32_t *row, *column;
    const float *row_weight, *column_weight;
    float strength;
} Work;

static void band_of(Band *b, const Work *w, Size first, Size rows) {
    b->kind = U8;
    b->operation = LIFT;
    b->rows = rows;
    b->channels = w->channels;
    b->map[0] = w->slope;
    b->map[1] = w->offset;
    b->maps = 2;
    b->h = w->h;
    b->w = w->w;
    b->depth = w->depth;
    b->row = w->row + first;
    b->row_weight = w->row_weight + first;
    b->strength = w->strength;
    b->target = w->target;
}

/* Restore and lift a piece: rows and columns of the picture, seen with a halo in whole blocks. */
EXPORT(restore) int restore(const Work *w, Size first, Size left, Size rows, Size width, Size halo) {
    const uintptr_t before = filled;
    const Size top = first > halo ? first - halo : 0, start_at = left > halo ? left - halo : 0;
    const Size high = (w->height + 7) / 8 * 8, wide = (w->width + 7) / 8 * 8;
    const Size bottom = (first + rows + 7) / 8 * 8 + halo, right = (left + width + 7) / 8 * 8 + halo;
    Piece p = {0};
    Band b = {0};
    int ok;
    p.run = layers_of(ANY_LAYERS);
    p.layer = w->table;
    p.layers = w->layers;
    p.weights = w->weights;
    p.black = w->black;
    p.source = w->source;
    p.kind = U8;
    p.picture_rows = w->height;
    p.picture_width = w->width;
    p.channels = w->channels;
    p.top = top;
    p.left = start_at;
    p.rows = ((bottom < high ? bottom : high) - top) / CELL;
    p.width = ((right < wide ? right : wide) - start_at) / CELL;
    band_of(&b, w, first, rows);
    b.width = width;
    b.column = w->column + left;
    b.column_weight = w->column_weight + left;
    b.first_row = first;
    b.first_column = left;
    ok = restore_rows(&p, &b, lifting_of(p.run), first, left, rows);
    filled = before;
    return ok;
}

/* Lift a piece that keeps its noise; dithered like what is restored beside it, or not at all. */
EXPORT(lift) int lift_piece(const Work *w, Size first, Size left, Size rows, Size width, int dithered) {
    const uintptr_t before = filled;
    const Size line = (Size)w->width * w->channels;
    Size held[2] = {-1, -1}, y;
    Band b = {0};
    band_of(&b, w, first, 1);
    b.width = width;
    b.column = w->column + left;
    b.column_weight = w->column_weight + left;
    b.first_row = dithered ? first : -1;
    b.first_column = left;
    b.scratch = (float *)malloc((size_t)(4 * b.width * b.depth + GROUP) * sizeof(float));
    if (b.scratch == NULL) return 0;
    for (y = 0; y < rows; y++) {
        const Size at = (first + y) * line + left * w->channels;
        b.source = w->source + at;
        b.target = w->target + at;
        b.row = w->row + first + y;
        b.row_weight = w->row_weight + first + y;
        lift_128(&b, held);
        if (dithered) b.first_row++;
    }
    filled = before;
    return 1;
}

EXPORT(is_table) int is_table(const Layer *table, int layers, Size weights) {
    return is_sound(table, layers, weights);
}
