/* relume's kernel and restoration for WebAssembly.

   The page's worker is the only caller: it lays out memory with `take`, writes pictures, tables and
   maps there, and calls the functions below, whose arguments are addresses and sizes that it made
   itself. What a call takes for its own work is given back when it returns. */

#include <stdlib.h>

#include "jpeg.h"
#include "restored.h"
#include "scene.h"

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

int memcmp(const void *one, const void *other, size_t count) {
    const unsigned char *a = (const unsigned char *)one, *b = (const unsigned char *)other;
    size_t i;
    for (i = 0; i < count; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
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
EXPORT(reduce) int reduce(const Scene *s, Size h, Size w, float *target) {
    const uintptr_t before = filled;
    const int done = reduce_scene(s, h, w, target);
    filled = before;
    return done;
}

/* Find what is near hidden places; what it takes stays, as the scene points to it. */
EXPORT(uncover) int uncover_scene(Scene *s) { return uncover(s); }

EXPORT(alone) Size alone(const Scene *s, uint8_t *to) { return visible_alone(s, to); }

EXPORT(alpha) void alpha(const uint8_t *restrict rgba, uint8_t *restrict to, Size pixels) {
    Size i;
    for (i = 0; i < pixels; i++) to[i] = rgba[4 * i + 3];
}

/* Pixels at rows × columns, as methods see them, as floats in [0, 1]; alpha does not count. */
EXPORT(sample) void sample(const Scene *s, const int32_t *rows, Size tall, const int32_t *columns,
                           Size wide, float *out) {
    const int channels = s->channels;
    Size y, x;
    for (y = 0; y < tall; y++)
        for (x = 0; x < wide; x++, out += channels) {
            const uint8_t *own = s->source + ((Size)rows[y] * s->width + columns[x]) * channels;
            uint16_t srgb[3];
            int c;
            if (s->bridge != NULL) seen(s->bridge, own, 1, channels, srgb);
            for (c = 0; c < channels; c++)
                out[c] = s->bridge != NULL ? unit_of(srgb, c, U16) : unit_of(own, c, U8);
        }
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
    const Bridge *bridge; /* NULL: the numbers are sRGB's */
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

/* Bring a row of a result, 16 bits of sRGB, back into the numbers of the file. */
static void bring_back(const Work *w, Size row, Size left, Size width, const uint16_t *result,
                       uint16_t *was, float *added) {
    const Size at = (row * w->width + left) * w->channels;
    Size x;
    seen(w->bridge, w->source + at, width, w->channels, was);
    for (x = 0; x < width; x++) added[x] = 0.0f;
    for (x = 0; x < width; x += BLOCK) {
        const int n = (int)(width - x < BLOCK ? width - x : BLOCK);
        int i;
        dither(added + x, 1, row, left + x, n);
        for (i = 0; i < n; i++) added[x + i] *= 255.0f;
    }
    back_pixels(&w->bridge->ways, width, w->source + at, was, result, added, w->target + at);
}

/* Restore and lift a piece: rows and columns of the picture, seen with a halo in whole blocks. What is
   not sRGB is seen as such in a place of its own, where the result takes its place row by row. */
EXPORT(restore) int restore(const Work *w, Size first, Size left, Size rows, Size width, Size halo) {
    const uintptr_t before = filled;
    const Size top = first > halo ? first - halo : 0, start_at = left > halo ? left - halo : 0;
    const Size high = (w->height + 7) / 8 * 8, wide = (w->width + 7) / 8 * 8;
    const Size bottom = (first + rows + 7) / 8 * 8 + halo, right = (left + width + 7) / 8 * 8 + halo;
    const Size tall = (bottom < w->height ? bottom : w->height) - top;
    const Size across = (right < w->width ? right : w->width) - start_at, line = across * w->channels;
    uint16_t *strip = NULL, *was = NULL;
    float *added = NULL;
    Piece p = {0};
    Band b = {0};
    Size y;
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
    if (w->bridge != NULL) {
        strip = (uint16_t *)malloc((size_t)(tall * line) * sizeof(uint16_t));
        was = (uint16_t *)malloc((size_t)(width * w->channels) * sizeof(uint16_t));
        added = (float *)malloc((size_t)width * sizeof(float));
        if (strip == NULL || was == NULL || added == NULL) {
            filled = before;
            return 0;
        }
        for (y = 0; y < tall; y++)
            seen(w->bridge, w->source + ((top + y) * w->width + start_at) * w->channels, across,
                 w->channels, strip + y * line);
        p.source = strip;
        p.kind = b.kind = U16;
        p.picture_rows = tall;
        p.picture_width = across;
        p.top = p.left = 0;
        b.target = strip;
    }
    ok = restore_rows(&p, &b, lifting_of(p.run), first - (w->bridge != NULL ? top : 0),
                      left - (w->bridge != NULL ? start_at : 0), rows);
    for (y = 0; ok && w->bridge != NULL && y < rows; y++)
        bring_back(w, first + y, left, width,
                   strip + (first - top + y) * line + (left - start_at) * w->channels, was, added);
    filled = before;
    return ok;
}

/* Lift a piece that keeps its noise; dithered like what is restored beside it, or not at all. */
EXPORT(lift) int lift_piece(const Work *w, Size first, Size left, Size rows, Size width, int dithered) {
    const uintptr_t before = filled;
    const Size line = (Size)w->width * w->channels, samples = width * w->channels;
    uint16_t *now = NULL, *was = NULL;
    float *added = NULL;
    Size held[2] = {-1, -1}, y;
    Band b = {0};
    band_of(&b, w, first, 1);
    b.width = width;
    b.column = w->column + left;
    b.column_weight = w->column_weight + left;
    b.first_row = dithered ? first : -1;
    b.first_column = left;
    b.scratch = (float *)malloc((size_t)(4 * b.width * b.depth + GROUP) * sizeof(float));
    if (w->bridge != NULL) {
        now = (uint16_t *)malloc((size_t)samples * sizeof(uint16_t));
        was = (uint16_t *)malloc((size_t)samples * sizeof(uint16_t));
        added = (float *)malloc((size_t)width * sizeof(float));
        b.kind = U16;
    }
    if (b.scratch == NULL || (w->bridge != NULL && (now == NULL || was == NULL || added == NULL))) {
        filled = before;
        return 0;
    }
    for (y = 0; y < rows; y++) {
        const Size at = (first + y) * line + left * w->channels;
        b.source = w->source + at;
        b.target = w->target + at;
        if (w->bridge != NULL) {
            seen(w->bridge, w->source + at, width, w->channels, now);
            b.source = now;
            b.target = now;
        }
        b.row = w->row + first + y;
        b.row_weight = w->row_weight + first + y;
        lift_128(&b, held);
        if (w->bridge != NULL) bring_back(w, first + y, left, width, now, was, added);
        if (dithered) b.first_row++;
    }
    filled = before;
    return 1;
}

EXPORT(put_band) Size put_band_of(Jpeg *j, const uint8_t *rgba, Size rows, uint8_t *out) {
    return put_band(j, rgba, rows, out);
}

EXPORT(finish_bits) Size finish_bits_of(Jpeg *j, uint8_t *out) { return finish_bits(j, out); }

EXPORT(is_table) int is_table(const Layer *table, int layers, Size weights) {
    return is_sound(table, layers, weights);
}
