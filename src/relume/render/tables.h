/* Tables: a function of the sample, or of a pixel's value or luma. */

#ifndef RELUME_TABLES_H
#define RELUME_TABLES_H

#include "samples.h"

#define KNOTS 65536  /* knots of an interpolated function; its table repeats the last one */
#define FINE 32768   /* entries for dark luma, one per thousandth of a level, before the knots */

static void look_up_u8(const uint8_t *s, uint8_t *t, Size n, const uint8_t *table) {
    Size i;
    for (i = 0; i < n; i++) t[i] = table[s[i]];
}

static void look_up_u16(const uint16_t *s, uint16_t *t, Size n, const uint16_t *table) {
    Size i;
    for (i = 0; i < n; i++) t[i] = table[s[i]];
}

/* BT.601 luma in thousandths of a level: exact in 32 bits. */
INLINE uint32_t luma(uint32_t r, uint32_t g, uint32_t b) { return 299 * r + 587 * g + 114 * b; }

INLINE uint32_t largest(uint32_t r, uint32_t g, uint32_t b) {
    uint32_t m = r > g ? r : g;
    return m > b ? m : b;
}

static void look_up_pairs(const uint8_t *s, uint8_t *t, Size n, const uint8_t *table) {
    Size i;
    for (i = 0; i < 3 * n; i += 3) {
        uint32_t r = s[i], g = s[i + 1], b = s[i + 2];
        const uint8_t *line = table + 256 * largest(r, g, b);
        t[i] = line[r];
        t[i + 1] = line[g];
        t[i + 2] = line[b];
    }
}

#define PIXELS (BLOCK / 3)

enum { BY_VALUE, BY_LUMA, SHIFT, RELIGHT };

typedef struct {
    const void *source;
    void *target;
    int kind, rule;
    Size pixels;
    const float *table;            /* the transfer function, fine and at the knots; or the encoding */
    const float *linear, *factor;  /* Relight: linear light, and the gain, of each level */
    float strength;
} Tones;

/* Where the table is read: between entries index and index + 1. */
typedef struct {
    int index[BLOCK];
    float part[BLOCK];
} Places;

/* Largest channel in levels, value or luma in knots, and where the table has the latter: dark luma
   at its own thousandth of a level, where a steep function is not straight from knot to knot. */
INLINE void keys(float *top, float *key, Places *at_key, const Tones *b, Size at, int n) {
    const int levels = b->kind == U8 ? 255 : 65535;
    const float by_value = (float)((KNOTS - 1.0) / levels), by_luma = by_value / 1000.0f;
    int fine[PIXELS], coarse[PIXELS], i;
    if (b->kind == U8) {
        const uint8_t *s = (const uint8_t *)b->source + 3 * at;
        for (i = 0; i < n; i++) {
            top[i] = (float)(int)largest(s[3 * i], s[3 * i + 1], s[3 * i + 2]);
            fine[i] = (int)luma(s[3 * i], s[3 * i + 1], s[3 * i + 2]);
        }
    } else {
        const uint16_t *s = (const uint16_t *)b->source + 3 * at;
        for (i = 0; i < n; i++) {
            top[i] = (float)(int)largest(s[3 * i], s[3 * i + 1], s[3 * i + 2]);
            fine[i] = (int)luma(s[3 * i], s[3 * i + 1], s[3 * i + 2]);
        }
    }
    if (b->rule == BY_VALUE) {
        for (i = 0; i < n; i++) key[i] = by_value * top[i];
        for (i = 0; i < n; i++) fine[i] = FINE;
    } else {
        for (i = 0; i < n; i++) key[i] = by_luma * (float)fine[i];
    }
    for (i = 0; i < n; i++) coarse[i] = (int)key[i];
    for (i = 0; i < n; i++) coarse[i] = coarse[i] < KNOTS - 1 ? coarse[i] : KNOTS - 1;
    for (i = 0; i < n; i++) at_key->index[i] = fine[i] < FINE ? fine[i] : FINE + coarse[i];
    for (i = 0; i < n; i++)
        at_key->part[i] = (float)(fine[i] >= FINE) * (key[i] - (float)coarse[i]);
}

