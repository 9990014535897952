/* A frame painted: chroma by the colour of blocks, luma by the curve of its place.

   Luma is worked out in whole numbers, so that every processor gives the same: a curve's values are
   codes in units of 2^-FINE, FINE = 14 - depth, weights of places in units of 2^-14. */

#ifndef RELUME_PAINTING_H
#define RELUME_PAINTING_H

#include "band.h"

#if HAS_AVX2_COPY
#include <immintrin.h>
#endif

#define ONE (1 << 14)
/* ---- curves as whole numbers ------------------------------------------------------------------- */

/* A row of cells: what each code becomes. */
INLINE void expand(int16_t *out, const Paint *p, Size row) {
    const Curves *t = &p->curves;
    const float unit = (float)(1 << (14 - p->depth));
    const float span = p->code.luma * unit, black = p->code.black * unit + 0.5f;
    Size g, c;
    for (g = 0; g < t->across; g++) {
        const float *curve = t->table + (row * t->across + g) * t->levels;
        for (c = 0; c < p->codes; c++) {
            const int at = t->level[c];
            const float value = curve[at] + t->part[c] * (curve[at + 1] - curve[at]);
            out[g * p->codes + c] = (int16_t)(int)clip(value * span + black, 16383.0f);
        }
    }
}

/* Between two rows of cells: each code's value in the low half, its way to the next cell above. */
INLINE void between_cells(int32_t *line, const Scratch *s, const Paint *p, float weight) {
    const Size n = p->curves.across * p->codes, next = p->codes;
    const int w = (int)(weight * (float)ONE + 0.5f);
    Size k;
    for (k = 0; k < n; k++)
        line[k] = s->upper[k] + ((w * (s->lower[k] - s->upper[k]) + ONE / 2) >> 14);
    for (k = 0; k + next < n; k++) line[k] = (int32_t)((uint32_t)(line[k + next] - line[k]) << 16 |
                                                       (uint32_t)line[k]);
}

INLINE int read_pair(int32_t pair, int32_t weight) {
    return (pair & 0xffff) * ONE + (pair >> 16) * (weight >> 16);
}

/* ---- the colour of blocks ---------------------------------------------------------------------- */

/* Clipping stands in loops of its own, as in ../render/lift.h. */
INLINE void at_most(float *p, float most, int n) {
    int i;
    for (i = 0; i < n; i++) p[i] = p[i] < most ? p[i] : most;
}

INLINE void at_least(float *p, float least, int n) {
    int i;
    for (i = 0; i < n; i++) p[i] = p[i] > least ? p[i] : least;
}

INLINE void widen_row(float *out, const float *map, const Lifted *l, Size row, Size blocks) {
    const float *line = map + row * l->w * CURVES;
    Size x;
    int c;
    for (c = 0; c < CURVES; c++)
        for (x = 0; x < blocks; x++) {
            const Size left = l->column[x], right = left + 1 < l->w ? left + 1 : left;
            const float p = line[left * CURVES + c], q = line[right * CURVES + c];
            out[c * blocks + x] = p + l->column_weight[x] * (q - p);
        }
    /* Both are below 30, the guide below 1: powers stay within what power_of_two takes. */
    at_most(out, 30.0f, (int)(CURVES * blocks));
    at_least(out, -30.0f, (int)(CURVES * blocks));
}

/* Widen the rows of maps around a row; those that stand there already stay. */
INLINE void widen_rows(Scratch *s, const Lifted *l, Size row, Size blocks, Size *held) {
    const Size over = l->row[row], under = over + 1 < l->h ? over + 1 : over;
    int m;
    if (over == *held) return;
    for (m = 0; m < 4; m += 2) {
        const float *map = m ? l->offset : l->slope;
        if (over == *held + 1 && *held >= 0) {
            float *below = s->maps[m];
            s->maps[m] = s->maps[m + 1];
            s->maps[m + 1] = below;
        } else widen_row(s->maps[m], map, l, over, blocks);
        widen_row(s->maps[m + 1], map, l, under, blocks);
    }
    *held = over;
}

