/* The full-resolution pass over bytes: what relume.render does per sample, compiled.

   Every function takes contiguous buffers and their sizes, checks each size and each index before
   it touches a sample (ValueError otherwise), and runs without the interpreter lock. Source and
   target may be the same memory: a sample is written only after it was read. Callers split a
   picture into bands of rows and run several calls at once; a row's result never depends on the
   band it is in.

   Samples are handled in blocks that stay in the first-level cache, by loops plain enough for the
   compiler to vectorise. On x86-64 under GCC and Clang they are compiled twice, and the AVX2 copy
   runs where the processor has it; elsewhere the compiler's own baseline (SSE2, NEON) is used. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define INLINE static __forceinline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define HAS_AVX2_COPY 1
#define AVX2 __attribute__((target("avx2,fma")))
#else
#define HAS_AVX2_COPY 0
#endif

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 4

#define BLOCK 192    /* samples per block: whole RGB pixels and whole vectors; three blocks fit L1 */
#define KNOTS 65536  /* knots of an interpolated function; its table repeats the last one */
#define FINE 32768   /* entries for dark luma, one per thousandth of a level, before the knots */

typedef Py_ssize_t Size;
enum { U8 = 1, U16 = 2, F32 = 4 }; /* a sample's type, named by its bytes */

static int use_avx2 = 0;

/* ---- samples ---------------------------------------------------------------------------------- */

/* Not-a-number counts as 0. */
INLINE float clip(float x, float top) {
    x = x > 0.0f ? x : 0.0f;
    return x < top ? x : top;
}

INLINE void load(float *x, const void *source, Size at, int n, int kind) {
    int i;
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source + at;
        for (i = 0; i < n; i++) x[i] = (float)(int)s[i] * (1.0f / 255.0f);
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source + at;
        for (i = 0; i < n; i++) x[i] = (float)(int)s[i] * (1.0f / 65535.0f);
    } else {
        const float *s = (const float *)source + at;
        for (i = 0; i < n; i++) x[i] = clip(s[i], 1.0f);
    }
}

/* x becomes e + strength·(clipped x − e), clipped; e is not read where strength is 1. */
INLINE void mix(const float *e, float *x, float strength, int n) {
    int i;
    for (i = 0; i < n; i++) x[i] = clip(x[i], 1.0f);
    if (strength != 1.0f)
        for (i = 0; i < n; i++) x[i] = clip(e[i] + strength * (x[i] - e[i]), 1.0f);
}

/* Write x, which is clipped, rounded to nearest. Clipping and conversion are separate loops because
   GCC turns their union into branches, which it does not vectorise. */
INLINE void store(void *target, Size at, const float *x, int n, int kind) {
    int i;
    if (kind == U8) {
        uint8_t *t = (uint8_t *)target + at;
        for (i = 0; i < n; i++) t[i] = (uint8_t)(int)(x[i] * 255.0f + 0.5f);
    } else if (kind == U16) {
        uint16_t *t = (uint16_t *)target + at;
        for (i = 0; i < n; i++) t[i] = (uint16_t)(int)(x[i] * 65535.0f + 0.5f);
    } else {
        float *t = (float *)target + at;
        for (i = 0; i < n; i++) t[i] = x[i];
    }
}

INLINE void mix_and_store(void *target, Size at, const float *e, float *x, float strength, int n,
                          int kind) {
    mix(e, x, strength, n);
    store(target, at, x, n, kind);
}

/* ---- small maps over a band of rows ------------------------------------------------------------ */

enum { CURVE, GAIN, AFFINE, BLEND, TILES, LIFT };

typedef struct {
    const void *source;
    void *target;
    int kind, operation, keep_hue, iterations;
    Size rows, width, channels; /* of the band */
    const float *map[2];        /* h × w × depth; the second one is Affine's offset */
    int maps;
    Size h, w, depth; /* Tiles: depth is the number of levels of a tile's table */
    const int32_t *row, *column;              /* upper and left neighbour of each row and column */
    const float *row_weight, *column_weight;  /* how far towards the next one, in [0, 1] */
    const float *change;                      /* Blend: f(E) − E per level */
    const float *noise; /* Lift: what roots have too much, channels planes of plane_rows × plane_width,
                           of which the band begins at (top, left); NULL where nothing is taken away */
    Size plane_rows, plane_width, top, left;
    Size first_row, first_column; /* Lift: where the band lies in the whole picture, which decides how
                                     bytes are dithered; a row below 0 means that they are not */
    float strength;
    float *scratch; /* maps × 2 rows of width × channels: the neighbouring map rows, widened;
                       Tiles: the tables of a row of tiles, between two rows of them;
                       Lift: as the first, each channel of a map in a row of its own */
} Band;

INLINE void widen(float *out, const float *line, const Band *b) {
    Size x, c;
    for (x = 0; x < b->width; x++) {
        Size left = b->column[x], right = left + 1 < b->w ? left + 1 : left;
        float weight = b->column_weight[x];
        if (b->depth == 1) {
            float v = line[left] + weight * (line[right] - line[left]);
            for (c = 0; c < b->channels; c++) out[x * b->channels + c] = v;
        } else {
            const float *p = line + left * 3, *q = line + right * 3;
            for (c = 0; c < 3; c++) out[x * 3 + c] = p[c] + weight * (q[c] - p[c]);
        }
    }
}

INLINE void between(float *a, const float *upper, const float *lower, float weight, int n) {
    int i;
    for (i = 0; i < n; i++) a[i] = upper[i] + weight * (lower[i] - upper[i]);
}

