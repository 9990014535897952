/* The operations on a map, for Python: a part of _kernel.c, which knows what this processor has. */

#ifndef RELUME_ON_MAPS_H
#define RELUME_ON_MAPS_H

/* Buffers of a call on a map: source, target, map, row, row weight, column, column weight, and what
   the operation needs besides. */
enum { SOURCE, TARGET, MAP, ROW, ROW_WEIGHT, COLUMN, COLUMN_WEIGHT, MORE, BUFFERS };

static int on_map(Band *b, Py_buffer *buffers) {
    Size samples = product(b->rows, b->width, b->channels, 1), line;
    Size cells = product(b->h, b->w, b->depth, 1);
    const int tiled = b->operation == TILES, lifted = b->operation == LIFT;
    if (!is_kind(b->kind, b->operation != BLEND) || !is_depth(b->channels)) return 0;
    if (lifted) {
        if (b->depth != b->channels + (b->noise == NULL ? 2 : 3)) {
            PyErr_SetString(PyExc_ValueError, "maps: expected a gain per channel, bias and gamma");
            return 0;
        }
    } else if (tiled ? b->depth < 2 || b->depth > 65536 : !is_depth(b->depth)) {
        if (tiled) PyErr_SetString(PyExc_ValueError, "levels: expected 2 to 65536");
        return 0;
    }
    if (!tiled && !lifted && b->depth > b->channels) {
        PyErr_SetString(PyExc_ValueError, "a map of three channels needs a picture of three");
        return 0;
    }
    if (!holds(&buffers[SOURCE], samples, b->kind, "source") ||
        !holds(&buffers[TARGET], samples, b->kind, "target") ||
        !holds(&buffers[MAP], cells, sizeof(float), "map") ||
        !holds(&buffers[ROW], b->rows, sizeof(int32_t), "row") ||
        !holds(&buffers[ROW_WEIGHT], b->rows, sizeof(float), "row weight") ||
        !holds(&buffers[COLUMN], b->width, sizeof(int32_t), "column") ||
        !holds(&buffers[COLUMN_WEIGHT], b->width, sizeof(float), "column weight") ||
        !all_below((const int32_t *)buffers[ROW].buf, b->rows, b->h, "row") ||
        !all_below((const int32_t *)buffers[COLUMN].buf, b->width, b->w, "column"))
        return 0;
    b->maps = 1;
    if (b->operation == AFFINE || lifted) {
        if (!holds(&buffers[MORE], cells, sizeof(float), "offset")) return 0;
        b->map[1] = (const float *)buffers[MORE].buf;
        b->maps = 2;
    } else if (b->operation == BLEND) {
        if (!holds(&buffers[MORE], b->kind == U8 ? 256 : 65536, sizeof(float), "change")) return 0;
        b->change = (const float *)buffers[MORE].buf;
    }
    b->source = buffers[SOURCE].buf;
    b->target = buffers[TARGET].buf;
    b->map[0] = (const float *)buffers[MAP].buf;
    b->row = (const int32_t *)buffers[ROW].buf;
    b->row_weight = (const float *)buffers[ROW_WEIGHT].buf;
    b->column = (const int32_t *)buffers[COLUMN].buf;
    b->column_weight = (const float *)buffers[COLUMN_WEIGHT].buf;
    line = tiled ? b->w * b->depth : 2 * b->maps * b->width * (lifted ? b->depth : b->channels);
    b->scratch = (float *)malloc((size_t)line * sizeof(float));
    if (b->scratch == NULL) {
        PyErr_NoMemory();
        return 0;
    }
    Py_BEGIN_ALLOW_THREADS
#if HAS_AVX2_COPY
    if (use_avx2) render_placed_avx2(b);
    else
#endif
        render_placed_plain(b);
    Py_END_ALLOW_THREADS
    free(b->scratch);
    return 1;
}

/* The arguments every operation on a map begins with. */
#define GEOMETRY "y*w*i(nnn)y*(nnn)y*y*y*y*f"
#define INTO(b, v)                                                                                  \
    &v[SOURCE], &v[TARGET], &b.kind, &b.rows, &b.width, &b.channels, &v[MAP], &b.h, &b.w, &b.depth, \
        &v[ROW], &v[ROW_WEIGHT], &v[COLUMN], &v[COLUMN_WEIGHT], &b.strength

static PyObject *py_curve(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "i:curve", INTO(b, v), &b.iterations)) return NULL;
    b.operation = CURVE;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *py_gain(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "p:gain", INTO(b, v), &b.keep_hue)) return NULL;
    b.operation = GAIN;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *py_tiles(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok, nothing;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "i:tiles", INTO(b, v), &nothing)) return NULL;
    b.operation = TILES;
    ok = on_map(&b, v);
    release(v, MORE);
    return done(ok);
}

static PyObject *with_more(PyObject *args, int operation, const char *format) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    if (!PyArg_ParseTuple(args, format, INTO(b, v), &v[MORE])) return NULL;
    b.operation = operation;
    ok = on_map(&b, v);
    release(v, BUFFERS);
    return done(ok);
}

static PyObject *py_affine(PyObject *self, PyObject *args) {
    (void)self;
    return with_more(args, AFFINE, GEOMETRY "y*:affine");
}

/* … offset, (first_row, first_column) */
static PyObject *py_lift(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS];
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "y*(nn):lift", INTO(b, v), &v[MORE], &b.first_row,
                          &b.first_column))
        return NULL;
    b.operation = LIFT;
    ok = on_map(&b, v);
    release(v, BUFFERS);
    return done(ok);
}

/* … offset, (first_row, first_column), noise, (plane_rows, plane_width, top, left): the maps have the
   amount as their last one, in the offset */
static PyObject *py_lift_clean(PyObject *self, PyObject *args) {
    Band b = {0};
    Py_buffer v[BUFFERS + 1];
    Size cells;
    int ok;
    (void)self;
    if (!PyArg_ParseTuple(args, GEOMETRY "y*(nn)y*(nnnn):lift_clean", INTO(b, v), &v[MORE],
                          &b.first_row, &b.first_column, &v[BUFFERS], &b.plane_rows, &b.plane_width,
                          &b.top, &b.left))
        return NULL;
    b.operation = LIFT;
    cells = product(b.channels, b.plane_rows, b.plane_width, 1);
    ok = holds(&v[BUFFERS], cells, sizeof(float), "noise") && product(b.rows, b.width, 1, 1) > 0;
    if (ok && (b.top < 0 || b.left < 0 || b.rows > b.plane_rows || b.width > b.plane_width ||
               b.top > b.plane_rows - b.rows || b.left > b.plane_width - b.width)) {
        PyErr_SetString(PyExc_ValueError, "noise: the band lies outside its planes");
        ok = 0;
    }
    b.noise = (const float *)v[BUFFERS].buf;
    ok = ok && on_map(&b, v);
    release(v, BUFFERS + 1);
    return done(ok);
}

static PyObject *py_blend(PyObject *self, PyObject *args) {
    (void)self;
    return with_more(args, BLEND, GEOMETRY "y*:blend");
}

#endif