/* 2^x for x between -60 and 60, relative error below 5e-6: a tenth of a code of 12 bits. */
INLINE float power_of_two(float x) {
    int32_t whole, bits;
    float part, scale;
    whole = (int32_t)(x + 64.5f) - 64;
    part = x - (float)whole;
    bits = (whole + 127) << 23;
    memcpy(&scale, &bits, sizeof scale);
    return scale * (1.0f + part * (0.69314718f + part * (0.24022651f + part * (0.055504109f +
                   part * (0.0096181291f + part * 0.0013333558f)))));
}

/* log2(x) for x > 0, absolute error below 2e-6: as in lift.h, two terms fewer. */
INLINE float logarithm(float x) {
    int32_t bits, whole;
    float m, t, u;
    memcpy(&bits, &x, sizeof bits);
    whole = (bits - 0x3f3504f3) >> 23;
    bits -= (int32_t)((uint32_t)whole << 23);
    memcpy(&m, &bits, sizeof m);
    t = (m - 1.0f) / (m + 1.0f);
    u = t * t;
    return (float)whole + t * (2.88539008f + u * (0.96179669f + u * 0.57707802f));
}

/* Lift planes of RGB: the formulas of ../render/lift.h. */
INLINE void lift_planes(float *rgb[3], const Scratch *s, const Lifted *l, Size row, Size at,
                        Size blocks, int n) {
    const float weight = l->row_weight[row], strength = l->strength;
    float guide[BLOCK], bias[BLOCK], gamma[BLOCK], gain[BLOCK];
    float *const curve[CURVES] = {gain, gain, gain, bias, gamma};
    static const int order[CURVES] = {3, 4, 0, 1, 2};
    int k, x;
    for (x = 0; x < n; x++)
        guide[x] = 0.125f * logarithm(255.0f * (0.299f * rgb[0][x] + 0.587f * rgb[1][x] +
                                                0.114f * rgb[2][x]) + 1.0f);
    for (k = 0; k < CURVES; k++) {
        const int c = order[k];
        const Size here = c * blocks + at;
        const float *slope[2] = {s->maps[0] + here, s->maps[1] + here};
        const float *offset[2] = {s->maps[2] + here, s->maps[3] + here};
        float *out = curve[c];
        for (x = 0; x < n; x++) {
            const float a = slope[0][x] + weight * (slope[1][x] - slope[0][x]);
            const float b = offset[0][x] + weight * (offset[1][x] - offset[0][x]);
            out[x] = power_of_two(a * guide[x] + b);
        }
        if (c > 2) continue;
        for (x = 0; x < n; x++) gain[x] *= rgb[c][x];
        at_most(gain, 1.0f, n);
        for (x = 0; x < n; x++)
            gain[x] = bias[x] * gain[x] / (1.0f + (bias[x] - 1.0f) * gain[x]) + FAINT;
        at_most(gain, 1.0f, n);
        for (x = 0; x < n; x++) gain[x] = gamma[x] * logarithm(gain[x]);
        at_least(gain, -60.0f, n);
        for (x = 0; x < n; x++) gain[x] = power_of_two(gain[x]);
        if (strength != 1.0f)
            for (x = 0; x < n; x++)
                gain[x] = clip(rgb[c][x] + strength * (gain[x] - rgb[c][x]), 1.0f);
        for (x = 0; x < n; x++) rgb[c][x] = gain[x];
    }
}

