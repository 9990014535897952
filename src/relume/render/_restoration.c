/* The restoration of restoration.h and the lift of lift.h for Python, one after the other in one go, and
   the lift alone; and the convolutions of a network that looks at a small picture.

   Arguments are checked before a sample is touched (ValueError otherwise); calls run without the
   interpreter lock. Compilers without vectors get a module that has no instruction set. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>

#define RELUME_CONVOLUTIONS
#include "checks.h"
#include "restored.h"

/* Raised whenever a function's arguments change, so that Python never calls a stale build. */
#define INTERFACE 3

#if RELUME_LAYERS

/* What noise and restore begin with: table, weights, (detail, rounding, strong, level), instruction
   set, source, kind, (rows, width, channels) of the picture, (top, left, rows, width) of the piece. */
enum { TABLE, WEIGHTS, SOURCE, TARGET, SLOPE, OFFSET, ROW, ROW_WEIGHT, COLUMN, COLUMN_WEIGHT, BUFFERS };
#define PIECE "y*y*(ffff)iy*i(nnn)(nnnn)"
#define INTO_PIECE(p, v, set)                                                                        \
    &v[TABLE], &v[WEIGHTS], &p.black.detail, &p.black.rounding, &p.black.strong, &p.black.level, &set, \
        &v[SOURCE], &p.kind, &p.picture_rows, &p.picture_width, &p.channels, &p.top, &p.left, &p.rows, \
        &p.width

static int refuse(const char *why) {
    PyErr_SetString(PyExc_ValueError, why);
    return 0;
}

/* Check these arguments; sizes become those in cells. */
static int is_piece(Piece *p, const Py_buffer *v, int set) {
    const Size samples = product(p->picture_rows, p->picture_width, p->channels, 1);
    const Size count = v[TABLE].len / (LAYER_NUMBERS * (Size)sizeof(int32_t));
    if (!is_kind(p->kind, 1) || !is_depth(p->channels)) return 0;
    if (!holds(&v[SOURCE], samples, p->kind, "source") ||
        !holds(&v[TABLE], count * LAYER_NUMBERS, sizeof(int32_t), "table") ||
        !holds(&v[WEIGHTS], v[WEIGHTS].len / (Size)sizeof(float), sizeof(float), "weights"))
        return 0;
    p->run = layers_of(set);
    if (p->run == NULL) return refuse("instruction set: this processor has not got it");
    p->source = v[SOURCE].buf;
    p->layer = (const Layer *)v[TABLE].buf;
    p->layers = (int)(count < MOST_LAYERS + 1 ? count : MOST_LAYERS + 1);
    p->weights = (const float *)v[WEIGHTS].buf;
    if (!is_sound(p->layer, p->layers, v[WEIGHTS].len / (Size)sizeof(float)))
        return refuse("table: no layers that fit together");
    if (product(p->rows, p->width, COEFFICIENTS * 8, 1) < 0) return 0;
    if (p->rows % (2 * CELL) || p->width % (2 * CELL) || p->top < 0 || p->left < 0 ||
        p->top >= p->picture_rows || p->left >= p->picture_width)
        return refuse("piece: expected whole cells of 8 × 8 that begin in the picture");
    p->rows /= CELL;
    p->width /= CELL;
    return 1;
}

/* Check maps of `beside` more channels than the picture has, laid over a band, and take them. */
static int is_laid(Band *b, const Py_buffer *v, Size beside) {
    const Size cells = product(b->h, b->w, b->depth, 1);
    if (b->depth != b->channels + beside)
        return refuse("maps: expected a gain per channel, bias, gamma and, to restore, the amount");
    b->operation = LIFT;
    b->maps = 2;
    b->map[0] = (const float *)v[SLOPE].buf;
    b->map[1] = (const float *)v[OFFSET].buf;
    b->row = (const int32_t *)v[ROW].buf;
    b->row_weight = (const float *)v[ROW_WEIGHT].buf;
    b->column = (const int32_t *)v[COLUMN].buf;
    b->column_weight = (const float *)v[COLUMN_WEIGHT].buf;
    return holds(&v[SLOPE], cells, sizeof(float), "slope") &&
           holds(&v[OFFSET], cells, sizeof(float), "offset") &&
           holds(&v[ROW], b->rows, sizeof(int32_t), "row") &&
           holds(&v[ROW_WEIGHT], b->rows, sizeof(float), "row weight") &&
           holds(&v[COLUMN], b->width, sizeof(int32_t), "column") &&
           holds(&v[COLUMN_WEIGHT], b->width, sizeof(float), "column weight") &&
           all_below(b->row, b->rows, b->h, "row") && all_below(b->column, b->width, b->w, "column");
}