INLINE void curve(float *x, const float *a, int iterations, int n) {
    int i;
    for (; iterations > 0; iterations--)
        for (i = 0; i < n; i++) x[i] += a[i] * (x[i] - x[i] * x[i]);
}

/* Multiply; where a pixel of three channels passes 1, divide all three by its largest. */
INLINE void gain(float *x, const float *a, int keep_hue, int n) {
    int i, over = 0;
    for (i = 0; i < n; i++) {
        x[i] *= a[i];
        over |= x[i] > 1.0f;
    }
    if (!keep_hue || !over) return;
    for (i = 0; i + 2 < n; i += 3) {
        float top = x[i] > x[i + 1] ? x[i] : x[i + 1];
        top = top > x[i + 2] ? top : x[i + 2];
        if (top > 1.0f) {
            x[i] /= top;
            x[i + 1] /= top;
            x[i + 2] /= top;
        }
    }
}

INLINE void blend(float *x, const float *a, const Band *b, Size at, int n) {
    float change[BLOCK];
    int i;
    if (b->kind == U8) {
        const uint8_t *s = (const uint8_t *)b->source + at;
        for (i = 0; i < n; i++) change[i] = b->change[s[i]];
    } else {
        const uint16_t *s = (const uint16_t *)b->source + at;
        for (i = 0; i < n; i++) change[i] = b->change[s[i]];
    }
    for (i = 0; i < n; i++) x[i] += a[i] * change[i];
}

INLINE void render_band(const Band *b) {
    Size line = b->width * b->channels, y, at;
    float *upper[2], *lower[2];
    Size upper_row = -1, lower_row = -1;
    int m;
    for (m = 0; m < b->maps; m++) {
        upper[m] = b->scratch + 2 * m * line;
        lower[m] = upper[m] + line;
    }
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        float weight = b->row_weight[y];
        if (i != upper_row || j != lower_row) {
            for (m = 0; m < b->maps; m++) {
                if (i == lower_row) { /* one row further down: the lower one is the new upper one */
                    float *t = upper[m];
                    upper[m] = lower[m];
                    lower[m] = t;
                } else {
                    widen(upper[m], b->map[m] + i * b->w * b->depth, b);
                }
                if (j == i) memcpy(lower[m], upper[m], (size_t)line * sizeof(float));
                else widen(lower[m], b->map[m] + j * b->w * b->depth, b);
            }
            upper_row = i;
            lower_row = j;
        }
        for (at = 0; at < line; at += BLOCK) {
            float e[BLOCK], x[BLOCK], a[BLOCK];
            int n = line - at < BLOCK ? (int)(line - at) : BLOCK, k;
            Size here = y * line + at;
            load(x, b->source, here, n, b->kind);
            between(a, upper[0] + at, lower[0] + at, weight, n);
            if (b->strength != 1.0f)
                for (k = 0; k < n; k++) e[k] = x[k];
            switch (b->operation) {
            case CURVE: curve(x, a, b->iterations, n); break;
            case GAIN: gain(x, a, b->keep_hue && b->channels == 3, n); break;
            case BLEND: blend(x, a, b, here, n); break;
            default: {
                float offset[BLOCK];
                between(offset, upper[1] + at, lower[1] + at, weight, n);
                for (k = 0; k < n; k++) x[k] = x[k] * a[k] + offset[k];
            }
            }
            mix_and_store(b->target, here, e, x, b->strength, n, b->kind);
        }
    }
}

/* Read the tables of the tiles to the left and right of each pixel at its luma, and add the change. */
INLINE void tiles(float *x, const float *tables, const Band *b, Size column, int n) {
    const float top = (float)(b->depth - 1);
    float key[BLOCK], part[BLOCK], change[BLOCK];
    int level[BLOCK], last = (int)b->depth - 2, i;
    for (i = 0; i < n; i++)
        key[i] = b->channels == 1
                     ? x[i]
                     : 0.299f * x[3 * i] + 0.587f * x[3 * i + 1] + 0.114f * x[3 * i + 2];
    for (i = 0; i < n; i++) level[i] = (int)(key[i] * top);
    for (i = 0; i < n; i++) level[i] = level[i] < last ? level[i] : last;
    for (i = 0; i < n; i++) part[i] = key[i] * top - (float)level[i];
    for (i = 0; i < n; i++) {
        Size at = b->column[column + i], next = at + 1 < b->w ? at + 1 : at;
        const float *p = tables + at * b->depth + level[i], *q = tables + next * b->depth + level[i];
        float left = p[0] + part[i] * (p[1] - p[0]), right = q[0] + part[i] * (q[1] - q[0]);
        change[i] = left + b->column_weight[column + i] * (right - left) - key[i];
    }
    if (b->channels == 1) {
        for (i = 0; i < n; i++) x[i] += change[i];
        return;
    }
    for (i = 0; i < n; i++) {
        x[3 * i] += change[i];
        x[3 * i + 1] += change[i];
        x[3 * i + 2] += change[i];
    }
}

