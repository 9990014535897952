/* Numbers of a file to sRGB's and back, pixel by pixel, without Python: what filters/recolour.py says.

   Buffers are contiguous: numbers of 1 or 2 bytes, 1 or 3 channels. `decode` are three tables, `next`
   entries apart, or one for all, where `next` is 0; `encode` and `rounded` likewise, `after` apart. */

#ifndef RELUME_RECOLOUR_H
#define RELUME_RECOLOUR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FINE 65535

#if defined(__GNUC__)
#define RECOLOUR static inline __attribute__((always_inline))
#else
#define RECOLOUR static inline
#endif
/* What is called with constants for size and channels, and compiled once for each. */

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define WIDER __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WIDER
#endif
/* Compiled for wider registers, too, and chosen when the module is loaded. Products and sums are
   rounded one by one everywhere (-ffp-contract=off), so that every processor gives the same. */

#ifndef RECOLOUR_SPECIAL
#define RECOLOUR_SPECIAL 1
#endif
/* 0: one copy for whatever size and channels, where the bytes of code count. */

#define PART 256
/* Pixels at a time: their light, channel by channel, stays in the first-level cache. */

static inline int number(const void *own, int size, ptrdiff_t at)
{
    return size == 1 ? ((const uint8_t *)own)[at] : ((const uint16_t *)own)[at];
}

static inline float unit(float x) { return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x; }

static inline void turn(const float *m, const float *from, float *to)
{
    for (int row = 0; row < 3; row++)
        to[row] = m[3 * row] * from[0] + m[3 * row + 1] * from[1] + m[3 * row + 2] * from[2];
}

/* Light of one pixel in sRGB's primaries, not clipped. */
static inline void light_of(const void *own, int size, int channels, ptrdiff_t pixel,
                            const float *decode, int next, const float *matrix, float *light)
{
    if (channels == 1) {
        light[0] = decode[next + number(own, size, pixel)];
        return;
    }
    float raw[3];
    for (int c = 0; c < 3; c++) raw[c] = decode[c * next + number(own, size, 3 * pixel + c)];
    if (matrix) turn(matrix, raw, light);
    else for (int c = 0; c < 3; c++) light[c] = raw[c];
}

/* Show a block as sRGB. */
RECOLOUR void show(const void *own, int many, int size, int channels, const float *decode, int next,
                 const float *matrix, const uint16_t *encode, uint16_t *out)
{
    float raw[3][PART], turned[PART];
    int steps[3][PART];
    if (channels == 1)
        for (int i = 0; i < many; i++) raw[0][i] = decode[next + number(own, size, i)];
    else
        for (int i = 0; i < many; i++) {
            raw[0][i] = decode[number(own, size, 3 * i)];
            raw[1][i] = decode[next + number(own, size, 3 * i + 1)];
            raw[2][i] = decode[2 * next + number(own, size, 3 * i + 2)];
        }
    for (int c = 0; c < channels; c++) {
        const float *from = raw[c];
        if (matrix && channels == 3) {
            const float a = matrix[3 * c], b = matrix[3 * c + 1], d = matrix[3 * c + 2];
            for (int i = 0; i < many; i++)
                turned[i] = a * raw[0][i] + b * raw[1][i] + d * raw[2][i];
            from = turned;
        }
        for (int i = 0; i < many; i++)
            steps[c][i] = (int)(sqrtf(unit(from[i])) * FINE + 0.5f);
    }
    if (channels == 1)
        for (int i = 0; i < many; i++) out[i] = encode[steps[0][i]];
    else
        for (int i = 0; i < many; i++) {
            out[3 * i] = encode[steps[0][i]];
            out[3 * i + 1] = encode[steps[1][i]];
            out[3 * i + 2] = encode[steps[2][i]];
        }
}

WIDER static void see_pixels(const void *own, ptrdiff_t pixels, int size, int channels,
                             const float *decode, int next, const float *matrix,
                             const uint16_t *encode, uint16_t *out)
{
    for (ptrdiff_t from = 0; from < pixels; from += PART) {
        const int many = pixels - from < PART ? (int)(pixels - from) : PART;
        const ptrdiff_t at = channels * from;
        const char *mine = (const char *)own + at * size;
        if (!RECOLOUR_SPECIAL) show(mine, many, size, channels, decode, next, matrix, encode, out + at);
        else if (channels == 1) show(mine, many, size, 1, decode, next, matrix, encode, out + at);
        else if (size == 1) show(mine, many, 1, 3, decode, next, matrix, encode, out + at);
        else show(mine, many, 2, 3, decode, next, matrix, encode, out + at);
    }
}

typedef struct {
    int size, channels;
    const float *decode;
    int next;
    const float *matrix, *srgb, *inverse, *encode;
    const uint16_t *rounded;
    int after;
    float peak;
} Ways;

