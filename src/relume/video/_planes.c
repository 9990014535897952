/* Frames of video as planes: what Python calls.

   Every function takes arrays whose lines may be longer than the picture, checks each size and each
   index before it touches a sample (ValueError otherwise), and runs without the interpreter lock.
   Callers split a frame into bands of rows and run several calls at once; a row's result never
   depends on the band it is in. The formulas are those of paint.py, which has a NumPy twin. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "painting.h"
#include "shrinking.h"
#include "whole.h"

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 3

static int use_avx2 = 0;
#if HAS_AVX2_COPY
static int use_avx512 = 0;
#define AVX512                                                                                      \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")))
#endif

/* ---- blocks of luma and their chroma as RGB ---------------------------------------------------- */

typedef struct {
    Code code;
    Array y, u, v, rgb; /* u, v and rgb: rows of this band; y: the whole plane */
    Size first;
} Blocks;

INLINE void blocks_of(const Blocks *b, int across, int down, int kind) {
    Size row, first;
    for (row = 0; row < b->rgb.rows; row++)
        for (first = 0; first < b->rgb.columns; first += BLOCK) {
            const int n = (int)(b->rgb.columns - first < BLOCK ? b->rgb.columns - first : BLOCK);
            float red[BLOCK], green[BLOCK], blue[BLOCK], *planes[3] = {red, green, blue};
            float *rgb = (float *)b->rgb.at + row * b->rgb.line + 3 * first;
            int sum[BLOCK], x;
            add_blocks(sum, &b->y, (b->first + row) << down, first, n, across, down, kind);
            to_rgb(planes, sum, (const char *)b->u.at + row * b->u.line * kind,
                   (const char *)b->v.at + row * b->v.line * kind, first, n, &b->code, across, down,
                   kind);
            for (x = 0; x < n; x++) {
                rgb[3 * x] = red[x];
                rgb[3 * x + 1] = green[x];
                rgb[3 * x + 2] = blue[x];
            }
        }
}

INLINE void blocks(const Blocks *b) {
    const Code *c = &b->code;
    if (c->kind == 1) blocks_of(b, c->across, c->down, 1);
    else blocks_of(b, c->across, c->down, 2);
}

static void blocks_plain(const Blocks *b) { blocks(b); }
static void shrink_plain(const Shrink *s) {
    if (s->kind == 1) shrink(s, 1);
    else shrink(s, 2);
}
static void to_whole_plain(const Whole *b) {
    if (b->kind == 1) to_whole(b, b->code.across, 1);
    else if (b->kind == 2) to_whole(b, b->code.across, 2);
    else to_whole(b, b->code.across, 4);
}
static void from_whole_plain(const Whole *b) {
    if (b->kind == 1) from_whole(b, b->code.across, b->code.down, 1);
    else from_whole(b, b->code.across, b->code.down, 2);
}
static void paint_plain(const Paint *p) { paint_any(p, 0); }
#if HAS_AVX2_COPY
AVX2 static void blocks_avx2(const Blocks *b) { blocks(b); }
AVX2 static void shrink_avx2(const Shrink *s) {
    if (s->kind == 1) shrink(s, 1);
    else shrink(s, 2);
}
AVX2 static void to_whole_avx2(const Whole *b) {
    if (b->kind == 1) to_whole(b, b->code.across, 1);
    else if (b->kind == 2) to_whole(b, b->code.across, 2);
    else to_whole(b, b->code.across, 4);
}
AVX2 static void from_whole_avx2(const Whole *b) {
    if (b->kind == 1) from_whole(b, b->code.across, b->code.down, 1);
    else from_whole(b, b->code.across, b->code.down, 2);
}
AVX2 static void paint_avx2(const Paint *p) { paint_any(p, 1); }
/* Twice as wide; the operations on a sample, and so its result, are the same. */
AVX512 static void paint_avx512(const Paint *p) { paint_any(p, 1); }
#define RUN(NAME, b) (use_avx2 ? NAME##_avx2(b) : NAME##_plain(b))
#else
#define RUN(NAME, b) NAME##_plain(b)
#endif