INLINE void render_tiles(const Band *b) {
    const Size line = b->w * b->depth, step = BLOCK / b->channels;
    Size y, column, k;
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        const float *upper = b->map[0] + i * line, *lower = b->map[0] + j * line;
        for (k = 0; k < line; k++) b->scratch[k] = upper[k] + b->row_weight[y] * (lower[k] - upper[k]);
        for (column = 0; column < b->width; column += step) {
            float e[BLOCK], x[BLOCK];
            int n = (int)(b->width - column < step ? b->width - column : step);
            int samples = n * (int)b->channels, m;
            Size here = (y * b->width + column) * b->channels;
            load(x, b->source, here, samples, b->kind);
            if (b->strength != 1.0f)
                for (m = 0; m < samples; m++) e[m] = x[m];
            tiles(x, b->scratch, b, column, n);
            mix_and_store(b->target, here, e, x, b->strength, samples, b->kind);
        }
    }
}

/* ---- lifting: gains, bias and gamma from lines over log luma ------------------------------------ */

#define LIFT_MAPS 6 /* at most: a gain per channel, the bias, gamma, the amount of cleaning */
#define FAINT 1e-4f /* added to what gamma is applied to: the slope of a power is infinite at 0 */
#define HARDLY (2.0f / 255.0f) /* luma at which half of the colour is taken: see maps.HARDLY */

/* Clipping and conversion are loops of their own, as in mix_and_store. */

/* p ← 2^p, relative error below 2e-7; p is clipped to what any picture needs. */
INLINE void exp2_all(float *p, int n) {
    int i;
    for (i = 0; i < n; i++) p[i] = p[i] > -60.0f ? p[i] : -60.0f;
    for (i = 0; i < n; i++) p[i] = p[i] < 60.0f ? p[i] : 60.0f;
    for (i = 0; i < n; i++) {
        const int whole = (int)(p[i] + 64.5f) - 64;
        const float part = p[i] - (float)whole; /* in [-1/2, 1/2]: seven terms are enough */
        const int32_t bits = (whole + 127) << 23;
        float scale;
        memcpy(&scale, &bits, sizeof scale);
        p[i] = scale * (1.0f + part * (0.69314718f + part * (0.24022651f + part * (0.055504109f +
               part * (0.0096181291f + part * (0.0013333558f + part * 0.00015403530f))))));
    }
}

/* x ← log2(x) for x > 0, absolute error below 1e-6: 2·artanh((m - 1)/(m + 1)), m in [√½, √2). */
INLINE void log2_all(float *x, int n) {
    int i;
    for (i = 0; i < n; i++) {
        int32_t bits, whole;
        float m, t, u;
        memcpy(&bits, x + i, sizeof bits);
        whole = (bits - 0x3f3504f3) >> 23;
        bits -= (int32_t)((uint32_t)whole << 23);
        memcpy(&m, &bits, sizeof m);
        t = (m - 1.0f) / (m + 1.0f);
        u = t * t;
        x[i] = (float)whole + t * (2.88539008f + u * (0.96179669f + u * (0.57707802f +
               u * (0.41219858f + u * 0.32059890f))));
    }
}

/* Widen a row of a map, its channels one after the other. */
INLINE void widen_planes(float *out, const float *line, const Band *b) {
    Size x, c;
    for (c = 0; c < b->depth; c++)
        for (x = 0; x < b->width; x++) {
            Size left = b->column[x], right = left + 1 < b->w ? left + 1 : left;
            float p = line[left * b->depth + c], q = line[right * b->depth + c];
            out[c * b->width + x] = p + b->column_weight[x] * (q - p);
        }
}

/* y = (k·z/(1 + (k - 1)·z))^gamma with z = min(1, gain·x); maps hold logarithms to the base 2. */
INLINE void lift(float *x, float maps[LIFT_MAPS][BLOCK], int channels, int n) {
    float *bias = maps[channels], *gamma = maps[channels + 1];
    int c, i;
    for (c = 0; c < channels + 2; c++) exp2_all(maps[c], n);
    for (c = 0; c < channels; c++) {
        float *y = maps[c]; /* the gain, then z, then the result */
        for (i = 0; i < n; i++) y[i] *= x[channels * i + c];
        for (i = 0; i < n; i++) y[i] = y[i] < 1.0f ? y[i] : 1.0f;
        for (i = 0; i < n; i++)
            y[i] = bias[i] * y[i] / (1.0f + (bias[i] - 1.0f) * y[i]) + FAINT;
        log2_all(y, n);
        for (i = 0; i < n; i++) y[i] *= gamma[i];
        exp2_all(y, n);
        for (i = 0; i < n; i++) x[channels * i + c] = y[i];
    }
}

/* Move samples x towards clip(√x - noise)², those without noise and, where dark, without colour. */
INLINE void calm(float *x, const float *amount, const Band *b, int channels, Size y, Size column,
                 int n) {
    float quiet[3][BLOCK];
    int c, i;
    for (c = 0; c < channels; c++) {
        const float *line = b->noise + (c * b->plane_rows + b->top + y) * b->plane_width + b->left + column;
        float *root = quiet[c];
        for (i = 0; i < n; i++) root[i] = sqrtf(x[channels * i + c]) - line[i];
        for (i = 0; i < n; i++) root[i] = root[i] > 0.0f ? root[i] : 0.0f;
        for (i = 0; i < n; i++) root[i] = root[i] < 1.0f ? root[i] : 1.0f;
        for (i = 0; i < n; i++) root[i] *= root[i];
    }
    if (channels == 3)
        for (i = 0; i < n; i++) {
            const float gray = 0.299f * quiet[0][i] + 0.587f * quiet[1][i] + 0.114f * quiet[2][i];
            const float lost = HARDLY * HARDLY / (HARDLY * HARDLY + gray * gray);
            for (c = 0; c < 3; c++) quiet[c][i] += lost * (gray - quiet[c][i]);
        }
    for (c = 0; c < channels; c++)
        for (i = 0; i < n; i++)
            x[channels * i + c] += amount[i] * (quiet[c][i] - x[channels * i + c]);
}