/* Paint a row of blocks: their chroma, and what their luma is beyond the curve, plus a half. */
INLINE void paint_blocks(const Scratch *s, const Paint *p, Size row, int across, int down, int kind) {
    const Code *c = &p->code;
    const Size blocks = p->source[1].columns, lines[2] = {row * p->source[1].line, row * p->source[2].line};
    const Size new_lines[2] = {row * p->target[1].line, row * p->target[2].line};
    const int share = across + down, fine = 28 - p->depth;
    const float unit = (float)(1 << (14 - p->depth)) * (float)ONE;
    const int last = (int)p->codes - 1;
    Size first;
    for (first = 0; first < blocks; first += BLOCK) {
        const int n = (int)(blocks - first < BLOCK ? blocks - first : BLOCK);
        float red[BLOCK], green[BLOCK], blue[BLOCK], *rgb[3] = {red, green, blue}, y[BLOCK];
        int sum[BLOCK], below[BLOCK], above[BLOCK], x;
        add_blocks(sum, &p->source[0], row << down, first, n, across, down, kind);
        if (p->is_lifted) {
            const char *u = (const char *)p->source[1].at + lines[0] * kind;
            const char *v = (const char *)p->source[2].at + lines[1] * kind;
            to_rgb(rgb, sum, u, v, first, n, c, across, down, kind);
            lift_planes(rgb, s, &p->lift, row, first, blocks, n);
        } else {
            const float *from =
                (const float *)p->rgb.at + (row - p->first) * p->rgb.line + 3 * first;
            for (x = 0; x < n; x++) {
                red[x] = clip(from[3 * x], 1.0f);
                green[x] = clip(from[3 * x + 1], 1.0f);
                blue[x] = clip(from[3 * x + 2], 1.0f);
            }
        }
        to_chroma(y, (char *)p->target[1].at + new_lines[0] * kind,
                  (char *)p->target[2].at + new_lines[1] * kind, first, rgb, n, c, kind);
        for (x = 0; x < n; x++) y[x] = (y[x] * c->luma + c->black) * unit;
        for (x = 0; x < n; x++) {
            const int code = (sum[x] >> share) < last ? sum[x] >> share : last;
            below[x] = s->cell[first + x] + code;
            above[x] = s->cell[first + x] + (code < last ? code + 1 : last);
        }
        for (x = 0; x < n; x++) {
            const int rest = sum[x] & ((1 << share) - 1), weight = s->next[first + x];
            const int32_t one = s->line[below[x]], other = s->line[above[x]];
            const int low = (one & 0xffff) * ONE + (one >> 16) * weight;
            const int high = (other & 0xffff) * ONE + (other >> 16) * weight;
            s->beyond[first + x] =
                (int)y[x] - (low + (((high - low) * rest) >> share)) + (1 << (fine - 1));
        }
    }
}

/* ---- luma along the curves --------------------------------------------------------------------- */

INLINE void follow_plain(const int32_t *cell, const int32_t *weight, const int32_t *beyond,
                         const void *source, void *target, Size from, Size end, int across, int fine,
                         int last, int kind) {
    Size x;
    for (x = from; x < end; x++) {
        int code = sample(source, x, kind), value;
        if (kind == 2 && code > last) code = last;
        value = (read_pair(cell[code], weight[x]) + beyond[x >> across]) >> fine;
        value = value > 0 ? value : 0;
        value = value < last ? value : last;
        if (kind == 1) ((uint8_t *)target)[x] = (uint8_t)value;
        else ((uint16_t *)target)[x] = (uint16_t)value;
    }
}

