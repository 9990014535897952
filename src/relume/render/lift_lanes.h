/* The lift of lift.h, several pixels at a time in registers, for one instruction set: to be included
   after layers.h, with the same names. The formulas are the same, with products that are added without
   rounding in between and fewer divisions, so that a sample in some thousands differs by one level. */

#ifndef RELUME_CHUNK
#define RELUME_CHUNK 64 /* pixels that are unpacked at once: whole vectors */
typedef uint8_t bytes16 __attribute__((vector_size(16), aligned(1), may_alias));
typedef int32_t ints4 __attribute__((vector_size(16), aligned(4), may_alias));
#endif

/* Bytes are shuffled where that is one instruction, and the compiler has a word for it. */
#if (LANES > 4 || defined(__wasm__) || defined(__aarch64__)) && (defined(__clang__) || __GNUC__ >= 12)
#define SHUFFLED 1
#else
#define SHUFFLED 0
#endif

/* In WebAssembly a choice is one instruction, and the conversion to whole numbers, which has to say
   what becomes of what is too large, takes several: adding 3·2^22 rounds to whole numbers, which then
   lie in the last bits. */
#ifdef __wasm__
#define LEAST(x, top) __builtin_wasm_pmin_f32x4(top, x)
#define MOST(x, low) __builtin_wasm_pmax_f32x4(low, x)
#define ROUNDED(x) ((ints4)((x) + 12582912.0f) & 255) /* from 0 to 255 */
#else
#define LEAST(x, top) ((vec)(((ints)(x) & ((x) < (top))) | ((ints)(top) & ~((x) < (top)))))
#define MOST(x, low) ((vec)(((ints)(x) & ((x) > (low))) | ((ints)(low) & ~((x) > (low)))))
#define ROUNDED(x) __builtin_convertvector((x) + 0.5f, ints4)
#endif

/* As exp2_all and log2_all of lift.h, the logarithm by a polynomial in m - 1, which takes no division:
   absolute error below 4e-7. */
INLINE void NAMED(exp2)(vec *p) {
    const vec low = ALL(-60.0f), top = ALL(60.0f);
    vec x = *p, part;
    ints whole;
    x = MOST(x, low);
    x = LEAST(x, top);
#ifdef __wasm__
    part = x + 12582912.0f;
    whole = (ints)part - 0x4b400000;
    part = x - (part - 12582912.0f);
#else
    whole = __builtin_convertvector(x + 64.5f, ints) - 64;
    part = x - __builtin_convertvector(whole, vec);
#endif
    x = MADD(part, ALL(0.00132647272f), ALL(0.00967151268f));
    x = MADD(part, x, ALL(0.0555073374f));
    x = MADD(part, x, ALL(0.240222421f));
    x = MADD(part, x, ALL(0.693146978f));
    x = MADD(part, x, ALL(1.0f));
    *p = x * (vec)((whole + 127) << 23);
}

INLINE void NAMED(log2)(vec *x) {
    const hashes bits = (hashes)*x; /* without a sign: what lies beyond a row may be anything */
    const ints whole = (ints)(bits - 0x3f3504f3U) >> 23;
    const vec m = (vec)(bits - ((hashes)whole << 23)) - 1.0f;
    vec sum;
    sum = MADD(m, ALL(0.17063424f), ALL(-0.27269786f));
    sum = MADD(m, sum, ALL(0.29726264f));
    sum = MADD(m, sum, ALL(-0.35896186f));
    sum = MADD(m, sum, ALL(0.48046503f));
    sum = MADD(m, sum, ALL(-0.72137587f));
    sum = MADD(m, sum, ALL(1.4426997f));
    *x = MADD(m, sum, __builtin_convertvector(whole, vec));
}