/* Add up to half a level of 8 bits, evenly spread and different from pixel to pixel: rounding then
   gives the right mean where noise no longer does. The integer hash is lowbias32 (Wellons,
   Prospecting for Hash Functions, 2018). */
INLINE void dither(float *x, int channels, Size row, Size column, int n) {
    float d[BLOCK];
    int i, c;
    for (i = 0; i < n; i++) {
        uint32_t h = (uint32_t)row << 16 ^ (uint32_t)(column + i);
        h ^= h >> 16;
        h *= 0x7feb352dU;
        h ^= h >> 15;
        h *= 0x846ca68bU;
        h ^= h >> 16;
        d[i] = ((float)(int)(h & 255) - 127.5f) * (1.0f / (256.0f * 255.0f));
    }
    for (c = 0; c < channels; c++)
        for (i = 0; i < n; i++) x[channels * i + c] += d[i];
}

INLINE void render_lift(const Band *b) {
    const int curves = (int)b->channels + 2;
    const Size planes = b->width * b->depth, step = BLOCK / b->channels;
    float *upper[2], *lower[2];
    Size upper_row = -1, lower_row = -1, y, column;
    int m;
    for (m = 0; m < 2; m++) {
        upper[m] = b->scratch + 2 * m * planes;
        lower[m] = upper[m] + planes;
    }
    for (y = 0; y < b->rows; y++) {
        Size i = b->row[y], j = i + 1 < b->h ? i + 1 : i;
        const float weight = b->row_weight[y];
        if (i != upper_row || j != lower_row) {
            for (m = 0; m < 2; m++) {
                widen_planes(upper[m], b->map[m] + i * b->w * b->depth, b);
                widen_planes(lower[m], b->map[m] + j * b->w * b->depth, b);
            }
            upper_row = i;
            lower_row = j;
        }
        for (column = 0; column < b->width; column += step) {
            float e[BLOCK], x[BLOCK], guide[BLOCK], maps[LIFT_MAPS][BLOCK];
            const int n = (int)(b->width - column < step ? b->width - column : step);
            const int samples = n * (int)b->channels;
            const Size here = (y * b->width + column) * b->channels;
            int c, k;
            load(x, b->source, here, samples, b->kind);
            if (b->strength != 1.0f)
                for (k = 0; k < samples; k++) e[k] = x[k];
            if (b->noise != NULL) {
                const Size at = curves * b->width + column;
                between(guide, upper[1] + at, lower[1] + at, weight, n);
                if (b->channels == 3) calm(x, guide, b, 3, y, column, n);
                else calm(x, guide, b, 1, y, column, n);
            }
            if (b->channels == 1)
                for (k = 0; k < n; k++) guide[k] = x[k];
            else
                for (k = 0; k < n; k++)
                    guide[k] = 0.299f * x[3 * k] + 0.587f * x[3 * k + 1] + 0.114f * x[3 * k + 2];
            for (k = 0; k < n; k++) guide[k] = 255.0f * guide[k] + 1.0f;
            log2_all(guide, n);
            for (k = 0; k < n; k++) guide[k] *= 0.125f;
            for (c = 0; c < curves; c++) {
                float slope[BLOCK], offset[BLOCK];
                const Size at = c * b->width + column;
                between(slope, upper[0] + at, lower[0] + at, weight, n);
                between(offset, upper[1] + at, lower[1] + at, weight, n);
                for (k = 0; k < n; k++) maps[c][k] = slope[k] * guide[k] + offset[k];
            }
            if (b->channels == 3) lift(x, maps, 3, n); /* known strides are vectorised */
            else lift(x, maps, 1, n);
            mix(e, x, b->strength, samples);
            if (b->first_row >= 0 && b->kind == U8) {
                const Size row = b->first_row + y, first = b->first_column + column;
                if (b->channels == 3) dither(x, 3, row, first, n);
                else dither(x, 1, row, first, n);
            }
            store(b->target, here, x, samples, b->kind);
        }
    }
}

INLINE void render_placed(const Band *b) {
    if (b->operation == TILES) render_tiles(b);
    else if (b->operation == LIFT) render_lift(b);
    else render_band(b);
}

static void render_placed_plain(const Band *b) { render_placed(b); }
#if HAS_AVX2_COPY
AVX2 static void render_placed_avx2(const Band *b) { render_placed(b); }
#endif

/* ---- tables: a function of the sample ----------------------------------------------------------- */

static void look_up_u8(const uint8_t *s, uint8_t *t, Size n, const uint8_t *table) {
    Size i;
    for (i = 0; i < n; i++) t[i] = table[s[i]];
}

static void look_up_u16(const uint16_t *s, uint16_t *t, Size n, const uint16_t *table) {
    Size i;
    for (i = 0; i < n; i++) t[i] = table[s[i]];
}

/* ---- tables: a function of a pixel's value or luma ---------------------------------------------- */

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

/* ---- counting ---------------------------------------------------------------------------------- */

enum { LUMA, VALUE, RED, GREEN, BLUE };

#define LEVEL(s, i, of)                                                                             \
    ((of) == LUMA    ? (luma((s)[i], (s)[(i) + 1], (s)[(i) + 2]) + 500) / 1000                      \
     : (of) == VALUE ? largest((s)[i], (s)[(i) + 1], (s)[(i) + 2])                                  \
                     : (uint32_t)(s)[(i) + ((of) - RED)])

