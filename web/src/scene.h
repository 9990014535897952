/* A picture as methods see it: rows of sRGB, of which hidden places count as much as they show.

   What relume.runtime.visible and working do in Python. Hidden places take the colour of the nearest
   visible ones, mixed by alpha: means over ever larger blocks, where a finer one holds nothing. */

#ifndef RELUME_SCENE_H
#define RELUME_SCENE_H

#include "averaging.h"

/* Rare pictures need what stands here, and everybody gets it: let it be small. */
#ifdef __clang__
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#endif
#define RECOLOUR_SPECIAL 0
#include "recolour.h"

#define DEEPEST 32                 /* halvings of a side */
#define GOLDEN 0.6180339887498949 /* its multiples are spread evenly: what falls under alpha is its share */

/* The way from the numbers of a file to sRGB's in 16 bits, and back. */
typedef struct {
    Ways ways;
    const uint16_t *encode;
} Bridge;

typedef struct {
    const Bridge *bridge; /* NULL: the numbers are sRGB's */
    uint8_t *source;
    int32_t height, width, channels;
    const uint8_t *alpha; /* NULL: nothing is hidden */
    const float *near;    /* of cells of 2 × 2 pixels: what is near, and a weight */
} Scene;

INLINE int kind_of(const Scene *s) { return s->bridge != NULL ? U16 : U8; }

/* Pixels as sRGB. */
static void seen(const Bridge *b, const uint8_t *own, Size pixels, int channels, uint16_t *out) {
    see_pixels(own, pixels, 1, channels, b->ways.decode, b->ways.next, b->ways.matrix, b->encode, out);
}

/* A sample in [0, 1], and back. */
static __attribute__((noinline)) float unit_of(const void *row, Size at, int kind) {
    return kind == U8 ? (float)(int)((const uint8_t *)row)[at] * (1.0f / 255.0f)
                      : (float)(int)((const uint16_t *)row)[at] * (1.0f / 65535.0f);
}

static __attribute__((noinline)) void put_unit(void *row, Size at, float x, int kind) {
    x = clip(x, 1.0f);
    if (kind == U8) ((uint8_t *)row)[at] = (uint8_t)(int)(x * 255.0f + 0.5f);
    else ((uint16_t *)row)[at] = (uint16_t)(int)(x * 65535.0f + 0.5f);
}

INLINE float share_of(const uint8_t *alpha, Size at) { return (float)(int)alpha[at] * (1.0f / 255.0f); }

/* What is near a pixel, its own colour among it. */
INLINE float near_at(const Scene *s, Size y, Size x, int c, float own, float share) {
    const Size wide = (s->width + 1) / 2, at = ((y / 2) * wide + x / 2) * (s->channels + 1);
    const float coarse = s->near[at + c];
    return coarse + share * (own * share / (share > 1e-6f ? share : 1e-6f) - coarse);
}

/* A row as methods see it, half hidden places half way to what is near. */
static void scene_row(const Scene *s, Size y, void *out) {
    const int kind = kind_of(s), channels = s->channels;
    const uint8_t *own = s->source + y * s->width * channels;
    Size x;
    int c;
    if (s->bridge != NULL) seen(s->bridge, own, s->width, channels, (uint16_t *)out);
    else memcpy(out, own, (size_t)(s->width * channels));
    if (s->alpha == NULL) return;
    for (x = 0; x < s->width; x++) {
        const float share = share_of(s->alpha, y * s->width + x);
        if (share >= 1.0f) continue;
        for (c = 0; c < channels; c++) {
            const float mine = unit_of(out, x * channels + c, kind);
            const float near = near_at(s, y, x, c, mine, share);
            put_unit(out, x * channels + c, near + share * (mine - near), kind);
        }
    }
}

/* Sums of colour by share, and of shares, over 2 × 2 pixels or cells. */
static int add_pixels(const Scene *s, float *cells) {
    const int kind = kind_of(s), channels = s->channels;
    const Size wide = (s->width + 1) / 2;
    char *row = (char *)malloc((size_t)(s->width * channels * kind));
    Size y, x;
    int c;
    if (row == NULL) return 0;
    for (y = 0; y < s->height; y++) {
        const uint8_t *own = s->source + y * s->width * channels;
        if (s->bridge != NULL) seen(s->bridge, own, s->width, channels, (uint16_t *)row);
        else memcpy(row, own, (size_t)(s->width * channels));
        for (x = 0; x < s->width; x++) {
            const float share = share_of(s->alpha, y * s->width + x);
            float *cell = cells + ((y / 2) * wide + x / 2) * (channels + 1);
            for (c = 0; c < channels; c++) cell[c] += unit_of(row, x * channels + c, kind) * share;
            cell[channels] += share;
        }
    }
    return 1;
}

static void add_cells(const float *from, Size height, Size width, int depth, float *to) {
    const Size wide = (width + 1) / 2;
    Size y, x;
    int c;
    for (y = 0; y < height; y++)
        for (x = 0; x < width; x++)
            for (c = 0; c < depth; c++)
                to[((y / 2) * wide + x / 2) * depth + c] += from[(y * width + x) * depth + c];
}

