/* Frames of video as planes: blocks to RGB, painted blocks back to chroma, and luma along curves.

   Every function takes arrays whose lines may be longer than the picture, checks each size and each
   index before it touches a sample (ValueError otherwise), and runs without the interpreter lock.
   Callers split a frame into bands of rows and run several calls at once; a row's result never
   depends on the band it is in. The formulas are those of paint.py, which has a NumPy twin. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(_MSC_VER) && !defined(__clang__)
#define INLINE static __forceinline
#else
#define INLINE static inline __attribute__((always_inline))
#endif

#if (defined(__GNUC__) || defined(__clang__)) && defined(__x86_64__)
#define HAS_AVX2_COPY 1
#define AVX2 __attribute__((target("avx2,fma")))
#else
#define HAS_AVX2_COPY 0
#endif

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 1

typedef Py_ssize_t Size;
typedef struct {
    void *at;
    Size rows, columns, line; /* line: samples from one row to the next */
} Array;

static int use_avx2 = 0;

INLINE float clip(float x, float top) {
    x = x > 0.0f ? x : 0.0f;
    return x < top ? x : top;
}

INLINE int sample(const void *p, Size at, int kind) {
    return kind == 1 ? ((const uint8_t *)p)[at] : ((const uint16_t *)p)[at];
}

INLINE void put(void *p, Size at, float code, float top, int kind) {
    int whole = (int)clip(code + 0.5f, top);
    if (kind == 1) ((uint8_t *)p)[at] = (uint8_t)whole;
    else ((uint16_t *)p)[at] = (uint16_t)whole;
}

/* ---- blocks of luma and their chroma to RGB ---------------------------------------------------- */

typedef struct {
    int kind, across, down; /* bytes of a sample; log2 of luma samples per chroma sample */
    float black, luma, neutral, chroma, top;
    float red, blue; /* K_R, K_B */
} Code;

typedef struct {
    Code code;
    Array y, u, v, mean, rgb; /* u, v, mean and rgb: rows of this band; y: the whole plane */
    Size first;
} Blocks;

/* Add up the luma of a row of blocks; those that reach over the edge repeat it. */
INLINE void add_blocks(float *sum, const Blocks *b, Size top, int kind) {
    const int tall = 1 << b->code.down, wide = 1 << b->code.across;
    Size whole = b->y.columns / wide, x;
    int r, q;
    for (x = 0; x < b->mean.columns; x++) sum[x] = 0.0f;
    for (r = 0; r < tall; r++) {
        Size row = (top + r < b->y.rows ? top + r : b->y.rows - 1) * b->y.line;
        if (wide == 2)
            for (x = 0; x < whole; x++)
                sum[x] += (float)(sample(b->y.at, row + 2 * x, kind) +
                                  sample(b->y.at, row + 2 * x + 1, kind));
        else
            for (q = 0; q < wide; q++)
                for (x = 0; x < whole; x++)
                    sum[x] += (float)sample(b->y.at, row + x * wide + q, kind);
        for (x = whole; x < b->mean.columns; x++)
            for (q = 0; q < wide; q++) {
                Size column = x * wide + q < b->y.columns ? x * wide + q : b->y.columns - 1;
                sum[x] += (float)sample(b->y.at, row + column, kind);
            }
    }
}

INLINE void blocks(const Blocks *b, int kind) {
    const Code *c = &b->code;
    const int tall = 1 << c->down, wide = 1 << c->across;
    const float luma = 1.0f / (c->luma * (float)(tall * wide)), chroma = 1.0f / c->chroma;
    const float black = c->black / c->luma, neutral = c->neutral;
    const float green = 1.0f - c->red - c->blue;
    const float rv = 2.0f - 2.0f * c->red, bu = 2.0f - 2.0f * c->blue;
    const float gu = bu * c->blue / green, gv = rv * c->red / green;
    Size i, x;
    for (i = 0; i < b->mean.rows; i++) {
        float *mean = (float *)b->mean.at + i * b->mean.line;
        float *rgb = (float *)b->rgb.at + i * b->rgb.line;
        add_blocks(mean, b, (b->first + i) * tall, kind);
        for (x = 0; x < b->mean.columns; x++) {
            float y = mean[x] * luma - black, u, v;
            u = ((float)sample(b->u.at, i * b->u.line + x, kind) - neutral) * chroma;
            v = ((float)sample(b->v.at, i * b->v.line + x, kind) - neutral) * chroma;
            mean[x] = y;
            rgb[3 * x] = clip(y + rv * v, 1.0f);
            rgb[3 * x + 1] = clip(y - gu * u - gv * v, 1.0f);
            rgb[3 * x + 2] = clip(y + bu * u, 1.0f);
        }
    }
}