/* Four tables in turn: neighbouring pixels of one level would wait for each other's store. */
INLINE void count_u8(const uint8_t *s, Size pixels, int channels, int of, uint32_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) {
        uint32_t level = channels == 1 ? s[i] : LEVEL(s, 3 * i, of);
        c[256 * (i & 3) + level]++;
    }
}

INLINE void count_u16(const uint16_t *s, Size pixels, int channels, int of, int64_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) c[channels == 1 ? s[i] : LEVEL(s, 3 * i, of)]++;
}

/* A half is rounded up as for integers, though single precision may have left it 0.012 bins short. */
#define ROUND_UP 0.52f

INLINE void count_f32(const float *s, Size pixels, int channels, int of, int64_t *c) {
    Size i;
    for (i = 0; i < pixels; i++) {
        const float *p = s + i * channels;
        float v;
        if (channels == 1 || of >= RED) {
            v = clip(p[channels == 1 ? 0 : of - RED], 1.0f);
        } else {
            float r = clip(p[0], 1.0f), g = clip(p[1], 1.0f), b = clip(p[2], 1.0f);
            if (of == LUMA) v = clip(0.299f * r + 0.587f * g + 0.114f * b, 1.0f);
            else v = (r > g ? r : g) > b ? (r > g ? r : g) : b;
        }
        c[(int)(v * 65535.0f + ROUND_UP)]++;
    }
}

/* The source is a constant in each branch, so that the loop is compiled without the choice. */
#define COUNT(NAME, s, c)                                                                           \
    if (channels == 1) NAME(s, pixels, 1, RED, c);                                                  \
    else if (of == LUMA) NAME(s, pixels, 3, LUMA, c);                                               \
    else if (of == VALUE) NAME(s, pixels, 3, VALUE, c);                                             \
    else NAME(s, pixels, 3, of, c)

static void count_all(const void *source, int kind, Size pixels, int channels, int of, int64_t *bins) {
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source;
        uint32_t c[1024] = {0};
        int i;
        COUNT(count_u8, s, c);
        for (i = 0; i < 1024; i++) bins[i & 255] += c[i];
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source;
        COUNT(count_u16, s, bins);
    } else {
        const float *s = (const float *)source;
        COUNT(count_f32, s, bins);
    }
}

/* ---- area averaging ---------------------------------------------------------------------------- */

INLINE void add_row(double *sum, const void *source, Size at, double weight, Size n, int kind) {
    Size i;
    if (kind == U8) {
        const uint8_t *s = (const uint8_t *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)(int)s[i];
    } else if (kind == U16) {
        const uint16_t *s = (const uint16_t *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)(int)s[i];
    } else {
        const float *s = (const float *)source + at;
        for (i = 0; i < n; i++) sum[i] += weight * (double)clip(s[i], 1.0f);
    }
}

/* Output row i covers [i·H, (i + 1)·H) and source row r covers [r·h, (r + 1)·h) in units of 1/h of
   a row: overlaps are whole numbers, so the weights are exact. Columns likewise. */
INLINE void average(const void *source, int kind, Size H, Size W, Size channels, Size h, Size w,
                    Size first, Size count, float *target, double *sum) {
    const double unit = kind == U8 ? 255.0 : kind == U16 ? 65535.0 : 1.0;
    Size i, j, r, x, c, line = W * channels;
    for (i = first; i < first + count; i++) {
        Size from = i * H, to = from + H;
        memset(sum, 0, (size_t)line * sizeof(double));
        for (r = from / h; r * h < to; r++) {
            Size low = r * h > from ? r * h : from, high = (r + 1) * h < to ? (r + 1) * h : to;
            add_row(sum, source, r * line, (double)(high - low) / (double)H, line, kind);
        }
        for (j = 0; j < w; j++) {
            Size left = j * W, right = left + W;
            double total[3] = {0.0, 0.0, 0.0};
            for (x = left / w; x * w < right; x++) {
                Size low = x * w > left ? x * w : left;
                Size high = (x + 1) * w < right ? (x + 1) * w : right;
                for (c = 0; c < channels; c++) total[c] += (double)(high - low) * sum[x * channels + c];
            }
            for (c = 0; c < 3; c++)
                *target++ = (float)(total[channels == 3 ? c : 0] / ((double)W * unit));
        }
    }
}

typedef void Average(const void *, int, Size, Size, Size, Size, Size, Size, Size, float *, double *);
static void average_plain(const void *source, int kind, Size H, Size W, Size channels, Size h, Size w,
                          Size first, Size count, float *target, double *sum) {
    average(source, kind, H, W, channels, h, w, first, count, target, sum);
}
#if HAS_AVX2_COPY
AVX2 static void average_avx2(const void *source, int kind, Size H, Size W, Size channels, Size h,
                              Size w, Size first, Size count, float *target, double *sum) {
    average(source, kind, H, W, channels, h, w, first, count, target, sum);
}
#endif

/* ---- checks ------------------------------------------------------------------------------------ */

/* Of any product of sizes: what is computed from it (bytes, two lines of two maps) does not overflow. */
#define LARGEST (PY_SSIZE_T_MAX / 64)