/* Add what sRGB cannot hold to the light of the pixels on its border: it lies nowhere else. */
static void add_beyond(const Ways *w, int many, const void *own, const uint16_t *seen,
                    float light[3][PART])
{
    int found = 0;
    for (int i = 0; i < many * w->channels; i++) found |= (seen[i] == 0) | (seen[i] == FINE);
    if (!found) return;
    for (int i = 0; i < many; i++) {
        const uint16_t *was = seen + w->channels * i;
        float before[3], inside[3];
        int border = 0, beyond = 0;
        for (int c = 0; c < w->channels; c++) border |= was[c] == 0 || was[c] == FINE;
        if (!border) continue;
        light_of(own, w->size, w->channels, i, w->decode, w->next, w->matrix, before);
        if (w->channels == 1) {
            light[0][i] += before[0] > 1.0f ? before[0] - 1.0f : 0.0f;
            continue;
        }
        for (int c = 0; c < 3; c++) {
            inside[c] = unit(before[c]);
            before[c] -= inside[c];
            beyond |= before[c] != 0.0f;
        }
        if (!beyond) continue;
        float now = 0.2126f * light[0][i] + 0.7152f * light[1][i] + 0.0722f * light[2][i];
        float then = 0.2126f * inside[0] + 0.7152f * inside[1] + 0.0722f * inside[2];
        float gain = now / (then > 1e-6f ? then : 1e-6f);
        for (int c = 0; c < 3; c++) light[c][i] += before[c] * gain;
    }
}

/* Bring a block back, of which at least one pixel changed. */
RECOLOUR void bring(const Ways *w, int size, int channels, int many, const void *own, const uint16_t *seen,
                  const uint16_t *result, const float *added, void *out)
{
    float light[3][PART], turned[3][PART];
    int steps[PART];
    const float peak = w->peak, scale = FINE / sqrtf(peak);
    const float top = size == 1 ? 255.0f : 65535.0f;
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < many; i++) light[c][i] = w->srgb[result[channels * i + c]];
    if (w->matrix || peak > 1.0f) add_beyond(w, many, own, seen, light);
    for (int c = 0; c < channels; c++) {
        const int which = channels == 1 ? 1 : c;
        const float *from = light[c];
        if (w->inverse && channels == 3) {
            const float a = w->inverse[3 * c], b = w->inverse[3 * c + 1], d = w->inverse[3 * c + 2];
            for (int i = 0; i < many; i++)
                turned[c][i] = a * light[0][i] + b * light[1][i] + d * light[2][i];
            from = turned[c];
        }
        for (int i = 0; i < many; i++) {
            float x = from[i] < 0.0f ? 0.0f : from[i];
            x = sqrtf(x > peak ? peak : x) * scale + 0.5f;
            steps[i] = (int)(x > (float)FINE ? (float)FINE : x);
        }
        if (added) {
            const float *table = w->encode + which * w->after;
            for (int i = 0; i < many; i++) {
                float level = table[steps[i]] + 0.5f + added[i];
                level = level < 0.0f ? 0.0f : level;
                steps[i] = (int)(level > top ? top : level);
            }
        } else {
            const uint16_t *table = w->rounded + which * w->after;
            for (int i = 0; i < many; i++) steps[i] = table[steps[i]];
        }
        if (size == 1)
            for (int i = 0; i < many; i++) ((uint8_t *)out)[channels * i + c] = (uint8_t)steps[i];
        else
            for (int i = 0; i < many; i++) ((uint16_t *)out)[channels * i + c] = (uint16_t)steps[i];
    }
    int equal = 0;
    for (int i = 0; i < many * channels; i++) equal |= seen[i] == result[i];
    if (!equal) return;
    for (int i = 0; i < many; i++) {
        const size_t pixel = (size_t)channels * i, bytes = (size_t)channels * size;
        int same = 1;
        for (int c = 0; c < channels; c++) same &= seen[pixel + c] == result[pixel + c];
        if (same) memcpy((char *)out + pixel * size, (const char *)own + pixel * size, bytes);
    }
}

WIDER static void back_pixels(const Ways *ways, ptrdiff_t pixels, const void *own,
                              const uint16_t *seen, const uint16_t *result, const float *added,
                              void *out)
{
    const int size = ways->size, channels = ways->channels;
    for (ptrdiff_t from = 0; from < pixels; from += PART) {
        const int many = pixels - from < PART ? (int)(pixels - from) : PART;
        const ptrdiff_t at = channels * from;
        const char *mine = (const char *)own + at * size;
        char *theirs = (char *)out + at * size;
        if (memcmp(seen + at, result + at, (size_t)many * channels * 2) == 0)
            memcpy(theirs, mine, (size_t)many * channels * size);
        else {
            const float *extra = added ? added + from : NULL;
            const uint16_t *was = seen + at, *is = result + at;
            if (!RECOLOUR_SPECIAL) bring(ways, size, channels, many, mine, was, is, extra, theirs);
            else if (channels == 1) bring(ways, size, 1, many, mine, was, is, extra, theirs);
            else if (size == 1) bring(ways, 1, 3, many, mine, was, is, extra, theirs);
            else bring(ways, 2, 3, many, mine, was, is, extra, theirs);
        }
    }
}

#endif