/* ---- where a sample lies on the curves --------------------------------------------------------- */

typedef struct {
    const float *table; /* cells down × cells across × levels */
    Size down, across, levels;
    const int32_t *row, *column; /* of each sample of the band: the cell before it */
    const float *row_weight, *column_weight;
} Curves;

INLINE float curve_at(const float *curve, int level, float part) {
    return curve[level] + part * (curve[level + 1] - curve[level]);
}

/* ---- painted blocks to chroma, and what their luma is beyond the curve ------------------------- */

typedef struct {
    Code code;
    Curves curves;
    Array rgb, mean, u, v, beyond;
} Recolour;

INLINE void recolour(const Recolour *b, int kind) {
    const Code *c = &b->code;
    const float green = 1.0f - c->red - c->blue;
    const float bu = c->chroma / (2.0f - 2.0f * c->blue), rv = c->chroma / (2.0f - 2.0f * c->red);
    const Curves *t = &b->curves;
    const float last = (float)(t->levels - 1), square = last * last;
    Size i, x, cell = t->levels;
    for (i = 0; i < b->mean.rows; i++) {
        const float *mean = (const float *)b->mean.at + i * b->mean.line;
        const float *rgb = (const float *)b->rgb.at + i * b->rgb.line;
        float *beyond = (float *)b->beyond.at + i * b->beyond.line;
        Size above = t->row[i], below = above + 1 < t->down ? above + 1 : above;
        const float *upper = t->table + above * t->across * cell;
        const float *lower = t->table + below * t->across * cell;
        float down = t->row_weight[i];
        for (x = 0; x < b->mean.columns; x++) {
            Size left = t->column[x], right = left + 1 < t->across ? left + 1 : left;
            float across = t->column_weight[x], luma = clip(mean[x], 1.0f), a, d, y, part;
            int level = (int)(sqrtf(luma) * last);
            if (level > (int)cell - 2) level = (int)cell - 2;
            /* Levels lie at (level / last)²: n² and (n + 1)² are 2n + 1 apart. */
            part = (luma * square - (float)(level * level)) / (float)(2 * level + 1);
            a = curve_at(upper + left * cell, level, part);
            a += across * (curve_at(upper + right * cell, level, part) - a);
            d = curve_at(lower + left * cell, level, part);
            d += across * (curve_at(lower + right * cell, level, part) - d);
            y = c->red * rgb[3 * x] + green * rgb[3 * x + 1] + c->blue * rgb[3 * x + 2];
            beyond[x] = y - (a + down * (d - a));
            put(b->u.at, i * b->u.line + x, (rgb[3 * x + 2] - y) * bu + c->neutral, c->top, kind);
            put(b->v.at, i * b->v.line + x, (rgb[3 * x] - y) * rv + c->neutral, c->top, kind);
        }
    }
}

/* ---- luma along the curves --------------------------------------------------------------------- */

typedef struct {
    Code code;
    Curves curves;
    Array source, target, beyond; /* beyond: all rows of chroma */
    Size first, codes;
    const int32_t *level; /* of each code: the level before it, and how far it is to the next */
    const float *part;
    float *scratch; /* three rows of cells, a value for each code, and a row of luma */
} Follow;

INLINE void expand(float *line, const Follow *b, Size row) {
    const Curves *t = &b->curves;
    Size g, c;
    for (g = 0; g < t->across; g++) {
        const float *curve = t->table + (row * t->across + g) * t->levels;
        float *out = line + g * b->codes;
        for (c = 0; c < b->codes; c++) {
            int at = b->level[c];
            out[c] = curve[at] + b->part[c] * (curve[at + 1] - curve[at]);
        }
    }
}