/* a · b · c · d, or −1 with ValueError where a factor is not positive or the product too large. */
static Size product(Size a, Size b, Size c, Size d) {
    Size factors[4], all = 1;
    int i;
    factors[0] = a, factors[1] = b, factors[2] = c, factors[3] = d;
    for (i = 0; i < 4; i++) {
        if (factors[i] < 1 || factors[i] > LARGEST / all) {
            PyErr_SetString(PyExc_ValueError, "sizes must be positive and fit into memory");
            return -1;
        }
        all *= factors[i];
    }
    return all;
}

/* Does the buffer hold exactly `count` items of `item` bytes, aligned? ValueError otherwise. */
static int holds(const Py_buffer *buffer, Size count, Size item, const char *name) {
    if (count < 0) return 0;
    if (buffer->len != count * item) {
        PyErr_Format(PyExc_ValueError, "%s: expected %zd bytes, got %zd", name, count * item, buffer->len);
        return 0;
    }
    if ((uintptr_t)buffer->buf % (uintptr_t)item != 0) {
        PyErr_Format(PyExc_ValueError, "%s: not aligned to %zd bytes", name, item);
        return 0;
    }
    return 1;
}

static int is_kind(int kind, int floats_too) {
    if (kind == U8 || kind == U16 || (floats_too && kind == F32)) return 1;
    PyErr_Format(PyExc_ValueError, "kind: %d is no sample type of this function", kind);
    return 0;
}

static int is_depth(Size channels) {
    if (channels == 1 || channels == 3) return 1;
    PyErr_Format(PyExc_ValueError, "channels: expected 1 or 3, got %zd", channels);
    return 0;
}

static int all_below(const int32_t *index, Size n, Size limit, const char *name) {
    Size i;
    for (i = 0; i < n; i++)
        if (index[i] < 0 || index[i] >= limit) {
            PyErr_Format(PyExc_ValueError, "%s: index %d is outside the map", name, (int)index[i]);
            return 0;
        }
    return 1;
}

static void release(Py_buffer *buffers, int n) {
    while (n-- > 0) PyBuffer_Release(&buffers[n]);
}

static PyObject *done(int ok) {
    if (!ok) return NULL;
    Py_RETURN_NONE;
}

/* ---- Python ------------------------------------------------------------------------------------ */

/* Buffers of a call on a map: source, target, map, row, row weight, column, column weight, and what
   the operation needs besides. */
enum { SOURCE, TARGET, MAP, ROW, ROW_WEIGHT, COLUMN, COLUMN_WEIGHT, MORE, BUFFERS };

static int on_map(Band *b, Py_buffer *buffers) {
    Size samples = product(b->rows, b->width, b->channels, 1), line;
    Size cells = product(b->h, b->w, b->depth, 1);
    const int tiled = b->operation == TILES, lifted = b->operation == LIFT;
    if (!is_kind(b->kind, b->operation != BLEND) || !is_depth(b->channels)) return 0;
    if (lifted) {
        if (b->depth != b->channels + (b->noise == NULL ? 2 : 3)) {
            PyErr_SetString(PyExc_ValueError, "maps: expected a gain per channel, bias and gamma");
            return 0;
        }
    } else if (tiled ? b->depth < 2 || b->depth > 65536 : !is_depth(b->depth)) {
        if (tiled) PyErr_SetString(PyExc_ValueError, "levels: expected 2 to 65536");
        return 0;
    }
    if (!tiled && !lifted && b->depth > b->channels) {
        PyErr_SetString(PyExc_ValueError, "a map of three channels needs a picture of three");
        return 0;
    }
    if (!holds(&buffers[SOURCE], samples, b->kind, "source") ||
        !holds(&buffers[TARGET], samples, b->kind, "target") ||
        !holds(&buffers[MAP], cells, sizeof(float), "map") ||
        !holds(&buffers[ROW], b->rows, sizeof(int32_t), "row") ||
        !holds(&buffers[ROW_WEIGHT], b->rows, sizeof(float), "row weight") ||
        !holds(&buffers[COLUMN], b->width, sizeof(int32_t), "column") ||
        !holds(&buffers[COLUMN_WEIGHT], b->width, sizeof(float), "column weight") ||
        !all_below((const int32_t *)buffers[ROW].buf, b->rows, b->h, "row") ||
        !all_below((const int32_t *)buffers[COLUMN].buf, b->width, b->w, "column"))
        return 0;
    b->maps = 1;
    if (b->operation == AFFINE || lifted) {
        if (!holds(&buffers[MORE], cells, sizeof(float), "offset")) return 0;
        b->map[1] = (const float *)buffers[MORE].buf;
        b->maps = 2;
    } else if (b->operation == BLEND) {
        if (!holds(&buffers[MORE], b->kind == U8 ? 256 : 65536, sizeof(float), "change")) return 0;
        b->change = (const float *)buffers[MORE].buf;
    }
    b->source = buffers[SOURCE].buf;
    b->target = buffers[TARGET].buf;
    b->map[0] = (const float *)buffers[MAP].buf;
    b->row = (const int32_t *)buffers[ROW].buf;
    b->row_weight = (const float *)buffers[ROW_WEIGHT].buf;
    b->column = (const int32_t *)buffers[COLUMN].buf;
    b->column_weight = (const float *)buffers[COLUMN_WEIGHT].buf;
    line = tiled ? b->w * b->depth : 2 * b->maps * b->width * (lifted ? b->depth : b->channels);
    b->scratch = (float *)malloc((size_t)line * sizeof(float));
    if (b->scratch == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
    if (use_avx2) render_placed_avx2(b);
    else
#endif
        render_placed_plain(b);
    Py_END_ALLOW_THREADS
    free(b->scratch);
    return 1;
}

/* The arguments every operation on a map begins with. */
#define GEOMETRY "y*w*i(nnn)y*(nnn)y*y*y*y*f"
#define INTO(b, v)                                                                                  \
    &v[SOURCE], &v[TARGET], &b.kind, &b.rows, &b.width, &b.channels, &v[MAP], &b.h, &b.w, &b.depth, \
        &v[ROW], &v[ROW_WEIGHT], &v[COLUMN], &v[COLUMN_WEIGHT], &b.strength

static PyObject *py_curve(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "i:curve", INTO(b, v), &b.iterations)) return NULL;
    b.operation = CURVE;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *py_gain(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "p:gain", INTO(b, v), &b.keep_hue)) return NULL;
    b.operation = GAIN;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *py_tiles(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok, nothing;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "i:tiles", INTO(b, v), &nothing)) return NULL;
    b.operation = TILES;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *with_more(PyObject *args, int operation, const char *format) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    if (!PyArg_ParseTuple(args, format, INTO(b, v), &v[MORE])) return NULL;
    b.operation = operation;
    ok = on_map(&b, v);
    release(v, BUFFERS);
    return done(ok);
}