/* noise(…, planes): what the roots of a piece have too much, (channels, rows, width) */
static PyObject *py_noise(PyObject *self, PyObject *args) {
    Piece p = {0};
    Py_buffer v[BUFFERS];
    int set, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, PIECE "w*:noise", INTO_PIECE(p, v, set), &v[TARGET])) return NULL;
    ok = is_piece(&p, v, set) &&
         holds(&v[TARGET], product(p.channels, p.rows, p.width, CELL * CELL), sizeof(float), "planes");
    if (ok) {
        const Size wide = p.width * CELL, step = wide + GROUP;
        float *target = (float *)v[TARGET].buf;
        Py_BEGIN_ALLOW_THREADS
        ok = begin(&p);
        if (ok) {
            Size y, c, r;
            for (y = 0; y < p.rows; y++) {
                advance(&p, y);
                for (c = 0; c < p.channels; c++)
                    for (r = 0; r < CELL; r++)
                        memcpy(target + ((c * p.rows + y) * CELL + r) * wide,
                               p.planes + (c * CELL + r) * step, (size_t)wide * sizeof(float));
            }
            end(&p);
        }
        Py_END_ALLOW_THREADS
        if (!ok) PyErr_NoMemory();
    }
    release(v, TARGET + 1);
    return done(ok);
}

/* restore(…, target, (first, column, rows, width), slope, (h, w, depth), offset, row, row_weight,
           column, column_weight, strength, dithered): the maps have the amount as their last one */
static PyObject *py_restore(PyObject *self, PyObject *args) {
    Piece p = {0};
    Band b = {0};
    Py_buffer v[BUFFERS];
    Size first, column, rows;
    int set, dithered, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, PIECE "w*(nnnn)y*(nnn)y*y*y*y*y*fp:restore", INTO_PIECE(p, v, set),
                          &v[TARGET], &first, &column, &rows, &b.width, &v[SLOPE], &b.h, &b.w, &b.depth,
                          &v[OFFSET], &v[ROW], &v[ROW_WEIGHT], &v[COLUMN], &v[COLUMN_WEIGHT],
                          &b.strength, &dithered))
        return NULL;
    ok = is_piece(&p, v, set) && product(rows, b.width, 1, 1) > 0;
    if (ok && (first < p.top || column < p.left || rows > p.picture_rows || b.width > p.picture_width ||
               first > p.picture_rows - rows || column > p.picture_width - b.width ||
               first + rows > p.top + p.rows * CELL || column + b.width > p.left + p.width * CELL))
        ok = refuse("the inner part lies outside its piece or the picture");
    b.kind = p.kind;
    b.channels = p.channels;
    b.rows = rows;
    ok = ok && holds(&v[TARGET], v[SOURCE].len / p.kind, p.kind, "target") && is_laid(&b, v, 3);
    if (ok) {
        b.target = v[TARGET].buf;
        b.first_row = dithered ? first : -1;
        b.first_column = column;
        Py_BEGIN_ALLOW_THREADS
        ok = restore_rows(&p, &b, lifting_of(p.run), first, column, rows);
        Py_END_ALLOW_THREADS
        if (!ok) PyErr_NoMemory();
    }
    release(v, BUFFERS);
    return done(ok);
}

/* lift(source, target, kind, (rows, width, channels), slope, (h, w, depth), row, row_weight, column,
        column_weight, strength, offset, (first_row, first_column)): as the kernel's */