INLINE void follow(const Follow *b, int kind) {
    const Code *c = &b->code;
    const Curves *t = &b->curves;
    Size n = t->across * b->codes, i, x, k, end, shown = -1;
    float *upper = b->scratch, *lower = upper + n, *line = lower + n, *row = line + n;
    for (i = 0; i < b->source.rows; i++) {
        Size above = t->row[i], below = above + 1 < t->down ? above + 1 : above;
        const float *beyond =
            (const float *)b->beyond.at + ((b->first + i) >> c->down) * b->beyond.line;
        float down = t->row_weight[i];
        if (above != shown) {
            expand(upper, b, above);
            expand(lower, b, below);
            shown = above;
        }
        for (k = 0; k < n; k++) line[k] = upper[k] + down * (lower[k] - upper[k]);
        for (x = 0; x < b->source.columns; x = end) { /* a run between the same two cells */
            Size left = t->column[x], right = left + 1 < t->across ? left + 1 : left;
            const float *near = line + left * b->codes, *far = line + right * b->codes;
            for (end = x + 1; end < b->source.columns && t->column[end] == left; end++) continue;
            for (k = x; k < end; k++) {
                int code = sample(b->source.at, i * b->source.line + k, kind);
                float value;
                if (kind == 2 && code >= b->codes) code = (int)b->codes - 1;
                value = near[code];
                row[k] = value + t->column_weight[k] * (far[code] - value);
            }
        }
        if (c->across == 1) {
            Size pairs = b->source.columns / 2;
            for (k = 0; k < pairs; k++) {
                row[2 * k] += beyond[k];
                row[2 * k + 1] += beyond[k];
            }
            if (b->source.columns % 2) row[b->source.columns - 1] += beyond[pairs];
        } else {
            for (k = 0; k < b->source.columns; k++) row[k] += beyond[k >> c->across];
        }
        for (k = 0; k < b->source.columns; k++)
            row[k] = clip(row[k] * c->luma + (c->black + 0.5f), c->top);
        if (kind == 1) {
            uint8_t *out = (uint8_t *)b->target.at + i * b->target.line;
            for (k = 0; k < b->source.columns; k++) out[k] = (uint8_t)(int)row[k];
        } else {
            uint16_t *out = (uint16_t *)b->target.at + i * b->target.line;
            for (k = 0; k < b->source.columns; k++) out[k] = (uint16_t)(int)row[k];
        }
    }
}

#define VARIANTS(NAME, TYPE)                                                                        \
    static void NAME##_plain(const TYPE *b) {                                                       \
        if (b->code.kind == 1) NAME(b, 1);                                                          \
        else NAME(b, 2);                                                                            \
    }
VARIANTS(blocks, Blocks)
VARIANTS(recolour, Recolour)
VARIANTS(follow, Follow)
#if HAS_AVX2_COPY
#define FAST(NAME, TYPE)                                                                            \
    AVX2 static void NAME##_avx2(const TYPE *b) {                                                   \
        if (b->code.kind == 1) NAME(b, 1);                                                          \
        else NAME(b, 2);                                                                            \
    }
FAST(blocks, Blocks)
FAST(recolour, Recolour)
FAST(follow, Follow)
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

/* blocks(code, y, u, v, first, mean, rgb) */
static PyObject *py_blocks(PyObject *self, PyObject *args) {
    PyObject *o[5];
    Py_buffer v[5] = {{0}};
    Blocks b;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, CODE "OOOnOO:blocks", CODE_AT(b.code), &o[0], &o[1], &o[2], &b.first,
                          &o[3], &o[4]))
        return NULL;
    ok = check_code(&b.code) && two_axes(o[0], &v[0], &b.y, b.code.kind, 1, 0, "luma") &&
         two_axes(o[1], &v[1], &b.u, b.code.kind, 1, 0, "chroma") &&
         two_axes(o[2], &v[2], &b.v, b.code.kind, 1, 0, "chroma") &&
         two_axes(o[3], &v[3], &b.mean, sizeof(float), 1, 1, "mean") &&
         two_axes(o[4], &v[4], &b.rgb, sizeof(float), 3, 1, "rgb") && same(&b.u, &b.mean, "mean") &&
         same(&b.v, &b.mean, "chroma") && same(&b.rgb, &b.mean, "rgb");
    if (ok && (b.first < 0 || ((b.first + b.mean.rows - 1) << b.code.down) >= b.y.rows ||
               ((b.mean.columns - 1) << b.code.across) >= b.y.columns)) {
        PyErr_SetString(PyExc_ValueError, "blocks lie outside the luma");
        ok = 0;
    }
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        RUN(blocks, &b);
        Py_END_ALLOW_THREADS
    }
    release(v, 5);
    return done(ok);
}

/* Curves from (table, (down, across, levels), row, row_weight, column, column_weight). */
static int curves(PyObject **o, Py_buffer *v, Curves *t, Size rows, Size columns) {
    if (t->down < 1 || t->across < 1 || t->levels < 2 || t->down > 4096 || t->across > 4096 ||
        t->levels > 65536) {
        PyErr_SetString(PyExc_ValueError, "curves: no such size");
        return 0;
    }
    if (!(vector(o[0], &v[0], t->down * t->across * t->levels, sizeof(float), "curves") &&
          vector(o[1], &v[1], rows, sizeof(int32_t), "row") &&
          vector(o[2], &v[2], rows, sizeof(float), "row weight") &&
          vector(o[3], &v[3], columns, sizeof(int32_t), "column") &&
          vector(o[4], &v[4], columns, sizeof(float), "column weight")))
        return 0;
    t->table = (const float *)v[0].buf;
    t->row = (const int32_t *)v[1].buf;
    t->row_weight = (const float *)v[2].buf;
    t->column = (const int32_t *)v[3].buf;
    t->column_weight = (const float *)v[4].buf;
    return within(t->row, rows, t->down, "row") && within(t->column, columns, t->across, "column");
}

