/* Numbers of a file to sRGB's and back, pixel by pixel: what filters/recolour.py says, compiled.

   see(own, size, channels, decode, matrix, encode, out)
   back(own, seen, result, size, channels, decode, matrix, srgb, inverse, encode, peak, added, out)

   Buffers are contiguous: own of `size` bytes per sample, 1 or 3 channels; decode float32, three
   tables, or one for all, of as many entries as own has numbers; matrix and inverse float32 of 9 in rows, or empty;
   srgb float32 of 65536; encode three tables, or one, of 65536 over the square root of light, uint16
   for see, which needs one, and float32 for back; added float32, one per pixel, or empty. */

#include <Python.h>
#include <math.h>
#include <stdint.h>

#define FINE 65535
#define MOST 13

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
    for (Py_ssize_t pixel = 0; pixel < pixels; pixel++) {
        float light[3];
        light_of(own, size, channels, pixel, decode, next, matrix, light);
        for (int c = 0; c < channels; c++)
            out[channels * pixel + c] = encode[(int)(sqrtf(unit(light[c])) * FINE + 0.5f)];
    }
    Py_END_ALLOW_THREADS
    let_go(&held);
    Py_RETURN_NONE;
}

static PyObject *back(PyObject *self, PyObject *args)
{
    PyObject *o[10];
    int size, channels;
    float peak;
    Held held = {.held = 0};
    if (!PyArg_ParseTuple(args, "OOOiiOOOOOfOO", &o[0], &o[1], &o[2], &size, &channels, &o[3],
                          &o[4], &o[5], &o[6], &o[7], &peak, &o[8], &o[9]))
        return NULL;
    if ((size != 1 && size != 2) || (channels != 1 && channels != 3) || !(peak >= 1.0f)) {
        PyErr_SetString(PyExc_ValueError, "expected 1 or 2 bytes, 1 or 3 channels, a peak of 1 or more");
        return NULL;
    }
    Py_buffer first;
    if (PyObject_GetBuffer(o[9], &first, PyBUF_SIMPLE | PyBUF_WRITABLE) < 0) return NULL;
    held.view[held.held++] = first;
    void *out = first.buf;
    Py_ssize_t samples = first.len / size, pixels = samples / channels;
    int numbers = size == 1 ? 256 : 65536;
    const Py_ssize_t sizes[9] = {samples * size, samples * 2, samples * 2, 3 * (Py_ssize_t)numbers * 4,
                                 36, (FINE + 1) * 4, 36, 3 * (FINE + 1) * 4, pixels * 4};
    const int empty[9] = {0, 0, 0, 0, 1, 0, 1, 0, 1};
    const void *p[9];
    for (int i = 0; i < 9; i++) {
        if (i == 3 || i == 7) p[i] = tables(&held, o[i], i == 3 ? numbers : FINE + 1);
        else p[i] = take(&held, o[i], sizes[i], empty[i], PyBUF_SIMPLE);
        if (PyErr_Occurred()) { let_go(&held); return NULL; }
        if (held.view[held.held - 1].len == 0) p[i] = NULL;
    }
    const int next = PyObject_Length(o[3]) == 3 ? numbers : 0;
    const int after = PyObject_Length(o[7]) == 3 ? FINE + 1 : 0;
    const void *own = p[0];
    const uint16_t *seen = p[1], *result = p[2];
    const float *decode = p[3], *matrix = p[4], *srgb = p[5], *inverse = p[6], *encode = p[7];
    const float *added = p[8];
    const float scale = FINE / sqrtf(peak), top = (float)(numbers - 1);
    const int wide = matrix != NULL || peak > 1.0f;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t pixel = 0; pixel < pixels; pixel++) {
        const Py_ssize_t at = channels * pixel;
        int changed = 0;
        for (int c = 0; c < channels; c++) changed |= seen[at + c] != result[at + c];
        if (!changed) {
            for (int c = 0; c < channels; c++) {
                if (size == 1) ((uint8_t *)out)[at + c] = ((const uint8_t *)own)[at + c];
                else ((uint16_t *)out)[at + c] = ((const uint16_t *)own)[at + c];
            }
            continue;
        }
        float light[3], before[3], turned[3];
        for (int c = 0; c < channels; c++) light[c] = srgb[result[at + c]];
        /* What sRGB cannot hold lies on its border in what was seen. */
        int border = 0;
        for (int c = 0; c < channels; c++) border |= seen[at + c] == 0 || seen[at + c] == FINE;
        if (wide && border) {
            light_of(own, size, channels, pixel, decode, next, matrix, before);
            if (channels == 1) {
                light[0] += before[0] > 1.0f ? before[0] - 1.0f : 0.0f;
            } else {
                float inside[3];
                int beyond = 0;
                for (int c = 0; c < 3; c++) {
                    inside[c] = unit(before[c]);
                    before[c] -= inside[c];
                    beyond |= before[c] != 0.0f;
                }
                if (beyond) {
                    float now = 0.2126f * light[0] + 0.7152f * light[1] + 0.0722f * light[2];
                    float then = 0.2126f * inside[0] + 0.7152f * inside[1] + 0.0722f * inside[2];
                    float gain = now / (then > 1e-6f ? then : 1e-6f);
                    for (int c = 0; c < 3; c++) light[c] += before[c] * gain;
                }
            }
        }
        if (inverse && channels == 3) turn(inverse, light, turned);
        else for (int c = 0; c < channels; c++) turned[c] = light[c];
        for (int c = 0; c < channels; c++) {
            float x = turned[c] < 0.0f ? 0.0f : turned[c] > peak ? peak : turned[c];
            int step = (int)(sqrtf(x) * scale + 0.5f);
            const float *table = encode + (channels == 1 ? 1 : c) * after;
            float level = table[step > FINE ? FINE : step] + 0.5f + (added ? added[pixel] : 0.0f);
            level = level < 0.0f ? 0.0f : level > top ? top : level;
            if (size == 1) ((uint8_t *)out)[at + c] = (uint8_t)level;
            else ((uint16_t *)out)[at + c] = (uint16_t)level;
        }
    }
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