static PyObject *py_lift(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    Size samples;
    int ok, i;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*i(nnn)y*(nnn)y*y*y*y*fy*(nn):lift", &v[SOURCE], &v[TARGET], &b.kind,
                          &b.rows, &b.width, &b.channels, &v[SLOPE], &b.h, &b.w, &b.depth, &v[ROW],
                          &v[ROW_WEIGHT], &v[COLUMN], &v[COLUMN_WEIGHT], &b.strength, &v[OFFSET],
                          &b.first_row, &b.first_column))
        return NULL;
    samples = product(b.rows, b.width, b.channels, 1);
    ok = is_kind(b.kind, 1) && is_depth(b.channels) &&
         holds(&v[SOURCE], samples, b.kind, "source") &&
         holds(&v[TARGET], samples, b.kind, "target") && is_laid(&b, v, 2);
    if (ok) {
        Size held[2] = {-1, -1};
        b.source = v[SOURCE].buf;
        b.target = v[TARGET].buf;
        b.scratch = (float *)malloc((size_t)(4 * b.width * b.depth + GROUP) * sizeof(float));
        ok = b.scratch != NULL;
        Py_BEGIN_ALLOW_THREADS
        if (ok) lifting_of(layers_of(ANY_LAYERS))(&b, held);
        Py_END_ALLOW_THREADS
        free(b.scratch);
        if (!ok) PyErr_NoMemory();
    }
    for (i = SOURCE; i < BUFFERS; i++) PyBuffer_Release(&v[i]);
    return done(ok);
}

/* ---- convolutions -------------------------------------------------------------------------------- */

/* What both begin with: weights, bias, source, target, instruction set. */
enum { KERNEL, BIAS, FROM, TO, TENSORS };

static int is_convolution(const Convolutions *run, Size inputs, Size outputs, Size most) {
    if (run == NULL) return refuse("instruction set: this processor has not got it");
    if (inputs < 1 || inputs > most || outputs < 1 || outputs > MOST_CHANNELS)
        return refuse("channels: more than fit");
    return 1;
}

/* pointwise(weights, (inputs, padded outputs), bias, source, (pixels, inputs), target, set, pixels,
             inputs, outputs, relu): target (pixels, outputs) */
static PyObject *py_pointwise(PyObject *self, PyObject *args) {
    Py_buffer v[TENSORS];
    Size pixels, inputs, outputs;
    const Convolutions *run;
    int set, relu, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*w*innnp:pointwise", &v[KERNEL], &v[BIAS], &v[FROM], &v[TO], &set,
                          &pixels, &inputs, &outputs, &relu))
        return NULL;
    run = convolutions_of(set);
    ok = is_convolution(run, inputs, outputs, MOST_INPUTS) &&
         holds(&v[KERNEL], inputs * padded(outputs), sizeof(float), "weights") &&
         holds(&v[BIAS], padded(outputs), sizeof(float), "bias") &&
         holds(&v[FROM], product(pixels, inputs, 1, 1), sizeof(float), "source") &&
         holds(&v[TO], product(pixels, outputs, 1, 1), sizeof(float), "target");
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        run->pointwise((float *)v[TO].buf, (const float *)v[FROM].buf, pixels, inputs, outputs,
                       (const float *)v[KERNEL].buf, (const float *)v[BIAS].buf, relu);
        Py_END_ALLOW_THREADS
    }
    release(v, TENSORS);
    return done(ok);
}

/* depthwise(weights, (9, padded channels), bias, source, (rows, width, channels), target, set, rows,
             width, channels, stride, relu): zeros around; target (⌈rows/stride⌉, ⌈width/stride⌉, channels) */