/* Samples of n pixels, channel by channel, in [0, 1]; what lies beyond them is zero. */
INLINE void NAMED(apart)(float x[3][RELUME_CHUNK], const void *source, Size at, int n, int kind,
                         int channels) {
    float e[3 * RELUME_CHUNK];
    int i = 0, c;
    if (channels == 1) {
        load(x[0], source, at, n, kind);
        for (i = n; i < RELUME_CHUNK; i++) x[0][i] = 0.0f;
        return;
    }
#if SHUFFLED
    if (kind == U8)
        for (; i + 4 <= n; i += 4) {
            bytes16 v = {0};
            const bytes16 none = {0};
            const uint8_t *const here = (const uint8_t *)source + at + 3 * i;
            if (i + 6 <= n) v = *(const bytes16 *)here; /* four bytes more, in one go */
            else memcpy(&v, here, 12);
#define CHANNEL(c)                                                                                    \
    *(four *)(x[c] + i) =                                                                             \
        __builtin_convertvector((ints4)__builtin_shufflevector(v, none, c, 16, 16, 16, c + 3, 16, 16, \
                                                               16, c + 6, 16, 16, 16, c + 9, 16, 16,  \
                                                               16),                                   \
                                four) *                                                               \
        (1.0f / 255.0f)
            CHANNEL(0);
            CHANNEL(1);
            CHANNEL(2);
#undef CHANNEL
        }
#endif
    if (i < n) {
        const int first = i;
        load(e, source, at + 3 * first, 3 * (n - first), kind);
        for (; i < n; i++)
            for (c = 0; c < 3; c++) x[c][i] = e[3 * (i - first) + c];
    }
    for (; i < RELUME_CHUNK; i++) x[0][i] = x[1][i] = x[2][i] = 0.0f;
}

/* The other way; samples are in [0, 1], or half a level of 8 bits beyond, which rounding takes back. */
INLINE void NAMED(together)(void *target, Size at, float x[3][RELUME_CHUNK], int n, int kind,
                            int channels) {
    float e[3 * RELUME_CHUNK];
    int i = 0, c;
    if (channels == 1) {
        store(target, at, x[0], n, kind);
        return;
    }
#if SHUFFLED
    if (kind == U8)
        for (; i + 4 <= n; i += 4) {
            const ints4 r = ROUNDED(*(four *)(x[0] + i) * 255.0f);
            const ints4 g = ROUNDED(*(four *)(x[1] + i) * 255.0f);
            const ints4 b = ROUNDED(*(four *)(x[2] + i) * 255.0f);
            const bytes16 v = (bytes16)(r | g << 8 | b << 16);
            const bytes16 packed = __builtin_shufflevector(v, v, 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14,
                                                           0, 0, 0, 0);
            uint8_t *const here = (uint8_t *)target + at + 3 * i;
            if (i + 6 <= n) *(bytes16 *)here = packed; /* the next pixels overwrite four bytes */
            else memcpy(here, &packed, 12);
        }
#endif
    if (i < n) {
        const int first = i;
        for (; i < n; i++)
            for (c = 0; c < 3; c++) e[3 * (i - first) + c] = x[c][i];
        store(target, at + 3 * first, e, 3 * (n - first), kind);
    }
}