/* recolour(code, (down, across, levels), table, row, row_weight, column, column_weight,
            rgb, mean, u, v, beyond) */
static PyObject *py_recolour(PyObject *self, PyObject *args) {
    PyObject *o[10];
    Py_buffer v[10] = {{0}};
    Recolour b;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, CODE "(nnn)OOOOOOOOOO:recolour", CODE_AT(b.code), &b.curves.down,
                          &b.curves.across, &b.curves.levels, &o[0], &o[1], &o[2], &o[3], &o[4],
                          &o[5], &o[6], &o[7], &o[8], &o[9]))
        return NULL;
    ok = check_code(&b.code) && two_axes(o[5], &v[5], &b.rgb, sizeof(float), 3, 0, "rgb") &&
         two_axes(o[6], &v[6], &b.mean, sizeof(float), 1, 0, "mean") &&
         two_axes(o[7], &v[7], &b.u, b.code.kind, 1, 1, "chroma") &&
         two_axes(o[8], &v[8], &b.v, b.code.kind, 1, 1, "chroma") &&
         two_axes(o[9], &v[9], &b.beyond, sizeof(float), 1, 1, "beyond") &&
         same(&b.rgb, &b.mean, "rgb") && same(&b.u, &b.mean, "chroma") &&
         same(&b.v, &b.mean, "chroma") && same(&b.beyond, &b.mean, "beyond") &&
         curves(o, v, &b.curves, b.mean.rows, b.mean.columns);
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        RUN(recolour, &b);
        Py_END_ALLOW_THREADS
    }
    release(v, 10);
    return done(ok);
}

/* follow(code, (down, across, levels), table, row, row_weight, column, column_weight,
          source, target, beyond, first, level, part) */
static PyObject *py_follow(PyObject *self, PyObject *args) {
    PyObject *o[10];
    Py_buffer v[10] = {{0}};
    Follow b;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, CODE "(nnn)OOOOOOOOnOO:follow", CODE_AT(b.code), &b.curves.down,
                          &b.curves.across, &b.curves.levels, &o[0], &o[1], &o[2], &o[3], &o[4],
                          &o[5], &o[6], &o[7], &b.first, &o[8], &o[9]))
        return NULL;
    b.codes = 0;
    ok = check_code(&b.code) && two_axes(o[5], &v[5], &b.source, b.code.kind, 1, 0, "luma") &&
         two_axes(o[6], &v[6], &b.target, b.code.kind, 1, 1, "luma") &&
         two_axes(o[7], &v[7], &b.beyond, sizeof(float), 1, 0, "beyond") &&
         same(&b.source, &b.target, "luma") &&
         curves(o, v, &b.curves, b.source.rows, b.source.columns);
    if (ok) {
        b.codes = (Size)b.code.top + 1;
        ok = b.codes >= 2 && b.codes <= 65536 &&
             vector(o[8], &v[8], b.codes, sizeof(int32_t), "level") &&
             vector(o[9], &v[9], b.codes, sizeof(float), "part") &&
             within((const int32_t *)v[8].buf, b.codes, b.curves.levels - 1, "level");
    }
    if (ok && (b.first < 0 || ((b.first + b.source.rows - 1) >> b.code.down) >= b.beyond.rows ||
               ((b.source.columns - 1) >> b.code.across) >= b.beyond.columns)) {
        PyErr_SetString(PyExc_ValueError, "luma lies outside its blocks");
        ok = 0;
    }
    if (ok) {
        b.level = (const int32_t *)v[8].buf;
        b.part = (const float *)v[9].buf;
        b.scratch = (float *)malloc((size_t)(3 * b.curves.across * b.codes + b.source.columns) *
                                    sizeof(float));
        if (b.scratch == NULL) {
            PyErr_NoMemory();
            ok = 0;
        } else {
            Py_BEGIN_ALLOW_THREADS
            RUN(follow, &b);
            Py_END_ALLOW_THREADS
            free(b.scratch);
        }
    }
    release(v, 10);
    return done(ok);
}

static PyMethodDef functions[] = {
    {"blocks", py_blocks, METH_VARARGS, NULL},
    {"recolour", py_recolour, METH_VARARGS, NULL},
    {"follow", py_follow, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static int start(PyObject *module) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    use_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return PyModule_AddIntConstant(module, "INTERFACE", INTERFACE);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_planes", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__planes(void) { return PyModuleDef_Init(&definition); }