static PyObject *py_affine(PyObject *self, PyObject *args) {
    (void)self;
    return with_more(args, AFFINE, GEOMETRY "y*:affine");
}

/* … offset, (first_row, first_column) */
static PyObject *py_lift(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "y*(nn):lift", INTO(b, v), &v[MORE], &b.first_row,
                          &b.first_column))
        return NULL;
    b.operation = LIFT;
    ok = on_map(&b, v);
    release(v, BUFFERS);
    return done(ok);
}

/* … offset, (first_row, first_column), noise, (plane_rows, plane_width, top, left): the maps have the
   amount as their last one, in the offset */
static PyObject *py_lift_clean(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS + 1];
    Size cells;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "y*(nn)y*(nnnn):lift_clean", INTO(b, v), &v[MORE],
                          &b.first_row, &b.first_column, &v[BUFFERS], &b.plane_rows, &b.plane_width,
                          &b.top, &b.left))
        return NULL;
    b.operation = LIFT;
    cells = product(b.channels, b.plane_rows, b.plane_width, 1);
    ok = holds(&v[BUFFERS], cells, sizeof(float), "noise") && product(b.rows, b.width, 1, 1) > 0;
    if (ok && (b.top < 0 || b.left < 0 || b.rows > b.plane_rows || b.width > b.plane_width ||
               b.top > b.plane_rows - b.rows || b.left > b.plane_width - b.width)) {
        PyErr_SetString(PyExc_ValueError, "noise: the band lies outside its planes");
        ok = 0;
    }
    b.noise = (const float *)v[BUFFERS].buf;
    ok = ok && on_map(&b, v);
    release(v, BUFFERS + 1);
    return done(ok);
}

static PyObject *py_blend(PyObject *self, PyObject *args) {
    (void)self;
    return with_more(args, BLEND, GEOMETRY "y*:blend");
}

/* look_up(source, target, kind, table) */
static PyObject *py_look_up(PyObject *self, PyObject *args) {
    Py_buffer v[3];
    int kind, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*:look_up", &v[0], &v[1], &kind, &v[2])) return NULL;
    ok = is_kind(kind, 0);
    if (ok) {
        Size n = v[0].len / kind;
        ok = holds(&v[0], n, kind, "source") && holds(&v[1], n, kind, "target") &&
             holds(&v[2], kind == U8 ? 256 : 65536, kind, "table");
        if (ok) {
            Py_BEGIN_ALLOW_THREADS
            if (kind == U8)
                look_up_u8((const uint8_t *)v[0].buf, (uint8_t *)v[1].buf, n, (const uint8_t *)v[2].buf);
            else
                look_up_u16((const uint16_t *)v[0].buf, (uint16_t *)v[1].buf, n,
                            (const uint16_t *)v[2].buf);
            Py_END_ALLOW_THREADS
        }
    }
    release(v, 3);
    return done(ok);
}

/* look_up_pairs(source, target, table): RGB bytes, table[largest][sample] */
static PyObject *py_look_up_pairs(PyObject *self, PyObject *args) {
    Py_buffer v[3];
    Size n;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*y*:look_up_pairs", &v[0], &v[1], &v[2])) return NULL;
    n = v[0].len / 3;
    ok = holds(&v[0], 3 * n, 1, "source") && holds(&v[1], 3 * n, 1, "target") &&
         holds(&v[2], 65536, 1, "table");
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        look_up_pairs((const uint8_t *)v[0].buf, (uint8_t *)v[1].buf, n, (const uint8_t *)v[2].buf);
        Py_END_ALLOW_THREADS
    }
    release(v, 3);
    return done(ok);
}

/* What scale, shift and relight share: v is source, target, table and more. */
static int on_tones(Tones *b, const Py_buffer *v) {
    if (!is_kind(b->kind, 0)) return 0;
    b->pixels = v[0].len / (3 * b->kind);
    if (!holds(&v[0], 3 * b->pixels, b->kind, "source") ||
        !holds(&v[1], 3 * b->pixels, b->kind, "target") ||
        !holds(&v[2], (b->rule == RELIGHT ? 0 : FINE) + KNOTS + 1, sizeof(float), "table"))
        return 0;
    b->source = v[0].buf;
    b->target = v[1].buf;
    b->table = (const float *)v[2].buf;
    Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
    if (use_avx2) render_tones_avx2(b);
    else
#endif
        render_tones_plain(b);
    Py_END_ALLOW_THREADS
    return 1;
}

