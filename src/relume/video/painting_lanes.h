/* A frame painted, for one instruction set: chroma by the colour of blocks, luma by the curve of its
   place. To be included with what ../render/lanes_begin.h wants, and

   TARGET              the attribute that compiles a function for it
   WIDE                1 where painting.h has follow_wide for it, and then
   LEAST, MOST(a, b)   the smaller, the larger one; b where a is no number
   GATHER(p, at)       p[at] for whole numbers at
   PAIRS(a, b)         products of 16 bits, the low and the high ones added */

#include "../render/lanes_begin.h"

#define CHUNK 64 /* blocks that are painted at once */
#define bytes NAMED(bytes)
#define halves NAMED(halves)
typedef uint16_t bytes __attribute__((vector_size(2 * LANES), aligned(1), may_alias));
typedef uint32_t halves __attribute__((vector_size(4 * LANES), aligned(1), may_alias));
#define WHOLE(p) (*(const ints *)(p))
#define INTO_WHOLE(p) (*(ints *)(p))

#if !WIDE
#define LEAST(x, top) ((vec)(((ints)(x) & ((x) < (top))) | ((ints)(top) & ~((x) < (top)))))
#define MOST(x, low) ((vec)(((ints)(x) & ((x) > (low))) | ((ints)(low) & ~((x) > (low)))))
#define GATHER(p, at) NAMED(gather)(p, at)
#define PAIRS(a, b) (((a) & 65535) * ((b) & 65535) + ((a) >> 16) * ((b) >> 16))

INLINE ints NAMED(gather)(const void *p, ints at) {
    ints found;
    int i;
    for (i = 0; i < LANES; i++) {
        int32_t one;
        memcpy(&one, (const char *)p + 4 * (Size)at[i], sizeof one);
        found[i] = one;
    }
    return found;
}
#endif

/* ---- curves as whole numbers ------------------------------------------------------------------- */

/* A row of cells: what each code becomes. */
TARGET INLINE void NAMED(expand)(int16_t *out, const Paint *p, Size row) {
    const Curves *t = &p->curves;
    const float unit = (float)(1 << (14 - p->depth));
    const vec span = ALL(p->code.luma * unit), black = ALL(p->code.black * unit + 0.5f);
    const vec none = ALL(0.0f), top = ALL(16383.0f);
    Size g, c;
    int i;
    for (g = 0; g < t->across; g++) {
        const float *curve = t->table + (row * t->across + g) * t->levels;
        int16_t *to = out + g * p->codes;
        for (c = 0; c < p->codes; c += LANES) { /* there are 256 codes or more */
            const ints at = WHOLE(t->level + c);
            const vec low = (vec)GATHER(curve, at), high = (vec)GATHER(curve + 1, at);
            vec value = MADD(AT(t->part + c), high - low, low);
            ints whole;
            value = MADD(value, span, black);
            value = MOST(value, none);
            value = LEAST(value, top);
            whole = __builtin_convertvector(value, ints);
            for (i = 0; i < LANES; i++) to[c + i] = (int16_t)whole[i];
        }
    }
}

/* Between two rows of cells: each code's value in the low half, its way to the next cell above. */
TARGET INLINE void NAMED(between_cells)(int32_t *restrict line, const Scratch *s, const Paint *p,
                                        float weight) {
    const Size n = p->curves.across * p->codes, next = p->codes;
    const int16_t *restrict upper = s->upper, *restrict lower = s->lower;
    const int w = (int)(weight * (float)ONE + 0.5f);
    Size k;
    for (k = 0; k < n; k++) line[k] = upper[k] + ((w * (lower[k] - upper[k]) + ONE / 2) >> 14);
    for (k = 0; k + next < n; k += LANES) {
        const ints here = WHOLE(line + k);
        INTO_WHOLE(line + k) = (WHOLE(line + k + next) - here) << 16 | here;
    }
}

/* ---- the colour of blocks ---------------------------------------------------------------------- */