#if HAS_AVX2_COPY
/* The same for eight samples at a time; returns how far it came. */
AVX2 static Size follow_wide(const int32_t *cell, const int32_t *weight, const int32_t *beyond,
                             const void *source, void *target, Size from, Size end, int across,
                             int fine, int last, int kind) {
    const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3), top = _mm256_set1_epi32(last);
    Size x = from;
    for (; x + 8 <= end; x += 8) {
        __m256i code, value, more;
        if (kind == 1)
            code = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)((const uint8_t *)source + x)));
        else
            code = _mm256_min_epi32(
                _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)((const uint16_t *)source + x))),
                top);
        value = _mm256_madd_epi16(_mm256_i32gather_epi32(cell, code, 4),
                                  _mm256_loadu_si256((const __m256i *)(weight + x)));
        if (across)
            more = _mm256_permutevar8x32_epi32(
                _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(beyond + (x >> 1)))), twice);
        else more = _mm256_loadu_si256((const __m256i *)(beyond + x));
        value = _mm256_srai_epi32(_mm256_add_epi32(value, more), fine);
        value = _mm256_min_epi32(_mm256_max_epi32(value, _mm256_setzero_si256()), top);
        value = _mm256_permute4x64_epi64(_mm256_packus_epi32(value, value), 0x08);
        if (kind == 2)
            _mm_storeu_si128((__m128i *)((uint16_t *)target + x), _mm256_castsi256_si128(value));
        else
            _mm_storel_epi64((__m128i *)((uint8_t *)target + x),
                             _mm_packus_epi16(_mm256_castsi256_si128(value), _mm_setzero_si128()));
    }
    return x;
}
#endif

INLINE void follow(const Scratch *s, const Paint *p, Size row, int across, int kind, int wide) {
    const Size blocks = p->source[1].columns, columns = p->source[0].columns;
    const char *source = (const char *)p->source[0].at + row * p->source[0].line * kind;
    char *target = (char *)p->target[0].at + row * p->target[0].line * kind;
    const int fine = 28 - p->depth, last = (int)p->codes - 1;
    Size block = 0;
    while (block < blocks) { /* a run between the same two cells */
        const int32_t left = p->curves.column[block], *cell = s->line + left * p->codes;
        Size from = block << across, end;
        while (block < blocks && p->curves.column[block] == left) block++;
        end = block << across < columns ? block << across : columns;
#if HAS_AVX2_COPY
        if (wide)
            from = follow_wide(cell, s->weight, s->beyond, source, target, from, end, across, fine,
                               last, kind);
#else
        (void)wide;
#endif
        follow_plain(cell, s->weight, s->beyond, source, target, from, end, across, fine, last, kind);
    }
}

INLINE void paint(const Paint *p, int across, int down, int kind, int wide) {
    const Curves *t = &p->curves;
    const Size blocks = p->source[1].columns;
    Scratch s = laid_out(p);
    const Size whole = p->source[1].rows / (t->down * PARTS), rows = whole > 1 ? whole : 1;
    Size row, x, shown = -1, held = -1;
    for (x = 0; x < blocks; x++) {
        s.cell[x] = t->column[x] * (int32_t)p->codes;
        s.next[x] = (int32_t)(t->column_weight[x] * (float)ONE + 0.5f);
    }
    for (x = 0; x < p->source[0].columns; x++)
        s.weight[x] = (int32_t)((uint32_t)s.next[x >> across] << 16 | (uint32_t)ONE);
    for (row = p->first; row < p->last; row++) {
        const Size step = row - row % rows; /* one curve for these rows, whatever the band */
        const Size above = t->row[step], below = above + 1 < t->down ? above + 1 : above;
        Size y;
        if (above != shown) {
            expand(s.upper, p, above);
            expand(s.lower, p, below);
            shown = above;
        }
        if (row == p->first || row % rows == 0) between_cells(s.line, &s, p, t->row_weight[step]);
        if (p->is_lifted) widen_rows(&s, &p->lift, row, blocks, &held);
        paint_blocks(&s, p, row, across, down, kind);
        for (y = row << down; y < (row + 1) << down && y < p->source[0].rows; y++)
            follow(&s, p, y, across, kind, wide);
    }
}

/* Known shapes and sizes are vectorised. */
INLINE void paint_any(const Paint *p, int wide) {
    const int across = p->code.across, down = p->code.down;
    if (p->code.kind == 1 && across && down) paint(p, 1, 1, 1, wide);
    else if (p->code.kind == 1) paint(p, across, down, 1, wide);
    else if (across && down) paint(p, 1, 1, 2, wide);
    else paint(p, across, down, 2, wide);
}

#endif
