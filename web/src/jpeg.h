/* Baseline JPEG: a band of pixels at a time, gray or YCbCr with any reduction of chroma, by the tables
   that whoever writes the file's head put there. Canvases write no gray, and chroma only at half the
   resolution.

   Source: ITU-T T.81 (1992), annexes A, C, F; JFIF 1.02; Arai, Agui, Nakajima: A fast DCT-SQ scheme
   for images (1988). */

#ifndef RELUME_JPEG_H
#define RELUME_JPEG_H

#include "samples.h"

#define BLOCK_BYTES 512 /* more than any block of 64 coefficients takes, every 0xFF with its zero */

typedef struct {
    float scale[2][64];           /* of coefficients, in natural order: 1 / what they are divided by */
    uint32_t code[2][2][256];     /* [luma, chroma][DC, AC][symbol]: code, and its length · 2^16 */
    int32_t width, height;
    int32_t channels, across, down; /* of chroma: pixels to a sample */
    int32_t last[3];              /* DC of the block before */
    uint32_t bits;
    int32_t count;
} Jpeg;

static const uint8_t ZIGZAG[64] = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

static uint8_t *put_bits(Jpeg *j, uint8_t *to, uint32_t bits, int count) {
    j->bits |= bits << (32 - j->count - count);
    j->count += count;
    while (j->count >= 8) {
        const uint8_t byte = (uint8_t)(j->bits >> 24);
        *to++ = byte;
        if (byte == 0xff) *to++ = 0;
        j->bits <<= 8;
        j->count -= 8;
    }
    return to;
}

/* One dimension of the transform over eight columns at once; results are scaled as AAN's are. */
static void turn_rows(float v[8][8]) {
    int i;
    for (i = 0; i < 8; i++) {
        const float s07 = v[0][i] + v[7][i], d07 = v[0][i] - v[7][i];
        const float s16 = v[1][i] + v[6][i], d16 = v[1][i] - v[6][i];
        const float s25 = v[2][i] + v[5][i], d25 = v[2][i] - v[5][i];
        const float s34 = v[3][i] + v[4][i], d34 = v[3][i] - v[4][i];
        const float outer = s07 + s34, inner = s16 + s25, far = s07 - s34, near = s16 - s25;
        const float turned = (near + far) * 0.707106781f;
        const float a = d34 + d25, b = d25 + d16, c = d16 + d07;
        const float shared = (a - c) * 0.382683433f, low = 0.541196100f * a + shared;
        const float high = 1.306562965f * c + shared, middle = b * 0.707106781f;
        const float plus = d07 + middle, minus = d07 - middle;
        v[0][i] = outer + inner;
        v[4][i] = outer - inner;
        v[2][i] = far + turned;
        v[6][i] = far - turned;
        v[5][i] = minus + low;
        v[3][i] = minus - low;
        v[1][i] = plus + high;
        v[7][i] = plus - high;
    }
}

static void swap_sides(float v[8][8]) {
    int y, x;
    for (y = 0; y < 8; y++)
        for (x = y + 1; x < 8; x++) {
            const float kept = v[y][x];
            v[y][x] = v[x][y];
            v[x][y] = kept;
        }
}

INLINE int held_in(int x, int least, int most) { return x < least ? least : x > most ? most : x; }

INLINE int length_of(int value) { return value == 0 ? 0 : 32 - __builtin_clz((unsigned)value); }