/* One vector of pixels: x are the samples, root their roots; maps begin at `at` of their rows. */
INLINE void NAMED(lift_vector)(float x[3][RELUME_CHUNK], float root[3][RELUME_CHUNK], const Band *b, int i,
                               Size y, Size column, float *const upper[2], float *const lower[2],
                               const int channels, const int noisy) {
    const vec one = ALL(1.0f), weight = ALL(b->row_weight[y]), strength = ALL(b->strength);
    const Size width = b->width, at = column + i;
    vec e[3], before[3], guide, map[5], below[3], over[3];
    int c, m;
#define MAP(m, c)                                                                                 \
    MADD(weight, AT(lower[m] + (c)*width + at) - AT(upper[m] + (c)*width + at),                   \
         AT(upper[m] + (c)*width + at))
    for (c = 0; c < channels; c++) before[c] = e[c] = AT(x[c] + i);
    if (noisy) {
        const vec amount = MAP(1, channels + 2);
        vec quiet[3];
        for (c = 0; c < channels; c++) {
            const float *line = b->noise + (c * b->plane_rows + b->top + y) * b->plane_width + b->left;
            const vec left = AT(root[c] + i) - AT(line + at);
            const vec some = POSITIVE(left);
            quiet[c] = LEAST(some, one);
            quiet[c] *= quiet[c];
        }
        if (channels == 3) {
            const vec gray = 0.299f * quiet[0] + 0.587f * quiet[1] + 0.114f * quiet[2];
            const vec lost = ALL(HARDLY * HARDLY) / (HARDLY * HARDLY + gray * gray);
            for (c = 0; c < 3; c++) quiet[c] += lost * (gray - quiet[c]);
        }
        for (c = 0; c < channels; c++) e[c] = MADD(amount, quiet[c] - e[c], e[c]);
    }
    guide = e[0];
    if (channels == 3) guide = 0.299f * e[0] + 0.587f * e[1] + 0.114f * e[2];
    guide = 255.0f * guide + 1.0f;
    NAMED(log2)(&guide);
    guide *= 0.125f;
    for (m = 0; m < channels + 2; m++) {
        map[m] = MADD(MAP(0, m), guide, MAP(1, m));
        NAMED(exp2)(&map[m]);
    }
    for (c = 0; c < channels; c++) {
        map[c] *= e[c];
        map[c] = LEAST(map[c], one);
        below[c] = MADD(map[channels] - 1.0f, map[c], one);
    }
    if (channels == 3) { /* a / b for three of them takes one division, the slowest of all */
        const vec two = below[1] * below[2], all = map[channels] / (below[0] * two);
        const vec rest = all * below[0];
        over[0] = all * two;
        over[1] = rest * below[2];
        over[2] = rest * below[1];
    } else {
        over[0] = map[channels] / below[0];
    }
    for (c = 0; c < channels; c++) {
        vec z = MADD(over[c], map[c], ALL(FAINT));
        NAMED(log2)(&z);
        z *= map[channels + 1];
        NAMED(exp2)(&z);
        z = POSITIVE(z);
        z = LEAST(z, one);
        if (b->strength != 1.0f) {
            z = MADD(strength, z - before[c], before[c]);
            z = POSITIVE(z);
            z = LEAST(z, one);
        }
        e[c] = z;
    }
    if (b->first_row >= 0 && b->kind == U8) {
        const uint32_t row = (uint32_t)(b->first_row + y) << 16;
        const uint32_t first = (uint32_t)(b->first_column + at);
        hashes h;
        for (c = 0; c < LANES; c++) h[c] = row ^ (first + (uint32_t)c);
        h ^= h >> 16;
        h *= 0x7feb352dU;
        h ^= h >> 15;
        h *= 0x846ca68bU;
        h ^= h >> 16;
        {
            const vec d = (__builtin_convertvector((ints)(h & 255U), vec) - 127.5f) *
                          (1.0f / (256.0f * 255.0f));
            for (c = 0; c < channels; c++) e[c] += d;
        }
    }
    for (c = 0; c < channels; c++) INTO(x[c] + i) = e[c];
#undef MAP
}

/* As lift_rows of lift.h; the scratch is GROUP floats longer, as vectors read beyond a row's end. */
TARGET static void NAMED(lift)(const Band *b, Size *held) {
    const Size planes = b->width * b->depth;
    const int channels = (int)b->channels, noisy = b->noise != NULL;
    float *upper[2], *lower[2];
    Size y, column;
    int m, i, c;
    for (m = 0; m < 2; m++) {
        upper[m] = b->scratch + 2 * m * planes;
        lower[m] = upper[m] + planes;
    }
    for (y = 0; y < b->rows; y++) {
        const Size above = b->row[y], below = above + 1 < b->h ? above + 1 : above;
        if (above != held[0] || below != held[1]) {
            for (m = 0; m < 2; m++) {
                if (above == held[1]) /* one row further down: the lower one is the new upper one */
                    memcpy(upper[m], lower[m], (size_t)planes * sizeof(float));
                else
                    widen_planes(upper[m], b->map[m] + above * b->w * b->depth, b);
                widen_planes(lower[m], b->map[m] + below * b->w * b->depth, b);
            }
            held[0] = above;
            held[1] = below;
        }
        for (column = 0; column < b->width; column += RELUME_CHUNK) {
            float x[3][RELUME_CHUNK], root[3][RELUME_CHUNK];
            const int n = (int)(b->width - column < RELUME_CHUNK ? b->width - column : RELUME_CHUNK);
            const Size here = (y * b->width + column) * b->channels;
            NAMED(apart)(x, b->source, here, n, b->kind, channels);
            if (noisy)
                for (c = 0; c < channels; c++)
                    for (i = 0; i < RELUME_CHUNK; i++) root[c][i] = sqrtf(x[c][i]);
            for (i = 0; i < n; i += LANES) {
                if (channels == 3 && noisy)
                    NAMED(lift_vector)(x, root, b, i, y, column, upper, lower, 3, 1);
                else if (channels == 3)
                    NAMED(lift_vector)(x, root, b, i, y, column, upper, lower, 3, 0);
                else
                    NAMED(lift_vector)(x, root, b, i, y, column, upper, lower, 1, noisy);
            }
            NAMED(together)(b->target, here, x, n, b->kind, channels);
        }
    }
}

#undef LEAST
#undef MOST
#undef ROUNDED
#undef SHUFFLED