/* scale(source, target, kind, table, strength, by_luma) */
static PyObject *py_scale(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[3];
    int by_luma, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*fp:scale", &v[0], &v[1], &b.kind, &v[2], &b.strength,
                          &by_luma))
        return NULL;
    b.rule = by_luma ? BY_LUMA : BY_VALUE;
    ok = on_tones(&b, v);
    release(v, 3);
    return done(ok);
}

/* shift(source, target, kind, table, strength) */
static PyObject *py_shift(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[3];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*f:shift", &v[0], &v[1], &b.kind, &v[2], &b.strength))
        return NULL;
    b.rule = SHIFT;
    ok = on_tones(&b, v);
    release(v, 3);
    return done(ok);
}

/* relight(source, target, linear, factor, encoded, strength): RGB of 16 bits */
static PyObject *py_relight(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[5]; /* source, target, encoded, linear, factor */
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*y*y*y*f:relight", &v[0], &v[1], &v[3], &v[4], &v[2],
                          &b.strength))
        return NULL;
    b.kind = U16;
    b.rule = RELIGHT;
    b.linear = (const float *)v[3].buf;
    b.factor = (const float *)v[4].buf;
    ok = holds(&v[3], 65536, sizeof(float), "linear") &&
         holds(&v[4], 65536, sizeof(float), "factor") && on_tones(&b, v);
    release(v, 5);
    return done(ok);
}

/* count(source, kind, channels, of, bins): adds to 256 or 65536 bins of int64 */
static PyObject *py_count(PyObject *self, PyObject *args) {
    Py_buffer v[2];
    Size channels;
    int kind, of, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*iniw*:count", &v[0], &kind, &channels, &of, &v[1])) return NULL;
    ok = is_kind(kind, 1) && is_depth(channels);
    if (ok && (of < LUMA || of > BLUE)) {
        PyErr_Format(PyExc_ValueError, "of: no source of number %d", of);
        ok = 0;
    }
    if (ok) {
        Size pixels = v[0].len / (kind * channels);
        /* 2³² pixels of one level would overflow the bytes' counters. */
        ok = holds(&v[0], pixels * channels, kind, "source") &&
             holds(&v[1], kind == U8 ? 256 : 65536, sizeof(int64_t), "bins");
        if (ok && pixels > (Size)0x7fffffff) {
            PyErr_SetString(PyExc_ValueError, "source: more than 2147483647 pixels at once");
            ok = 0;
        }
        if (ok) {
            Py_BEGIN_ALLOW_THREADS
            count_all(v[0].buf, kind, pixels, (int)channels, of, (int64_t *)v[1].buf);
            Py_END_ALLOW_THREADS
        }
    }
    release(v, 2);
    return done(ok);
}

/* area(source, kind, (H, W, channels), (h, w), first, target): as many output rows as target holds */
static PyObject *py_area(PyObject *self, PyObject *args) {
    Py_buffer v[2];
    Size H, W, channels, h, w, first;
    int kind, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*i(nnn)(nn)nw*:area", &v[0], &kind, &H, &W, &channels, &h, &w,
                          &first, &v[1]))
        return NULL;
    ok = is_kind(kind, 1) && is_depth(channels) &&
         holds(&v[0], product(H, W, channels, 1), kind, "source") && product(h, w, 3, 1) > 0 &&
         product(H, h, 1, 1) > 0 && product(W, w, 1, 1) > 0;
    if (ok) {
        Size count = v[1].len / (3 * w * (Size)sizeof(float));
        if (h > H || w > W || first < 0 || count > h || first > h - count) {
            PyErr_SetString(PyExc_ValueError, "rows or columns outside the picture");
            ok = 0;
        } else if (holds(&v[1], count * w * 3, sizeof(float), "target")) {
            double *sum = (double *)malloc((size_t)(W * channels) * sizeof(double));
            if (sum == NULL) {
                PyErr_NoMemory();
                ok = 0;
            } else {
                Average *run = average_plain;
#if HAS_AVX2_COPY
                if (use_avx2) run = average_avx2;
#endif
                Py_BEGIN_ALLOW_THREADS
                run(v[0].buf, kind, H, W, channels, h, w, first, count, (float *)v[1].buf, sum);
                Py_END_ALLOW_THREADS
                free(sum);
            }
        } else {
            ok = 0;
        }
    }
    release(v, 2);
    return done(ok);
}

static PyMethodDef functions[] = {
    {"curve", py_curve, METH_VARARGS, NULL},
    {"gain", py_gain, METH_VARARGS, NULL},
    {"affine", py_affine, METH_VARARGS, NULL},
    {"blend", py_blend, METH_VARARGS, NULL},
    {"lift", py_lift, METH_VARARGS, NULL},
    {"lift_clean", py_lift_clean, METH_VARARGS, NULL},
    {"tiles", py_tiles, METH_VARARGS, NULL},
    {"look_up", py_look_up, METH_VARARGS, NULL},
    {"look_up_pairs", py_look_up_pairs, METH_VARARGS, NULL},
    {"scale", py_scale, METH_VARARGS, NULL},
    {"shift", py_shift, METH_VARARGS, NULL},
    {"relight", py_relight, METH_VARARGS, NULL},
    {"count", py_count, METH_VARARGS, NULL},
    {"area", py_area, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    use_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    if (PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0) return -1;
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", use_avx2 ? "AVX2" : "");
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