static PyObject *py_depthwise(PyObject *self, PyObject *args) {
    Py_buffer v[TENSORS];
    Size rows, width, channels, stride;
    const Convolutions *run;
    int set, relu, ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*y*w*innnnp:depthwise", &v[KERNEL], &v[BIAS], &v[FROM], &v[TO], &set,
                          &rows, &width, &channels, &stride, &relu))
        return NULL;
    run = convolutions_of(set);
    ok = is_convolution(run, channels, channels, MOST_CHANNELS);
    if (ok && stride != 1 && stride != 2) ok = refuse("stride: expected 1 or 2");
    ok = ok && holds(&v[KERNEL], 9 * padded(channels), sizeof(float), "weights") &&
         holds(&v[BIAS], padded(channels), sizeof(float), "bias") &&
         holds(&v[FROM], product(rows, width, channels, 1), sizeof(float), "source") &&
         product(rows + 2, width + 20, padded(channels), 1) > 0 &&
         holds(&v[TO], product((rows - 1) / stride + 1, (width - 1) / stride + 1, channels, 1),
               sizeof(float), "target");
    if (ok) {
        Size line;
        Py_BEGIN_ALLOW_THREADS
        float *from = surrounded((const float *)v[FROM].buf, rows, width, channels, &line);
        ok = from != NULL;
        if (ok)
            run->depthwise((float *)v[TO].buf, from, line, rows, width, channels, stride,
                           (const float *)v[KERNEL].buf, (const float *)v[BIAS].buf, relu);
        free(from);
        Py_END_ALLOW_THREADS
        if (!ok) PyErr_NoMemory();
    }
    release(v, TENSORS);
    return done(ok);
}

/* averages(source, (planes, rows, width), target, planes, rows, width, high, wide, top, left, lines,
            columns): of windows of high × wide; target (planes, lines, columns) */
static PyObject *py_averages(PyObject *self, PyObject *args) {
    Py_buffer v[2];
    Size planes, rows, width, high, wide, top, left, lines, columns;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*w*nnnnnnnnn:averages", &v[0], &v[1], &planes, &rows, &width, &high,
                          &wide, &top, &left, &lines, &columns))
        return NULL;
    ok = holds(&v[0], product(planes, rows, width, 1), sizeof(float), "source") &&
         holds(&v[1], product(planes, lines, columns, 1), sizeof(float), "target") &&
         product(high, wide, 1, 1) > 0;
    if (ok && (top < 0 || left < 0 || top >= high || left >= wide || columns > LARGEST - wide ||
               columns + wide - 1 < left + width))
        ok = refuse("windows: they would not reach over the planes");
    if (ok) {
        Py_BEGIN_ALLOW_THREADS
        double *sums = (double *)malloc((size_t)(columns + wide) * sizeof(double));
        ok = sums != NULL;
        if (ok)
            averages((float *)v[1].buf, (const float *)v[0].buf, planes, rows, width, high, wide, top,
                     left, lines, columns, sums);
        free(sums);
        Py_END_ALLOW_THREADS
        if (!ok) PyErr_NoMemory();
    }
    release(v, 2);
    return done(ok);
}

static PyMethodDef functions[] = {
    {"averages", py_averages, METH_VARARGS, NULL},
    {"depthwise", py_depthwise, METH_VARARGS, NULL},
    {"lift", py_lift, METH_VARARGS, NULL},
    {"noise", py_noise, METH_VARARGS, NULL},
    {"pointwise", py_pointwise, METH_VARARGS, NULL},
    {"restore", py_restore, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static const char *best(void) {
    const Layers *run = layers_of(ANY_LAYERS);
#if HAS_AVX2_COPY
    if (run == &layers_512) return "AVX-512";
    if (run == &layers_256) return "AVX2";
#endif
    return run == NULL ? "" : "128 bit";
}

#else
static PyMethodDef functions[] = {{NULL, NULL, 0, NULL}};
static const char *best(void) { return ""; }
#endif

static int start(PyObject *module) {
    if (PyModule_AddIntConstant(module, "INTERFACE", INTERFACE) < 0) return -1;
    return PyModule_AddStringConstant(module, "INSTRUCTIONS", best());
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)start}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_restoration", NULL, 0, functions, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__restoration(void) { return PyModuleDef_Init(&definition); }
