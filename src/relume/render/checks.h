/* What a call from Python must fulfil before a sample is touched: ValueError otherwise. */

#ifndef RELUME_CHECKS_H
#define RELUME_CHECKS_H

#include "samples.h"

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

#endif
