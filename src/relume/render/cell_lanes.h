/* Rows of cells, the cosine transform of 4 × 4 pixels in three colours, and how they shrink, for one
   instruction set: to be included after layers.h. */

#ifndef RELUME_COSINES
#define RELUME_COSINES
#define THIRD 0.57735026919f /* 1/√3, 1/√2, 1/√6: the colours are orthonormal */
#define HALVES 0.70710678119f
#define SIXTH 0.40824829046f
#define LONG 0.65328148244f  /* √½ · cos(π/8), √½ · cos(3π/8) */
#define SHORT 0.27059805007f
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));
#endif

/* The roots of a row of pixels, colour by colour; beyond the picture its last pixel goes on. */
INLINE void NAMED(roots)(float *const out[3], const Piece *p, Size y, Size width) {
    const Size row = bounded(p->top + y, p->picture_rows);
    const Size there = p->picture_width - p->left < width ? p->picture_width - p->left : width;
    const Size first = (row * p->picture_width + p->left) * p->channels;
    Size at, x;
    int c;
    for (at = 0; at < there; at += BLOCK / 3) {
        float e[BLOCK];
        const int n = (int)(there - at < BLOCK / 3 ? there - at : BLOCK / 3);
        int i;
        load(e, p->source, first + at * p->channels, n * (int)p->channels, p->kind);
        if (p->channels == 3) {
            for (c = 0; c < 3; c++)
                for (i = 0; i < n; i++) out[c][at + i] = sqrtf(e[3 * i + c]);
        } else {
            for (i = 0; i < n; i++) out[0][at + i] = out[1][at + i] = out[2][at + i] = sqrtf(e[i]);
        }
    }
    for (c = 0; c < 3; c++)
        for (x = there; x < width; x++) out[c][x] = out[c][there - 1];
}

/* Coefficient of a cell: 16·colour + 4·vertical + horizontal frequency. */
TARGET static void NAMED(cells)(Piece *p, int layer, Size y) {
    const Ring *to = p->ring + layer;
    const Size wide = p->width * CELL, step = wide + GROUP;
    const four wave[4] = {{0.5f, LONG, 0.5f, SHORT},
                          {0.5f, SHORT, -0.5f, -LONG},
                          {0.5f, -SHORT, -0.5f, LONG},
                          {0.5f, -LONG, 0.5f, -SHORT}};
    float *target = row_of(to, y, COEFFICIENTS);
    float *const pixels = p->pixels, *const turned = p->pixels + 3 * CELL * step;
    Size x;
    int r, k;
    for (r = 0; r < CELL; r++) {
        float *const out[3] = {pixels + 3 * r * step, pixels + (3 * r + 1) * step,
                               pixels + (3 * r + 2) * step};
        NAMED(roots)(out, p, y * CELL + r, wide);
    }
    for (k = 0; k < 3; k++) {
        float *restrict out = turned + k * CELL * step;
        const float *restrict in = pixels;
        for (x = 0; x < wide; x += LANES) {
            vec v[4];
#pragma GCC unroll 4
            for (r = 0; r < 4; r++) {
                const vec red = AT(in + 3 * r * step + x), green = AT(in + (3 * r + 1) * step + x);
                const vec blue = AT(in + (3 * r + 2) * step + x);
                v[r] = k == 0   ? (red + green + blue) * THIRD
                       : k == 1 ? (red - blue) * HALVES
                                : (red + blue - green - green) * SIXTH;
            }
            {
                const vec outer = v[0] + v[3], inner = v[1] + v[2];
                const vec far = v[0] - v[3], near = v[1] - v[2];
                INTO(out + x) = (outer + inner) * 0.5f;
                INTO(out + step + x) = far * LONG + near * SHORT;
                INTO(out + 2 * step + x) = (outer - inner) * 0.5f;
                INTO(out + 3 * step + x) = far * SHORT - near * LONG;
            }
        }
    }
    for (x = 0; x < to->width; x++)
        for (k = 0; k < 3 * CELL; k++) {
            const float *in = turned + k * step + 4 * x;
            *(four *)(target + x * COEFFICIENTS + 4 * k) =
                wave[0] * in[0] + wave[1] * in[1] + (wave[2] * in[2] + wave[3] * in[3]);
        }
    memset(target + to->width * COEFFICIENTS, 0, COEFFICIENTS * sizeof(float));
}