/* 2^x for x between -60 and 60, relative error below 3e-6: a tenth of a code of 12 bits. */
INLINE vec NAMED(power_of_two)(vec x) {
    const vec far = x + 12582912.0f; /* 3·2^22: the whole number nearest to x in the last bits */
    const vec part = x - (far - 12582912.0f);
    vec sum = MADD(part, ALL(0.0095701f), ALL(0.05591786f));
    sum = MADD(part, sum, ALL(0.24024745f));
    sum = MADD(part, sum, ALL(0.69312181f));
    sum = MADD(part, sum, ALL(0.99999926f));
    return (vec)((ints)sum + ((ints)far << 23));
}

/* log2(x) for x > 0, absolute error below 3e-6: a polynomial in m - 1, m in [√½, √2). */
INLINE vec NAMED(logarithm)(vec x) {
    const hashes bits = (hashes)x;
    const ints whole = (ints)(bits - 0x3f3504f3U) >> 23;
    const vec m = (vec)(bits - ((hashes)whole << 23)) - 1.0f;
    vec sum = MADD(m, ALL(-0.20659184f), ALL(0.32215492f));
    sum = MADD(m, sum, ALL(-0.36748999f));
    sum = MADD(m, sum, ALL(0.47934801f));
    sum = MADD(m, sum, ALL(-0.72113186f));
    sum = MADD(m, sum, ALL(1.44271348f));
    return MADD(m, sum, __builtin_convertvector(whole, vec));
}

/* Lift a vector of colours: the formulas of ../render/lift.h. */
TARGET INLINE void NAMED(lift_colours)(vec rgb[3], const Scratch *s, const Lifted *l, Size row, Size at,
                                       const int mixed) {
    const vec weight = ALL(l->row_weight[row]), one = ALL(1.0f), none = ALL(0.0f);
    vec guide = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2], map[CURVES], below[3], over[3];
    int c;
    guide = 0.125f * NAMED(logarithm)(255.0f * guide + 1.0f);
    for (c = 0; c < CURVES; c++) {
        const Size here = c * s->wide + at;
        const vec slope = AT(s->maps[0] + here), offset = AT(s->maps[2] + here);
        const vec a = MADD(weight, AT(s->maps[1] + here) - slope, slope);
        const vec b = MADD(weight, AT(s->maps[3] + here) - offset, offset);
        map[c] = MADD(a, guide, b);
        if (c == 3) {
            map[c] = MOST(map[c], ALL(-30.0f));
            map[c] = LEAST(map[c], ALL(30.0f));
        }
        map[c] = NAMED(power_of_two)(map[c]);
    }
    for (c = 0; c < 3; c++) {
        map[c] *= rgb[c];
        map[c] = LEAST(map[c], one);
        below[c] = MADD(map[3] - 1.0f, map[c], one);
    }
    { /* a / b for three of them takes one division, the slowest of all; each is 2^-30 at least */
        const vec two = below[1] * below[2], all = map[3] / (below[0] * two), rest = all * below[0];
        over[0] = all * two;
        over[1] = rest * below[2];
        over[2] = rest * below[1];
    }
    for (c = 0; c < 3; c++) over[c] = NAMED(logarithm)(MADD(over[c], map[c], ALL(FAINT)));
    for (c = 0; c < 3; c++) {
        vec z = over[c] * map[4];
        z = MOST(z, ALL(-60.0f));
        z = LEAST(z, ALL(60.0f));
        z = NAMED(power_of_two)(z);
        z = LEAST(z, one);
        if (mixed) {
            z = MADD(ALL(l->strength), z - rgb[c], rgb[c]);
            z = MOST(z, none);
            z = LEAST(z, one);
        }
        rgb[c] = z;
    }
}