/* ---- arguments --------------------------------------------------------------------------------- */

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

static int within(const int32_t *index, Size count, Size most, const char *name) {
    Size i;
    for (i = 0; i < count; i++)
        if (index[i] < 0 || index[i] >= most) {
            PyErr_Format(PyExc_ValueError, "%s: %d lies outside", name, (int)index[i]);
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

static void release(Py_buffer *views, int count) {
    int i;
    for (i = 0; i < count; i++)
        if (views[i].obj != NULL) PyBuffer_Release(&views[i]);
}

static PyObject *done(int ok) {
    if (!ok) return NULL;
    Py_INCREF(Py_None);
    return Py_None;
}

/* blocks(code, y, u, v, first, rgb) */
static PyObject *py_blocks(PyObject *self, PyObject *args) {
    PyObject *o[4];
    Py_buffer v[4] = {{0}};
    Blocks b;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, CODE "OOOnO:blocks", CODE_AT(b.code), &o[0], &o[1], &o[2], &b.first,
                          &o[3]))
        return NULL;
    ok = check_code(&b.code) && two_axes(o[0], &v[0], &b.y, b.code.kind, 1, 0, "luma") &&
         two_axes(o[1], &v[1], &b.u, b.code.kind, 1, 0, "chroma") &&
         two_axes(o[2], &v[2], &b.v, b.code.kind, 1, 0, "chroma") &&
         two_axes(o[3], &v[3], &b.rgb, sizeof(float), 3, 1, "rgb") && same(&b.u, &b.rgb, "rgb") &&
         same(&b.v, &b.rgb, "chroma");
    if (ok && (b.first < 0 || ((b.first + b.rgb.rows - 1) << b.code.down) >= b.y.rows ||
               ((b.rgb.columns - 1) << b.code.across) >= b.y.columns)) {
        PyErr_SetString(PyExc_ValueError, "blocks lie outside the luma");
        ok = 0;
    }
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        RUN(blocks, &b);
        Py_END_ALLOW_THREADS
    }
    release(v, 4);
    return done(ok);
}

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
    return within(p->row, rows, down, "row") && within(p->column, columns, across, "column");
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
          within((const int32_t *)v[5].buf, p->codes, t->levels - 1, "level")))
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

/* paint(code, depth, curves, lift, rgb, planes, new planes, first, last): rows first … last − 1 of
   chroma and their luma; either a lift or the painted colour of the blocks of these rows. */
static PyObject *py_paint(PyObject *self, PyObject *args) {
    PyObject *curves, *lift, *rgb, *planes, *target;
    Py_buffer v[23] = {{0}};
    Paint p;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, CODE "iO!OOO!O!nn:paint", CODE_AT(p.code), &p.depth, &PyTuple_Type,
                          &curves, &lift, &rgb, &PyTuple_Type, &planes, &PyTuple_Type, &target,
                          &p.first, &p.last))
        return NULL;
    p.is_lifted = lift != Py_None;
    p.codes = (Size)p.code.top + 1;
    ok = check_code(&p.code) && p.code.across < 2 && p.code.down < 2 && p.depth >= 8 && p.depth <= 12 &&
         p.codes == (Size)1 << p.depth && p.code.kind == (p.depth == 8 ? 1 : 2);
    if (!ok && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "code: no such samples");
    ok = ok && planes_of(planes, v, p.source, p.code.kind, 0) &&
         planes_of(target, v + 3, p.target, p.code.kind, 1) && same(&p.source[0], &p.target[0], "luma") &&
         same(&p.source[1], &p.target[1], "chroma") && fits(&p.code, p.source, p.first, p.last) && curves_of(curves, v + 6, &p);
    if (ok && p.is_lifted) ok = PyTuple_Check(lift) && lift_of(lift, v + 13, &p);
    else if (ok) {
        Array band = p.source[1];
        band.rows = p.last - p.first;
        ok = two_axes(rgb, &v[13], &p.rgb, sizeof(float), 3, 0, "rgb") && same(&p.rgb, &band, "rgb");
    }
    if (ok && (p.scratch = malloc((size_t)scratch_bytes(&p))) == NULL) {
        PyErr_NoMemory();
        ok = 0;
    } else if (ok) {
        Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
        if (use_avx512) paint_avx512(&p);
        else
#endif
            RUN(paint, &p);
        Py_END_ALLOW_THREADS
        free(p.scratch);
    }
    if (!ok && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "lift: expected a tuple");
    release(v, 23);
    return done(ok);
}

