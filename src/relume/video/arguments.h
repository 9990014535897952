/* Arrays that Python hands over, checked before a sample is touched: ValueError otherwise. */

#ifndef RELUME_ARGUMENTS_H
#define RELUME_ARGUMENTS_H

#include "../render/checks.h"
#include "band.h"

/* Fill an array of two axes from a buffer with lines; `item` bytes a sample, `deep` samples a place. */
static int two_axes(PyObject *object, Py_buffer *view, Array *array, Size item, Size deep, int written,
                    const char *name) {
    int flags = PyBUF_STRIDES | (written ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) < 0) return 0;
    if (view->ndim != 2 || view->itemsize != item || view->strides[1] != item ||
        view->strides[0] < view->shape[1] * item || view->strides[0] % item != 0 ||
        view->shape[0] < 1 || view->shape[1] < 1 || view->shape[1] % deep != 0 ||
        (uintptr_t)view->buf % (uintptr_t)item != 0) {
        PyErr_Format(PyExc_ValueError, "%s: expected rows of samples of %zd bytes", name, item);
        return 0;
    }
    array->at = view->buf;
    array->rows = view->shape[0];
    array->columns = view->shape[1] / deep;
    array->line = view->strides[0] / item;
    return 1;
}

static int vector(PyObject *object, Py_buffer *view, Size count, Size item, const char *name) {
    if (PyObject_GetBuffer(object, view, PyBUF_SIMPLE) < 0) return 0;
    if (view->len != count * item || (uintptr_t)view->buf % (uintptr_t)item != 0) {
        PyErr_Format(PyExc_ValueError, "%s: expected %zd bytes, got %zd", name, count * item, view->len);
        return 0;
    }
    return 1;
}

static int same(const Array *a, const Array *b, const char *name) {
    if (a->rows == b->rows && a->columns == b->columns) return 1;
    PyErr_Format(PyExc_ValueError, "%s: is of another size", name);
    return 0;
}

static int check_code(const Code *c) {
    if ((c->kind == 1 || c->kind == 2) && c->across >= 0 && c->across <= 2 && c->down >= 0 &&
        c->down <= 2 && c->luma > 0 && c->chroma > 0 && c->red + c->blue < 1)
        return 1;
    PyErr_SetString(PyExc_ValueError, "code: no such samples");
    return 0;
}

#define CODE "(iiifffffff)"
#define CODE_AT(c)                                                                                  \
    &(c).kind, &(c).across, &(c).down, &(c).black, &(c).luma, &(c).neutral, &(c).chroma, &(c).top,  \
        &(c).red, &(c).blue

/* Places of `rows` rows and `columns` columns on samples, from row, row weight, column, weight. */
typedef struct {
    const int32_t *row, *column;
    const float *row_weight, *column_weight;
} Places;

static int places(PyObject **o, Py_buffer *v, Places *p, Size rows, Size columns, Size down,
                  Size across) {
    Size i;
    if (!(vector(o[0], &v[0], rows, sizeof(int32_t), "row") &&
          vector(o[1], &v[1], rows, sizeof(float), "row weight") &&
          vector(o[2], &v[2], columns, sizeof(int32_t), "column") &&
          vector(o[3], &v[3], columns, sizeof(float), "column weight")))
        return 0;
    p->row = (const int32_t *)v[0].buf;
    p->row_weight = (const float *)v[1].buf;
    p->column = (const int32_t *)v[2].buf;
    p->column_weight = (const float *)v[3].buf;
    for (i = 0; i < rows + columns; i++) {
        const float weight = i < rows ? p->row_weight[i] : p->column_weight[i - rows];
        if (!(weight >= 0.0f && weight <= 1.0f)) {
            PyErr_SetString(PyExc_ValueError, "weights lie between 0 and 1");
            return 0;
        }
    }
    return all_below(p->row, rows, down, "row") && all_below(p->column, columns, across, "column");
}