/* Add up the luma of blocks as planes.h does, vectors of them where none reaches over the edge. */
TARGET INLINE void NAMED(sum_blocks)(int32_t *sum, const Array *y, Size top, Size first, int n,
                                     const int across, const int down, const int kind) {
    const Size whole = across ? y->columns / 2 - first : 0;
    const char *above = (const char *)y->at + (top * y->line + (first << across)) * kind;
    const char *below = top + down < y->rows ? above + down * y->line * kind : above;
    int x = 0;
    if (across)
        for (; x + LANES <= n && x + LANES <= whole; x += LANES) {
            if (kind == 1) {
                const bytes p = *(const bytes *)(above + 2 * x), q = *(const bytes *)(below + 2 * x);
                bytes both = (p & 255) + (p >> 8);
                if (down) both += (q & 255) + (q >> 8);
                INTO_WHOLE(sum + x) = __builtin_convertvector(both, ints);
            } else {
                const halves p = *(const halves *)(above + 4 * x);
                const halves q = *(const halves *)(below + 4 * x);
                ints both = (ints)(p & 65535) + (ints)(p >> 16);
                if (down) both += (ints)(q & 65535) + (ints)(q >> 16);
                INTO_WHOLE(sum + x) = both;
            }
        }
    if (x < n) add_blocks(sum + x, y, top, first + x, n - x, across, down, kind);
}

/* Paint a row of blocks: their chroma, and what their luma is beyond the curve, plus a half. */
TARGET INLINE void NAMED(paint_blocks)(const Scratch *s, const Paint *p, Size row, const int across,
                                       const int down, const int kind) {
    const Code *c = &p->code;
    const Size blocks = p->source[1].columns;
    const char *u_line = (const char *)p->source[1].at + row * p->source[1].line * kind;
    const char *v_line = (const char *)p->source[2].at + row * p->source[2].line * kind;
    char *new_u = (char *)p->target[1].at + row * p->target[1].line * kind;
    char *new_v = (char *)p->target[2].at + row * p->target[2].line * kind;
    const int share = across + down, fine = 28 - p->depth, last = (int)p->codes - 1;
    const float unit = (float)(1 << (14 - p->depth)) * (float)ONE, green = 1.0f - c->red - c->blue;
    const float luma = 1.0f / (c->luma * (float)(1 << share)), chroma = 1.0f / c->chroma;
    const float black = c->black / c->luma, half = c->neutral + 0.5f;
    const float rv = (2.0f - 2.0f * c->red) * chroma, bu = (2.0f - 2.0f * c->blue) * chroma;
    const float gu = bu * c->blue / green, gv = rv * c->red / green;
    const vec one = ALL(1.0f), none = ALL(0.0f), top = ALL(c->top);
    const ints end = last - (ints){0};
    Size first;
    for (first = 0; first < blocks; first += CHUNK) {
        const int n = (int)(blocks - first < CHUNK ? blocks - first : CHUNK);
        int32_t sum[CHUNK];
        float u[CHUNK], v[CHUNK], red[CHUNK];
        int x;
        NAMED(sum_blocks)(sum, &p->source[0], row << down, first, n, across, down, kind);
        for (x = n; x < CHUNK; x++) sum[x] = 0;
        if (p->is_lifted) {
            for (x = 0; x < n; x++) u[x] = (float)sample(u_line, first + x, kind) - c->neutral;
            for (x = 0; x < n; x++) v[x] = (float)sample(v_line, first + x, kind) - c->neutral;
        } else {
            const float *from = (const float *)p->rgb.at + (row - p->first) * p->rgb.line + 3 * first;
            for (x = 0; x < n; x++) {
                red[x] = from[3 * x];
                u[x] = from[3 * x + 1];
                v[x] = from[3 * x + 2];
            }
        }
        for (x = n; x < CHUNK; x++) red[x] = u[x] = v[x] = 0.0f;
        for (x = 0; x < n; x += LANES) {
            const ints total = WHOLE(sum + x);
            ints code = total >> share, rest = total & ((1 << share) - 1), weight, below, above, level;
            vec rgb[3], y;
            int k;
            if (p->is_lifted) {
                const vec gray = __builtin_convertvector(total, vec) * luma - black;
                rgb[0] = MADD(ALL(rv), AT(v + x), gray);
                rgb[1] = gray - gu * AT(u + x) - gv * AT(v + x);
                rgb[2] = MADD(ALL(bu), AT(u + x), gray);
            } else {
                rgb[0] = AT(red + x);
                rgb[1] = AT(u + x);
                rgb[2] = AT(v + x);
            }
            for (k = 0; k < 3; k++) {
                rgb[k] = MOST(rgb[k], none);
                rgb[k] = LEAST(rgb[k], one);
            }
            if (p->is_lifted && p->lift.strength != 1.0f)
                NAMED(lift_colours)(rgb, s, &p->lift, row, first + x, 1);
            else if (p->is_lifted) NAMED(lift_colours)(rgb, s, &p->lift, row, first + x, 0);
            y = c->red * rgb[0] + green * rgb[1] + c->blue * rgb[2];
            for (k = 0; k < 2; k++) {
                const vec apart = rgb[k ? 0 : 2] - y;
                const float scale = c->chroma / (2.0f - 2.0f * (k ? c->red : c->blue));
                vec stored = MADD(ALL(scale), apart, ALL(half));
                stored = MOST(stored, none);
                stored = LEAST(stored, top);
                INTO((k ? v : u) + x) = stored;
            }
            level = __builtin_convertvector((y * c->luma + c->black) * unit, ints);
            /* The curve of the place at the mean luma. */
            code += (end - code) & (code > end);
            weight = WHOLE(s->next + first + x) << 16 | ONE;
            code += WHOLE(s->cell + first + x);
            below = PAIRS(GATHER(s->line, code), weight);
            code -= (total >> share) < end; /* the next code: a comparison that holds is -1 */
            above = PAIRS(GATHER(s->line, code), weight);
            level -= below + (((above - below) * rest) >> share);
            INTO_WHOLE(s->beyond + first + x) = level + (1 << (fine - 1));
        }
        if (kind == 1) {
            for (x = 0; x < n; x++) ((uint8_t *)new_u)[first + x] = (uint8_t)(int)u[x];
            for (x = 0; x < n; x++) ((uint8_t *)new_v)[first + x] = (uint8_t)(int)v[x];
        } else {
            for (x = 0; x < n; x++) ((uint16_t *)new_u)[first + x] = (uint16_t)(int)u[x];
            for (x = 0; x < n; x++) ((uint16_t *)new_v)[first + x] = (uint16_t)(int)v[x];
        }
    }
}

