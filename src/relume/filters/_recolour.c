/* Numbers of a file to sRGB's and back, pixel by pixel: what filters/recolour.py says, compiled.

   see(own, size, channels, decode, matrix, encode, out)
   back(own, seen, result, size, channels, decode, matrix, srgb, inverse, encode, rounded, peak,
        added, out)

   Buffers are contiguous: own of `size` bytes per sample, 1 or 3 channels; decode float32, three
   tables, or one for all, of as many entries as own has numbers; matrix and inverse float32 of 9 in rows, or empty;
   srgb float32 of 65536; encode three tables, or one, of 65536 over the square root of light, uint16
   for see, which needs one, and float32 for back, where rounded holds the same as whole numbers,
   uint16, for when nothing is added; added float32, one per pixel, or empty. */

#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define FINE 65535
#define MOST 14

#if defined(__GNUC__)
#define INLINE static inline __attribute__((always_inline))
#else
#define INLINE static inline
#endif
/* What is called with constants for size and channels, and compiled once for each. */

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__)
#define WIDER __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define WIDER
#endif
/* Compiled for wider registers, too, and chosen when the module is loaded. Products and sums are
   rounded one by one everywhere (-ffp-contract=off), so that every processor gives the same. */

#define BLOCK 256
/* Pixels at a time: their light, channel by channel, stays in the first-level cache. */

typedef struct { Py_buffer view[MOST]; int held; } Held;

static void let_go(Held *held)
{
    while (held->held > 0) PyBuffer_Release(&held->view[--held->held]);
}

/* Take a buffer of exactly `bytes`, or also none where it may be empty. */
static void *take(Held *held, PyObject *object, Py_ssize_t bytes, int empty, int flags)
{
    Py_buffer *view = &held->view[held->held];
    if (PyObject_GetBuffer(object, view, flags) < 0) return NULL;
    held->held++;
    if (view->len != bytes && !(empty && view->len == 0)) {
        PyErr_Format(PyExc_ValueError, "expected %zd bytes, got %zd", bytes, view->len);
        return NULL;
    }
    return view->buf;
}

/* Take one table of float32, or three. */
static void *tables(Held *held, PyObject *object, Py_ssize_t entries)
{
    Py_ssize_t bytes = PyObject_Length(object) == 3 ? 3 * entries * 4 : entries * 4;
    return PyErr_Occurred() ? NULL : take(held, object, bytes, 0, PyBUF_SIMPLE);
}

