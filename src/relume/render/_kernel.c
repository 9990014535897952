/* The pass of kernel.h for Python.

   Every function takes contiguous buffers and their sizes, checks each size and each index before
   it touches a sample (ValueError otherwise), and runs without the interpreter lock. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#include "checks.h"
#include "kernel.h"

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 4

static int use_avx2 = 0;

#include "on_maps.h"

/* look_up(source, target, kind, table) */
static PyObject *py_look_up(PyObject *self, PyObject *args) {
    Py_buffer v[3];
    int kind, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*:look_up", &v[0], &v[1], &kind, &v[2])) return NULL;
    ok = is_kind(kind, 0);
    if (ok) {
        Size n = v[0].len / kind;
        ok = holds(&v[0], n, kind, "source") && holds(&v[1], n, kind, "target") &&
             holds(&v[2], kind == U8 ? 256 : 65536, kind, "table");
        if (ok) {
            Py_BEGIN_ALLOW_THREADS
            if (kind == U8)
                look_up_u8((const uint8_t *)v[0].buf, (uint8_t *)v[1].buf, n, (const uint8_t *)v[2].buf);
            else
                look_up_u16((const uint16_t *)v[0].buf, (uint16_t *)v[1].buf, n,
                            (const uint16_t *)v[2].buf);
            Py_END_ALLOW_THREADS
        }
    }
    release(v, 3);
    return done(ok);
}

/* look_up_pairs(source, target, table): RGB bytes, table[largest][sample] */
static PyObject *py_look_up_pairs(PyObject *self, PyObject *args) {
    Py_buffer v[3];
    Size n;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*y*:look_up_pairs", &v[0], &v[1], &v[2])) return NULL;
    n = v[0].len / 3;
    ok = holds(&v[0], 3 * n, 1, "source") && holds(&v[1], 3 * n, 1, "target") &&
         holds(&v[2], 65536, 1, "table");
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        look_up_pairs((const uint8_t *)v[0].buf, (uint8_t *)v[1].buf, n, (const uint8_t *)v[2].buf);
        Py_END_ALLOW_THREADS
    }
    release(v, 3);
    return done(ok);
}

/* What scale, shift and relight share: v is source, target, table and more. */
static int on_tones(Tones *b, const Py_buffer *v) {
    if (!is_kind(b->kind, 0)) return 0;
    b->pixels = v[0].len / (3 * b->kind);
    if (!holds(&v[0], 3 * b->pixels, b->kind, "source") ||
        !holds(&v[1], 3 * b->pixels, b->kind, "target") ||
        !holds(&v[2], (b->rule == RELIGHT ? 0 : FINE) + KNOTS + 1, sizeof(float), "table"))
        return 0;
    b->source = v[0].buf;
    b->target = v[1].buf;
    b->table = (const float *)v[2].buf;
    Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
    if (use_avx2) render_tones_avx2(b);
    else
#endif
        render_tones_plain(b);
    Py_END_ALLOW_THREADS
    return 1;
}

/* scale(source, target, kind, table, strength, by_luma) */
static PyObject *py_scale(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[3];
    int by_luma, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*fp:scale", &v[0], &v[1], &b.kind, &v[2], &b.strength,
                          &by_luma))
        return NULL;
    b.rule = by_luma ? BY_LUMA : BY_VALUE;
    ok = on_tones(&b, v);
    release(v, 3);
    return done(ok);
}

/* shift(source, target, kind, table, strength) */
static PyObject *py_shift(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[3];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*iy*f:shift", &v[0], &v[1], &b.kind, &v[2], &b.strength))
        return NULL;
    b.rule = SHIFT;
    ok = on_tones(&b, v);
    release(v, 3);
    return done(ok);
}

/* relight(source, target, linear, factor, encoded, strength): RGB of 16 bits */
static PyObject *py_relight(PyObject *self, PyObject *args) {
    Tones b = {0};
    Py_buffer v[5]; /* source, target, encoded, linear, factor */
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*y*y*y*f:relight", &v[0], &v[1], &v[3], &v[4], &v[2],
                          &b.strength))
        return NULL;
    b.kind = U16;
    b.rule = RELIGHT;
    b.linear = (const float *)v[3].buf;
    b.factor = (const float *)v[4].buf;
    ok = holds(&v[3], 65536, sizeof(float), "linear") &&
         holds(&v[4], 65536, sizeof(float), "factor") && on_tones(&b, v);
    release(v, 5);
    return done(ok);
}