INLINE void read_table(float *value, const Places *places, const float *table, int n) {
    float low[BLOCK], high[BLOCK];
    int i;
    for (i = 0; i < n; i++) {
        low[i] = table[places->index[i]];
        high[i] = table[places->index[i] + 1];
    }
    for (i = 0; i < n; i++) value[i] = low[i] + places->part[i] * (high[i] - low[i]);
}

/* Scale each pixel so that its value or luma becomes the table's and no channel passes 1. */
INLINE void scale(float *x, const Tones *b, Size at, int n) {
    const float levels = b->kind == U8 ? 255.0f : 65535.0f;
    float top[PIXELS], key[PIXELS], factor[PIXELS];
    Places places;
    int i;
    keys(top, key, &places, b, at, n);
    read_table(factor, &places, b->table, n);
    for (i = 0; i < n; i++) {
        float most = levels / top[i], wish = factor[i] / key[i];
        factor[i] = wish < most ? wish : most;
    }
    for (i = 0; i < n; i++) {
        x[3 * i] *= factor[i];
        x[3 * i + 1] *= factor[i];
        x[3 * i + 2] *= factor[i];
    }
    for (i = 0; i < n; i++)
        if (top[i] == 0.0f)
            x[3 * i] = x[3 * i + 1] = x[3 * i + 2] = b->table[FINE] * (1.0f / (KNOTS - 1));
}

/* Add the table's change of luma to each channel. */
INLINE void shift(float *x, const Tones *b, Size at, int n) {
    float top[PIXELS], key[PIXELS], change[PIXELS];
    Places places;
    int i;
    keys(top, key, &places, b, at, n);
    read_table(change, &places, b->table, n);
    for (i = 0; i < n; i++) change[i] = (change[i] - key[i]) * (1.0f / (KNOTS - 1));
    for (i = 0; i < n; i++) {
        x[3 * i] += change[i];
        x[3 * i + 1] += change[i];
        x[3 * i + 2] += change[i];
    }
}

/* encode(linear · gain of the largest): 16 bits. */
INLINE void relight(float *x, const Tones *b, Size at, int n) {
    const uint16_t *s = (const uint16_t *)b->source + 3 * at;
    float position[BLOCK];
    Places places;
    int i;
    for (i = 0; i < n; i++) {
        float factor = b->factor[largest(s[3 * i], s[3 * i + 1], s[3 * i + 2])];
        position[3 * i] = b->linear[s[3 * i]] * factor;
        position[3 * i + 1] = b->linear[s[3 * i + 1]] * factor;
        position[3 * i + 2] = b->linear[s[3 * i + 2]] * factor;
    }
    for (i = 0; i < 3 * n; i++) position[i] = clip(position[i], KNOTS - 1.0f);
    for (i = 0; i < 3 * n; i++) places.index[i] = (int)position[i];
    for (i = 0; i < 3 * n; i++) places.part[i] = position[i] - (float)places.index[i];
    read_table(x, &places, b->table, 3 * n);
}

INLINE void render_tones(const Tones *b) {
    Size at;
    for (at = 0; at < b->pixels; at += PIXELS) {
        float e[BLOCK], x[BLOCK];
        int n = b->pixels - at < PIXELS ? (int)(b->pixels - at) : PIXELS, i;
        load(x, b->source, 3 * at, 3 * n, b->kind);
        if (b->strength != 1.0f)
            for (i = 0; i < 3 * n; i++) e[i] = x[i];
        if (b->rule == SHIFT) shift(x, b, at, n);
        else if (b->rule == RELIGHT) relight(x, b, at, n);
        else scale(x, b, at, n);
        mix_and_store(b->target, 3 * at, e, x, b->strength, 3 * n, b->kind);
    }
}

static void render_tones_plain(const Tones *b) { render_tones(b); }
#if HAS_AVX2_COPY
AVX2 static void render_tones_avx2(const Tones *b) { render_tones(b); }
#endif

#endif