/* ---- how cells shrink ----------------------------------------------------------------------------- */

/* Means with the network's share, evened where black; and by how much a place is black. */
TARGET static void NAMED(means)(Piece *p, int layer, Size y) {
    const Layer *a = p->layer + layer;
    const Ring *cells = p->ring + a->from, *to = p->ring + layer;
    const Size depth = padded(a->inputs), width = to->width;
    const float *features = row_of(p->ring + a->also, y, depth), *rows[3];
    const float *weights = p->weights + a->pointwise, *bias = p->weights + a->bias;
    float *target = row_of(to, y, MEANS);
    Size x, i;
    int n = 0, c, r;
    for (r = -1; r <= 1; r++)
        if (y + r >= 0 && y + r < cells->rows) rows[n++] = row_of(cells, y + r, COEFFICIENTS);
    for (x = 0; x < width; x++) {
        const Size first = x > 0 ? x - 1 : 0, last = x + 1 < width ? x + 1 : x;
        const float *here = row_of(cells, y, COEFFICIENTS) + x * COEFFICIENTS;
        float sum[3] = {0}, top = here[0], more[3], present, black;
        for (r = 0; r < n; r++)
            for (i = first; i <= last; i++) {
                const float *there = rows[r] + i * COEFFICIENTS;
                for (c = 0; c < 3; c++) sum[c] += there[c * GRAYS];
                top = there[0] > top ? there[0] : top;
            }
        for (c = 0; c < 3; c++) more[c] = bias[c];
        for (i = 0; i < a->inputs; i++)
            for (c = 0; c < 3; c++) more[c] += features[x * depth + i] * weights[3 * i + c];
        present = top * 100.0f < 1.0f ? top * 100.0f : 1.0f;
        black = top / p->black.level;
        black *= black;
        black = p->black.rounding / (1.0f + black * black);
        for (c = 0; c < 3; c++) {
            const float mean = here[c * GRAYS], even = sum[c] / (float)(n * (last - first + 1));
            target[x * MEANS + c] = mean + black * (even - mean) + present * more[c];
        }
        target[x * MEANS + 3] = black;
    }
}

/* 1/(1 + e^−x), relative error below 1e-6. */
INLINE void NAMED(sigmoid)(float *out, const float *in, const float *factor, Size n) {
    Size i;
    for (i = 0; i < n; i += LANES) {
        vec p = AT(in + i) * -1.44269504089f, part;
        ints whole;
        p = (vec)(((ints)p & (p > ALL(-60.0f))) | ((ints)ALL(-60.0f) & ~(p > ALL(-60.0f))));
        p = (vec)(((ints)p & (p < ALL(60.0f))) | ((ints)ALL(60.0f) & ~(p < ALL(60.0f))));
        whole = __builtin_convertvector(p + 64.5f, ints) - 64;
        part = p - __builtin_convertvector(whole, vec);
        p = 1.0f + part * (0.69314718f + part * (0.24022651f + part * (0.055504109f +
            part * (0.0096181291f + part * (0.0013333558f + part * 0.00015403530f)))));
        INTO(out + i) = AT(factor + i) / (1.0f + p * (vec)((whole + 127) << 23));
    }
}