/* ---- luma along the curves --------------------------------------------------------------------- */

TARGET INLINE void NAMED(follow)(const Scratch *s, const Paint *p, Size row, const int across,
                                 const int kind) {
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
#if WIDE
        from = NAMED(follow_wide)(cell, s->weight, s->beyond, source, target, from, end, across, fine,
                                  last, kind);
#endif
        follow_plain(cell, s->weight, s->beyond, source, target, from, end, across, fine, last, kind);
    }
}

TARGET INLINE void NAMED(paint)(const Paint *p, const int across, const int down, const int kind) {
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
            if (shown >= 0 && above == shown + 1) {
                int16_t *upper = s.upper;
                s.upper = s.lower;
                s.lower = upper;
            } else NAMED(expand)(s.upper, p, above);
            NAMED(expand)(s.lower, p, below);
            shown = above;
        }
        if (row == p->first || row % rows == 0) NAMED(between_cells)(s.line, &s, p, t->row_weight[step]);
        if (p->is_lifted) widen_rows(&s, &p->lift, row, blocks, &held);
        NAMED(paint_blocks)(&s, p, row, across, down, kind);
        for (y = row << down; y < (row + 1) << down && y < p->source[0].rows; y++)
            NAMED(follow)(&s, p, y, across, kind);
    }
}

/* Known shapes and sizes are vectorised. */
TARGET static void NAMED(paint_any)(const Paint *p) {
    const int across = p->code.across, down = p->code.down;
    if (p->code.kind == 1 && across && down) NAMED(paint)(p, 1, 1, 1);
    else if (p->code.kind == 1) NAMED(paint)(p, across, down, 1);
    else if (across && down) NAMED(paint)(p, 1, 1, 2);
    else NAMED(paint)(p, across, down, 2);
}

#undef bytes
#undef halves
#undef WHOLE
#undef INTO_WHOLE
#undef CHUNK
#undef LEAST
#undef MOST
#undef GATHER
#undef PAIRS
#undef WIDE
#include "../render/lanes_end.h"