static int small_size(Size down, Size across) {
    if (down >= 1 && across >= 1 && down <= 4096 && across <= 4096) return 1;
    PyErr_SetString(PyExc_ValueError, "maps: no such size");
    return 0;
}

/* curves = ((down, across, levels), table, row, row weight, column, column weight, level, part) */
static int curves_of(PyObject *all, Py_buffer *v, Paint *p) {
    PyObject *o[7];
    Curves *t = &p->curves;
    Places at;
    if (!PyArg_ParseTuple(all, "(nnn)OOOOOOO:curves", &t->down, &t->across, &t->levels, &o[0], &o[1],
                          &o[2], &o[3], &o[4], &o[5], &o[6]) ||
        !small_size(t->down, t->across))
        return 0;
    if (t->levels < 2 || t->levels > 65536) {
        PyErr_SetString(PyExc_ValueError, "curves: no such size");
        return 0;
    }
    if (!(vector(o[0], &v[0], t->down * t->across * t->levels, sizeof(float), "curves") &&
          places(o + 1, v + 1, &at, p->source[1].rows, p->source[1].columns, t->down, t->across) &&
          vector(o[5], &v[5], p->codes, sizeof(int32_t), "level") &&
          vector(o[6], &v[6], p->codes, sizeof(float), "part") &&
          all_below((const int32_t *)v[5].buf, p->codes, t->levels - 1, "level")))
        return 0;
    t->table = (const float *)v[0].buf;
    t->row = at.row;
    t->column = at.column;
    t->row_weight = at.row_weight;
    t->column_weight = at.column_weight;
    t->level = (const int32_t *)v[5].buf;
    t->part = (const float *)v[6].buf;
    return 1;
}

/* lift = ((h, w), slope, offset, row, row weight, column, column weight, strength) */
static int lift_of(PyObject *all, Py_buffer *v, Paint *p) {
    PyObject *o[6];
    Lifted *l = &p->lift;
    Places at;
    if (!PyArg_ParseTuple(all, "(nn)OOOOOOf:lift", &l->h, &l->w, &o[0], &o[1], &o[2], &o[3], &o[4],
                          &o[5], &l->strength) ||
        !small_size(l->h, l->w) ||
        !(vector(o[0], &v[0], l->h * l->w * CURVES, sizeof(float), "slope") &&
          vector(o[1], &v[1], l->h * l->w * CURVES, sizeof(float), "offset") &&
          places(o + 2, v + 2, &at, p->source[1].rows, p->source[1].columns, l->h, l->w)))
        return 0;
    l->slope = (const float *)v[0].buf;
    l->offset = (const float *)v[1].buf;
    l->row = at.row;
    l->column = at.column;
    l->row_weight = at.row_weight;
    l->column_weight = at.column_weight;
    return 1;
}

static int planes_of(PyObject *all, Py_buffer *v, Array *planes, int kind, int written) {
    PyObject *o[3];
    return PyArg_ParseTuple(all, "OOO:planes", &o[0], &o[1], &o[2]) &&
           two_axes(o[0], &v[0], &planes[0], kind, 1, written, "luma") &&
           two_axes(o[1], &v[1], &planes[1], kind, 1, written, "chroma") &&
           two_axes(o[2], &v[2], &planes[2], kind, 1, written, "chroma") &&
           same(&planes[1], &planes[2], "chroma");
}

static int fits(const Code *c, const Array *planes, Size first, Size last) {
    const Size tall = 1 << c->down, wide = 1 << c->across;
    if (first >= 0 && first < last && last <= planes[1].rows &&
        planes[1].rows == (planes[0].rows + tall - 1) / tall &&
        planes[1].columns == (planes[0].columns + wide - 1) / wide && planes[0].columns <= 65536)
        return 1;
    PyErr_SetString(PyExc_ValueError, "luma and chroma do not fit each other");
    return 0;
}

#endif