static inline int number(const void *own, int size, Py_ssize_t at)
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
static inline void light_of(const void *own, int size, int channels, Py_ssize_t pixel,
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
INLINE void look(const void *own, int many, int size, int channels, const float *decode, int next,
                 const float *matrix, const uint16_t *encode, uint16_t *out)
{
    float raw[3][BLOCK], turned[BLOCK];
    int steps[3][BLOCK];
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

WIDER static void see_pixels(const void *own, Py_ssize_t pixels, int size, int channels,
                             const float *decode, int next, const float *matrix,
                             const uint16_t *encode, uint16_t *out)
{
    for (Py_ssize_t from = 0; from < pixels; from += BLOCK) {
        const int many = pixels - from < BLOCK ? (int)(pixels - from) : BLOCK;
        const Py_ssize_t at = channels * from;
        const char *mine = (const char *)own + at * size;
        if (channels == 1) look(mine, many, size, 1, decode, next, matrix, encode, out + at);
        else if (size == 1) look(mine, many, 1, 3, decode, next, matrix, encode, out + at);
        else look(mine, many, 2, 3, decode, next, matrix, encode, out + at);
    }
}

static PyObject *see(PyObject *self, PyObject *args)
{
    PyObject *o[5];
    int size, channels;
    Held held = {.held = 0};
    if (!PyArg_ParseTuple(args, "OiiOOOO", &o[0], &size, &channels, &o[1], &o[2], &o[3], &o[4]))
        return NULL;
    if ((size != 1 && size != 2) || (channels != 1 && channels != 3)) {
        PyErr_SetString(PyExc_ValueError, "expected 1 or 2 bytes, 1 or 3 channels");
        return NULL;
    }
    Py_ssize_t samples, pixels;
    int numbers = size == 1 ? 256 : 65536;
    uint16_t *out = NULL;
    {
        Py_buffer probe;
        if (PyObject_GetBuffer(o[4], &probe, PyBUF_SIMPLE | PyBUF_WRITABLE) < 0) return NULL;
        samples = probe.len / 2;
        out = probe.buf;
        held.view[held.held++] = probe;
    }
    pixels = samples / channels;
    const void *own = take(&held, o[0], samples * size, 0, PyBUF_SIMPLE);
    const float *decode = own ? tables(&held, o[1], numbers) : NULL;
    const int next = decode && held.view[held.held - 1].len > (Py_ssize_t)numbers * 4 ? numbers : 0;
    const float *matrix = decode ? take(&held, o[2], 36, 1, PyBUF_SIMPLE) : NULL;
    const uint16_t *encode = PyErr_Occurred() ? NULL : take(&held, o[3], (FINE + 1) * 2, 0, PyBUF_SIMPLE);
    if (!encode) { let_go(&held); return NULL; }
    if (held.view[held.held - 2].len == 0) matrix = NULL;
    Py_BEGIN_ALLOW_THREADS
    see_pixels(own, pixels, size, channels, decode, next, matrix, encode, out);
    Py_END_ALLOW_THREADS
    let_go(&held);
    Py_RETURN_NONE;
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
static void restore(const Ways *w, int many, const void *own, const uint16_t *seen,
                    float light[3][BLOCK])
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
INLINE void bring(const Ways *w, int size, int channels, int many, const void *own, const uint16_t *seen,
                  const uint16_t *result, const float *added, void *out)
{
    float light[3][BLOCK], turned[3][BLOCK];
    int steps[BLOCK];
    const float peak = w->peak, scale = FINE / sqrtf(peak);
    const float top = size == 1 ? 255.0f : 65535.0f;
    for (int c = 0; c < channels; c++)
        for (int i = 0; i < many; i++) light[c][i] = w->srgb[result[channels * i + c]];
    if (w->matrix || peak > 1.0f) restore(w, many, own, seen, light);
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

WIDER static void back_pixels(const Ways *ways, Py_ssize_t pixels, const void *own,
                              const uint16_t *seen, const uint16_t *result, const float *added,
                              void *out)
{
    const int size = ways->size, channels = ways->channels;
    for (Py_ssize_t from = 0; from < pixels; from += BLOCK) {
        const int many = pixels - from < BLOCK ? (int)(pixels - from) : BLOCK;
        const Py_ssize_t at = channels * from;
        const char *mine = (const char *)own + at * size;
        char *theirs = (char *)out + at * size;
        if (memcmp(seen + at, result + at, (size_t)many * channels * 2) == 0)
            memcpy(theirs, mine, (size_t)many * channels * size);
        else {
            const float *extra = added ? added + from : NULL;
            const uint16_t *was = seen + at, *is = result + at;
            if (channels == 1) bring(ways, size, 1, many, mine, was, is, extra, theirs);
            else if (size == 1) bring(ways, 1, 3, many, mine, was, is, extra, theirs);
            else bring(ways, 2, 3, many, mine, was, is, extra, theirs);
        }
    }
}

static PyObject *back(PyObject *self, PyObject *args)
{
    PyObject *o[11];
    int size, channels;
    float peak;
    Held held = {.held = 0};
    if (!PyArg_ParseTuple(args, "OOOiiOOOOOOfOO", &o[0], &o[1], &o[2], &size, &channels, &o[3],
                          &o[4], &o[5], &o[6], &o[7], &o[9], &peak, &o[8], &o[10]))
        return NULL;
    if ((size != 1 && size != 2) || (channels != 1 && channels != 3) || !(peak >= 1.0f)) {
        PyErr_SetString(PyExc_ValueError, "expected 1 or 2 bytes, 1 or 3 channels, a peak of 1 or more");
        return NULL;
    }
    Py_buffer first;
    if (PyObject_GetBuffer(o[10], &first, PyBUF_SIMPLE | PyBUF_WRITABLE) < 0) return NULL;
    held.view[held.held++] = first;
    void *out = first.buf;
    Py_ssize_t samples = first.len / size, pixels = samples / channels;
    int numbers = size == 1 ? 256 : 65536;
    const Py_ssize_t sizes[9] = {samples * size, samples * 2, samples * 2, 3 * (Py_ssize_t)numbers * 4,
                                 36, (FINE + 1) * 4, 36, 3 * (FINE + 1) * 4, pixels * 4};
    const int empty[9] = {0, 0, 0, 0, 1, 0, 1, 0, 1};
    const void *p[10];
    for (int i = 0; i < 9; i++) {
        if (i == 3 || i == 7) p[i] = tables(&held, o[i], i == 3 ? numbers : FINE + 1);
        else p[i] = take(&held, o[i], sizes[i], empty[i], PyBUF_SIMPLE);
        if (PyErr_Occurred()) { let_go(&held); return NULL; }
        if (held.view[held.held - 1].len == 0) p[i] = NULL;
    }
    const int next = PyObject_Length(o[3]) == 3 ? numbers : 0;
    const int after = PyObject_Length(o[7]) == 3 ? FINE + 1 : 0;
    p[9] = take(&held, o[9], (after ? 3 : 1) * (FINE + 1) * 2, 0, PyBUF_SIMPLE);
    if (!p[9]) { let_go(&held); return NULL; }
    const void *own = p[0];
    const uint16_t *seen = p[1], *result = p[2];
    const float *decode = p[3], *matrix = p[4], *srgb = p[5], *inverse = p[6], *encode = p[7];
    const float *added = p[8];
    const uint16_t *rounded = p[9];
    const Ways ways = {size, channels, decode, next, matrix, srgb, inverse, encode, rounded, after, peak};
    Py_BEGIN_ALLOW_THREADS
    back_pixels(&ways, pixels, own, seen, result, added, out);
    Py_END_ALLOW_THREADS
    let_go(&held);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"see", see, METH_VARARGS, "Numbers of a file as sRGB in 16 bits."},
    {"back", back, METH_VARARGS, "A result of sRGB in the numbers of a file."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_recolour", NULL, -1, methods,
                                    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__recolour(void) { return PyModule_Create(&module); }