/* Parse (code, bytes of a sample, planes, rgb, first, last); either side is what is written. */
static PyObject *whole(PyObject *args, void work(const Whole *), int back) {
    PyObject *planes, *rgb;
    Py_buffer v[4] = {{0}};
    Whole b;
    int ok;
    if (!PyArg_ParseTuple(args, CODE "iO!Onn:whole", CODE_AT(b.code), &b.kind, &PyTuple_Type, &planes,
                          &rgb, &b.first, &b.last))
        return NULL;
    ok = check_code(&b.code) && b.code.across < 2 && b.code.down < 2 &&
         (b.kind == b.code.kind || (b.kind == 4 && !back));
    if (!ok && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "code: no such samples");
    ok = ok && planes_of(planes, v, b.planes, b.kind, back) &&
         two_axes(rgb, &v[3], &b.rgb, sizeof(float), 3, !back, "rgb") &&
         same(&b.planes[0], &b.rgb, "rgb") && fits(&b.code, b.planes, b.first, b.last);
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        work(&b);
        Py_END_ALLOW_THREADS
    }
    release(v, 4);
    return done(ok);
}

static void run_to_whole(const Whole *b) { RUN(to_whole, b); }
static void run_from_whole(const Whole *b) { RUN(from_whole, b); }

static PyObject *py_to_rgb(PyObject *self, PyObject *args) {
    (void)self;
    return whole(args, run_to_whole, 0);
}

static PyObject *py_from_rgb(PyObject *self, PyObject *args) {
    (void)self;
    return whole(args, run_from_whole, 1);
}

/* shrink(bytes of a sample, plane, step, target) */
static PyObject *py_shrink(PyObject *self, PyObject *args) {
    PyObject *o[2];
    Py_buffer v[2] = {{0}};
    Shrink s;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "iOnO:shrink", &s.kind, &o[0], &s.step, &o[1])) return NULL;
    if ((s.kind != 1 && s.kind != 2) || s.step < 1 || s.step > 65536) {
        PyErr_SetString(PyExc_ValueError, "shrink: no such samples or step");
        return NULL;
    }
    ok = two_axes(o[0], &v[0], &s.plane, s.kind, 1, 0, "plane") &&
         two_axes(o[1], &v[1], &s.target, sizeof(float), 1, 1, "target");
    if (ok && (s.target.rows > (s.plane.rows + s.step - 1) / s.step ||
               s.target.columns > s.plane.columns || s.plane.columns > 1 << 24)) {
        PyErr_SetString(PyExc_ValueError, "shrink: the target is larger than what is read");
        ok = 0;
    }
    if (ok && (s.sum = malloc((size_t)(s.plane.columns + 1) * sizeof(float))) == NULL) {
        PyErr_NoMemory();
        ok = 0;
    } else if (ok) {
        Py_BEGIN_ALLOW_THREADS
        RUN(shrink, &s);
        Py_END_ALLOW_THREADS
        free(s.sum);
    }
    release(v, 2);
    return done(ok);
}

static PyMethodDef functions[] = {
    {"blocks", py_blocks, METH_VARARGS, NULL},
    {"paint", py_paint, METH_VARARGS, NULL},
    {"shrink", py_shrink, METH_VARARGS, NULL},
    {"to_rgb", py_to_rgb, METH_VARARGS, NULL},
    {"from_rgb", py_from_rgb, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    use_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    use_avx512 = use_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    return PyModule_AddIntConstant(module, "INTERFACE", INTERFACE);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_planes", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__planes(void) { return PyModuleDef_Init(&definition); }
