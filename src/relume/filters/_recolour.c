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
#include <stdint.h>
#include <string.h>

#include "recolour.h"

#define MOST 14

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