/* Means of cells, mixed with those of coarser ones by how much of the cell shows. */
static void spread_cells(float *cells, Size height, Size width, int channels, const float *coarse) {
    const Size wide = (width + 1) / 2;
    const int depth = channels + 1;
    Size y, x;
    int c;
    for (y = 0; y < height; y++)
        for (x = 0; x < width; x++) {
            float *cell = cells + (y * width + x) * depth;
            const float weight = cell[channels], floor = weight > 1e-6f ? weight : 1e-6f;
            const float share = weight < 1.0f ? weight : 1.0f;
            for (c = 0; c < channels; c++) {
                const float mean = cell[c] / floor;
                const float under = coarse == NULL ? mean : coarse[((y / 2) * wide + x / 2) * depth + c];
                cell[c] = coarse == NULL ? mean : under + share * (mean - under);
            }
        }
}

/* Where nothing at all shows, put what is near, in the numbers of the file. */
static void fill_hidden(Scene *s) {
    const int channels = s->channels;
    const uint8_t none[3] = {0, 0, 0};
    const uint16_t black[3] = {0, 0, 0};
    const float level = 0.0f;
    Size y, x;
    int c;
    for (y = 0; y < s->height; y++)
        for (x = 0; x < s->width; x++) {
            uint8_t *own = s->source + (y * s->width + x) * channels;
            uint16_t wanted[3];
            if (s->alpha[y * s->width + x] != 0) continue;
            for (c = 0; c < channels; c++)
                put_unit(s->bridge != NULL ? (void *)wanted : (void *)own, c, near_at(s, y, x, c, 0.0f, 0.0f),
                         kind_of(s));
            if (s->bridge != NULL) back_pixels(&s->bridge->ways, 1, none, black, wanted, &level, own);
        }
}

/* Find what is near all that is hidden, and put it where nothing shows. Returns 0 where memory is
   lacking; what `near` points to stays until it is forgotten. */
static int uncover(Scene *s) {
    float *level[DEEPEST];
    Size tall[DEEPEST], wide[DEEPEST];
    const int depth = s->channels + 1;
    int n = 0, i;
    tall[0] = (s->height + 1) / 2;
    wide[0] = (s->width + 1) / 2;
    for (;;) {
        level[n] = (float *)calloc((size_t)(tall[n] * wide[n] * depth), sizeof(float));
        if (level[n] == NULL) return 0;
        if (n == 0 && !add_pixels(s, level[0])) return 0;
        if (n > 0) add_cells(level[n - 1], tall[n - 1], wide[n - 1], depth, level[n]);
        n++;
        if (tall[n - 1] == 1 && wide[n - 1] == 1) break;
        tall[n] = (tall[n - 1] + 1) / 2;
        wide[n] = (wide[n - 1] + 1) / 2;
    }
    for (i = n - 1; i >= 0; i--)
        spread_cells(level[i], tall[i], wide[i], s->channels, i == n - 1 ? NULL : level[i + 1]);
    s->near = level[0];
    fill_hidden(s);
    return 1;
}

/* The pixels that show, in reading order, each as often as it does; returns how many. */
static Size visible_alone(const Scene *s, uint8_t *to) {
    const Size pixels = (Size)s->height * s->width;
    Size taken = 0, i;
    int any;
    for (any = 0; any < 2 && taken == 0; any++)
        for (i = 0; i < pixels; i++) {
            const double step = (double)i * GOLDEN;
            const double part = step - __builtin_floor(step);
            if (any ? s->alpha[i] == 0 : part >= (double)share_of(s->alpha, i)) continue;
            memcpy(to + taken * s->channels, s->source + i * s->channels, (size_t)s->channels);
            taken++;
        }
    return taken;
}

/* Averages over areas of a scene, three channels of floats in [0, 1]. */
static int reduce_scene(const Scene *s, Size h, Size w, float *target) {
    const Size H = s->height, W = s->width, line = W * s->channels;
    const int kind = kind_of(s);
    double *sum = (double *)malloc((size_t)line * sizeof(double));
    char *rows;
    Size i, r;
    if (sum == NULL) return 0;
    if (s->bridge == NULL && s->alpha == NULL) {
        average_plain(s->source, U8, H, W, s->channels, h, w, 0, h, target, sum);
        return 1;
    }
    rows = (char *)malloc((size_t)(((H + h - 1) / h + 1) * line * kind));
    if (rows == NULL) return 0;
    for (i = 0; i < h; i++) { /* rows i·H/h … of the picture, as if they alone stood at that place */
        const Size first = i * H / h;
        for (r = first; r * h < (i + 1) * H; r++) scene_row(s, r, rows + (r - first) * line * kind);
        average_plain(rows - first * line * kind, kind, H, W, s->channels, h, w, i, 1, target + 3 * i * w,
                      sum);
    }
    return 1;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