TARGET static void NAMED(shrink)(Piece *p, int layer, Size y) {
    const Layer *a = p->layer + layer;
    const Ring *means = p->ring + a->third;
    const Size depth = padded(a->inputs), width = p->width, step = width * CELL + GROUP;
    const float *cells = row_of(p->ring + a->from, y, COEFFICIENTS);
    const float *features = row_of(p->ring + a->also, y, depth), *rows[3];
    float *const turned = p->pixels;
    const four back[4] = {{0.5f, 0.5f, 0.5f, 0.5f},
                          {LONG, SHORT, -SHORT, -LONG},
                          {0.5f, -0.5f, -0.5f, 0.5f},
                          {SHORT, -LONG, LONG, -SHORT}};
    Size x, c;
    int r, k, q;
    for (r = 0; r < 3; r++) rows[r] = row_of(means, bounded(y + r - 1, means->rows), MEANS);
    for (x = 0; x < width; x += PIXELS) {
        float patch[PIXELS * 32], share[PIXELS * COEFFICIENTS], rough[PIXELS * COEFFICIENTS];
        for (q = 0; q < PIXELS; q++)
            for (r = 0; r < 3; r++)
                for (k = 0; k < 3; k++) {
                    const float *there = rows[r] + bounded(x + q + k - 1, width) * MEANS;
                    float *to = patch + q * 32 + 3 * (3 * r + k);
                    to[0] = there[0], to[1] = there[1], to[2] = there[2];
                }
        NAMED(products)(share, COEFFICIENTS, features + x * depth, depth, a->inputs,
                        p->weights + a->pointwise, COEFFICIENTS, p->weights + a->bias, 0);
        NAMED(products)(rough, COEFFICIENTS, patch, 32, PATCH, p->weights + a->patch, COEFFICIENTS,
                        cells + x * COEFFICIENTS, COEFFICIENTS);
        NAMED(sigmoid)(share, share, rough, PIXELS * COEFFICIENTS);
        for (q = 0; q < PIXELS && x + q < width; q++) {
            const float black = rows[1][(x + q) * MEANS + 3], strong = p->black.strong;
            const float growth = p->black.detail - black * (1.0f + p->black.detail);
            float *taken = share + q * COEFFICIENTS;
            for (c = 0; c < GRAYS; c += LANES) {
                const vec kept = AT(rough + q * COEFFICIENTS + c) - AT(taken + c);
                const vec size = (vec)((ints)kept & 0x7fffffff);
                INTO(taken + c) = AT(taken + c) - kept / (size + strong) * (strong * growth);
            }
            for (k = 0; k < 3 * CELL; k++)
                *(four *)(turned + k * step + 4 * (x + q)) =
                    back[0] * taken[4 * k] + back[1] * taken[4 * k + 1] +
                    (back[2] * taken[4 * k + 2] + back[3] * taken[4 * k + 3]);
        }
    }
    for (x = 0; x < width * CELL; x += LANES) {
        vec colour[3][4];
#pragma GCC unroll 3
        for (k = 0; k < 3; k++) {
            const float *in = turned + k * CELL * step + x;
            const vec mean = AT(in) * 0.5f, fast = AT(in + 2 * step) * 0.5f;
            const vec once = AT(in + step), thrice = AT(in + 3 * step);
            const vec outer = mean + fast, inner = mean - fast;
            const vec far = once * LONG + thrice * SHORT, near = once * SHORT - thrice * LONG;
            colour[k][0] = outer + far;
            colour[k][1] = inner + near;
            colour[k][2] = inner - near;
            colour[k][3] = outer - far;
        }
        if (p->channels == 3) {
#pragma GCC unroll 4
            for (r = 0; r < CELL; r++) {
                const vec gray = colour[0][r] * THIRD, across = colour[1][r] * HALVES;
                const vec green = colour[2][r] * SIXTH;
                INTO(p->planes + r * step + x) = gray + across + green;
                INTO(p->planes + (CELL + r) * step + x) = gray - (green + green);
                INTO(p->planes + (2 * CELL + r) * step + x) = gray - across + green;
            }
        } else {
#pragma GCC unroll 4
            for (r = 0; r < CELL; r++) INTO(p->planes + r * step + x) = colour[0][r] * THIRD;
        }
    }
}

static const Layers NAMED(layers) = {NAMED(cells), NAMED(mix), NAMED(enlarge), NAMED(means),
                                     NAMED(shrink)};
