/* Frames of video as planes: what Python calls.

   Every function takes arrays whose lines may be longer than the picture, checks each size and each
   index before it touches a sample (ValueError otherwise), and runs without the interpreter lock.
   Callers split a frame into bands of rows and run several calls at once; a row's result never
   depends on the band it is in. The formulas are those of paint.py, which has a NumPy twin. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "arguments.h"
#include "painting.h"
#include "shrinking.h"
#include "whole.h"

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 4

/* Vectors are those of GCC 9 and Clang; other compilers get a module that Python does not call. */
#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 9)
#define PAINTS 1

#define NAMED(x) x##_128
#define TARGET
#define LANES 4
#define WIDE 0
#include "painting_lanes.h"

#if HAS_AVX2_COPY
#define NAMED(x) x##_256
#define TARGET AVX2
#define LANES 8
#define WIDE 1
#define LEAST(a, b) ((vec)_mm256_min_ps(a, b))
#define MOST(a, b) ((vec)_mm256_max_ps(a, b))
#define GATHER(p, at) ((ints)_mm256_i32gather_epi32((const int *)(p), (__m256i)(at), 4))
#define PAIRS(a, b) ((ints)_mm256_madd_epi16((__m256i)(a), (__m256i)(b)))
#include "painting_lanes.h"

/* Twice as wide; the operations on a sample, and so its result, are the same. */
#define NAMED(x) x##_512
#define TARGET AVX512
#define LANES 16
#define WIDE 1
#define LEAST(a, b) ((vec)_mm512_min_ps(a, b))
#define MOST(a, b) ((vec)_mm512_max_ps(a, b))
#define GATHER(p, at) ((ints)_mm512_i32gather_epi32((__m512i)(at), (const int *)(p), 4))
#define PAIRS(a, b) ((ints)_mm512_madd_epi16((__m512i)(a), (__m512i)(b)))
#include "painting_lanes.h"
#endif
#else
#define PAINTS 0
static void paint_any_128(const Paint *p) { (void)p; }
#endif

static int use_avx2 = 0;
#if HAS_AVX2_COPY
static int use_avx512 = 0;
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
#define RUN(NAME, b) (use_avx2 ? NAME##_avx2(b) : NAME##_plain(b))
#else
#define RUN(NAME, b) NAME##_plain(b)
#endif

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
    if (ok && (p.scratch = calloc(1, (size_t)scratch_bytes(&p))) == NULL) {
        PyErr_NoMemory();
        ok = 0;
    } else if (ok) {
        Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
        if (use_avx512) paint_any_512(&p);
        else if (use_avx2) paint_any_256(&p);
        else
#endif
            paint_any_128(&p);
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
    if (ok && (s.sum = malloc(shrink_bytes(&s))) == NULL) {
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

/* areas(pixels, target): the means over whole pixels of float RGB */
static PyObject *py_areas(PyObject *self, PyObject *args) {
    PyObject *o[2];
    Py_buffer v[2] = {{0}};
    Array from, to;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "OO:areas", &o[0], &o[1])) return NULL;
    ok = two_axes(o[0], &v[0], &from, sizeof(float), 3, 0, "pixels") &&
         two_axes(o[1], &v[1], &to, sizeof(float), 3, 1, "target");
    if (ok && (to.rows > from.rows || to.columns > from.columns || from.columns > 1 << 24)) {
        PyErr_SetString(PyExc_ValueError, "areas: the target is larger than what is read");
        ok = 0;
    }
    if (ok) {
        float *sum = malloc((size_t)(3 * from.columns) * sizeof(float));
        ok = sum != NULL;
        if (!ok) PyErr_NoMemory();
        else {
            Py_BEGIN_ALLOW_THREADS
            areas(&from, &to, sum);
            Py_END_ALLOW_THREADS
        }
        free(sum);
    }
    release(v, 2);
    return done(ok);
}

/* Use no wider vectors than those of 0 any processor, 1 AVX2, 2 AVX-512; returns what is used. */
static long limited(int most) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    use_avx2 = most > 0 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    use_avx512 = most > 1 && use_avx2 && __builtin_cpu_supports("avx512f") &&
                 __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                 __builtin_cpu_supports("avx512vl");
    return use_avx2 + use_avx512;
#else
    (void)most;
    return 0;
#endif
}

/* limit(most): from now on; tests try all */
static PyObject *py_limit(PyObject *self, PyObject *args) {
    int most;
    (void)self;
    return PyArg_ParseTuple(args, "i:limit", &most) ? PyLong_FromLong(limited(most)) : NULL;
}

static PyMethodDef functions[] = {
    {"blocks", py_blocks, METH_VARARGS, NULL},
    {"paint", py_paint, METH_VARARGS, NULL},
    {"shrink", py_shrink, METH_VARARGS, NULL},
    {"areas", py_areas, METH_VARARGS, NULL},
    {"limit", py_limit, METH_VARARGS, NULL},
    {"to_rgb", py_to_rgb, METH_VARARGS, NULL},
    {"from_rgb", py_from_rgb, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
    (void)limited(2);
    return PyModule_AddIntConstant(module, "INTERFACE", PAINTS ? INTERFACE : 0);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_planes", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__planes(void) { return PyModuleDef_Init(&definition); }