/* Code a block of samples around zero. */
static uint8_t *put_block(Jpeg *j, uint8_t *to, float v[8][8], int component) {
    const int kind = component > 0;
    const uint32_t *dc = j->code[kind][0], *ac = j->code[kind][1];
    int16_t levels[64];
    const float *flat = v[0];
    int i, run = 0, last = 0, size, value;
    turn_rows(v);
    swap_sides(v);
    turn_rows(v);
    swap_sides(v);
    for (i = 0; i < 64; i++) {
        const float x = flat[i] * j->scale[kind][i];
        levels[i] = (int16_t)((int)(x + 16384.5f) - 16384);
    }
    levels[0] = (int16_t)held_in(levels[0], -1024, 1023);
    value = levels[0] - j->last[component];
    j->last[component] = levels[0];
    size = length_of(value < 0 ? -value : value);
    to = put_bits(j, to, dc[size] & 0xffff, (int)(dc[size] >> 16));
    if (size) to = put_bits(j, to, (uint32_t)(value < 0 ? value - 1 : value) & ((1u << size) - 1), size);
    for (i = 63; i > 0 && levels[ZIGZAG[i]] == 0; i--) {}
    last = i;
    for (i = 1; i <= last; i++) {
        value = held_in(levels[ZIGZAG[i]], -1023, 1023); /* there are no codes for more */
        if (value == 0) {
            run++;
            continue;
        }
        for (; run > 15; run -= 16) to = put_bits(j, to, ac[0xf0] & 0xffff, (int)(ac[0xf0] >> 16));
        size = length_of(value < 0 ? -value : value);
        to = put_bits(j, to, ac[run << 4 | size] & 0xffff, (int)(ac[run << 4 | size] >> 16));
        to = put_bits(j, to, (uint32_t)(value < 0 ? value - 1 : value) & ((1u << size) - 1), size);
        run = 0;
    }
    return last < 63 ? put_bits(j, to, ac[0] & 0xffff, (int)(ac[0] >> 16)) : to;
}

/* Samples of a component, averaged over across × down pixels; beyond the picture its last ones go on. */
static __attribute__((noinline)) void take_block(const Jpeg *j, const uint8_t *rgba, Size count, Size top, Size left, int across,
                       int down, int component, float v[8][8]) {
    static const float share[3][3] = {{0.299f, 0.587f, 0.114f},
                                      {-0.168735892f, -0.331264108f, 0.5f},
                                      {0.5f, -0.418687589f, -0.081312411f}};
    const float red = share[component][0], green = share[component][1], blue = share[component][2];
    const float mean = 1.0f / (float)(across * down), middle = component == 0 ? 128.0f : 0.0f;
    const Size end = left + 8 * across <= j->width ? 8 * across : j->width - left;
    int y, x, r;
    for (y = 0; y < 8; y++) {
        float sum[8 * 4] = {0};
        for (r = 0; r < down; r++) {
            const Size row = top + y * down + r;
            const uint8_t *p = rgba + ((row < count ? row : count - 1) * j->width + left) * 4;
            for (x = 0; x < end; x++)
                sum[x] += red * (float)(int)p[4 * x] + green * (float)(int)p[4 * x + 1] +
                          blue * (float)(int)p[4 * x + 2];
        }
        for (x = (int)end; x < 8 * across; x++) sum[x] = sum[end - 1];
        if (across == 1)
            for (x = 0; x < 8; x++) v[y][x] = sum[x] * mean - middle;
        else
            for (x = 0; x < 8; x++) {
                float all = 0.0f;
                for (r = 0; r < across; r++) all += sum[x * across + r];
                v[y][x] = all * mean - middle;
            }
    }
}

/* Code a band of `count` rows, 8 · down of them but for the last band; returns how many bytes. */
static Size put_band(Jpeg *j, const uint8_t *rgba, Size count, uint8_t *out) {
    const Size step = 8 * j->across;
    uint8_t *to = out;
    Size left;
    int y, x;
    for (left = 0; left < j->width; left += step) {
        float v[8][8];
        for (y = 0; y < j->down; y++)
            for (x = 0; x < j->across; x++) {
                const Size here = left + 8 * x < j->width ? left + 8 * x : (j->width - 1) / 8 * 8;
                take_block(j, rgba, count, 8 * y, here, 1, 1, 0, v);
                to = put_block(j, to, v, 0);
            }
        for (x = 1; x < j->channels; x++) {
            take_block(j, rgba, count, 0, left, j->across, j->down, x, v);
            to = put_block(j, to, v, x);
        }
    }
    return to - out;
}

/* Fill the last byte with ones. */
static Size finish_bits(Jpeg *j, uint8_t *out) { return put_bits(j, out, 0x7f, 7) - out; }

#endif