/* count(source, kind, channels, of, bins): adds to 256 or 65536 bins of int64 */
static PyObject *py_count(PyObject *self, PyObject *args) {
    Py_buffer v[2];
    Size channels;
    int kind, of, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*iniw*:count", &v[0], &kind, &channels, &of, &v[1])) return NULL;
    ok = is_kind(kind, 1) && is_depth(channels);
    if (ok && (of < LUMA || of > BLUE)) {
        PyErr_Format(PyExc_ValueError, "of: no source of number %d", of);
        ok = 0;
    }
    if (ok) {
        Size pixels = v[0].len / (kind * channels);
        /* 2³² pixels of one level would overflow the bytes' counters. */
        ok = holds(&v[0], pixels * channels, kind, "source") &&
             holds(&v[1], kind == U8 ? 256 : 65536, sizeof(int64_t), "bins");
        if (ok && pixels > (Size)0x7fffffff) {
            PyErr_SetString(PyExc_ValueError, "source: more than 2147483647 pixels at once");
            ok = 0;
        }
        if (ok) {
            Py_BEGIN_ALLOW_THREADS
            count_all(v[0].buf, kind, pixels, (int)channels, of, (int64_t *)v[1].buf);
            Py_END_ALLOW_THREADS
        }
    }
    release(v, 2);
    return done(ok);
}

/* area(source, kind, (H, W, channels), (h, w), first, target): as many output rows as target holds */
static PyObject *py_area(PyObject *self, PyObject *args) {
    Py_buffer v[2];
    Size H, W, channels, h, w, first;
    int kind, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*i(nnn)(nn)nw*:area", &v[0], &kind, &H, &W, &channels, &h, &w,
                          &first, &v[1]))
        return NULL;
    ok = is_kind(kind, 1) && is_depth(channels) &&
         holds(&v[0], product(H, W, channels, 1), kind, "source") && product(h, w, 3, 1) > 0 &&
         product(H, h, 1, 1) > 0 && product(W, w, 1, 1) > 0;
    if (ok) {
        Size count = v[1].len / (3 * w * (Size)sizeof(float));
        if (h > H || w > W || first < 0 || count > h || first > h - count) {
            PyErr_SetString(PyExc_ValueError, "rows or columns outside the picture");
            ok = 0;
        } else if (holds(&v[1], count * w * 3, sizeof(float), "target")) {
            double *sum = (double *)malloc((size_t)(W * channels) * sizeof(double));
            if (sum == NULL) {
                PyErr_NoMemory();
                ok = 0;
            } else {
                Average *run = average_plain;
#if HAS_AVX2_COPY
                if (use_avx2) run = average_avx2;
#endif
                Py_BEGIN_ALLOW_THREADS
                run(v[0].buf, kind, H, W, channels, h, w, first, count, (float *)v[1].buf, sum);
                Py_END_ALLOW_THREADS
                free(sum);
            }
        } else {
            ok = 0;
        }
    }
    release(v, 2);
    return done(ok);
}

static PyMethodDef functions[] = {
    {"curve", py_curve, METH_VARARGS, NULL},
    {"gain", py_gain, METH_VARARGS, NULL},
    {"affine", py_affine, METH_VARARGS, NULL},
    {"blend", py_blend, METH_VARARGS, NULL},
    {"lift", py_lift, METH_VARARGS, NULL},
    {"lift_clean", py_lift_clean, METH_VARARGS, NULL},
    {"tiles", py_tiles, METH_VARARGS, NULL},
    {"look_up", py_look_up, METH_VARARGS, NULL},
    {"look_up_pairs", py_look_up_pairs, METH_VARARGS, NULL},
    {"scale", py_scale, METH_VARARGS, NULL},
    {"shift", py_shift, METH_VARARGS, NULL},
    {"relight", py_relight, METH_VARARGS, NULL},
    {"count", py_count, METH_VARARGS, NULL},
    {"area", py_area, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    use_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    if (PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0) return -1;
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", use_avx2 ? "AVX2" : "");
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
