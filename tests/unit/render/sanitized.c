/* Restores and lifts pictures of several sizes and types, and convolves small tensors, with every
   instruction set that is here, in memory of exactly their size. Reads the layers from the files `table` and `weights`. */

#include <stdio.h>

#define RELUME_CONVOLUTIONS
#include "restored.h"

static void *bytes_of(const char *name, size_t *count) {
    FILE *file = fopen(name, "rb");
    void *data;
    if (file == NULL || fseek(file, 0, SEEK_END)) exit(2);
    *count = (size_t)ftell(file);
    rewind(file);
    data = malloc(*count);
    if (data == NULL || fread(data, 1, *count, file) != *count) exit(2);
    fclose(file);
    return data;
}

/* Restore all of a picture of one size in two pieces, in memory of exactly that size. */
static int run(const Layer *table, int layers, const float *weights, int set, int kind, Size height,
               Size width, Size channels) {
    const Layers *run = layers_of(set);
    const Size samples = height * width * channels, depth = channels + 3, cells = 3 * 3 * depth;
    const Size blocks = (height + 7) / 8 * 8, wide = (width + 7) / 8 * 8, half = blocks / 16 * 8;
    unsigned char *source = malloc((size_t)(samples * kind)), *target = malloc((size_t)(samples * kind));
    float *maps = malloc((size_t)cells * sizeof(float));
    int32_t *row = malloc((size_t)height * 4), *column = malloc((size_t)width * 4);
    float *down = malloc((size_t)height * 4), *across = malloc((size_t)width * 4);
    Size i, part;
    int ok = 1;
    if (run == NULL) goto done;
    for (i = 0; i < samples * kind; i++) source[i] = (unsigned char)(i * 37 % 61);
    for (i = 0; kind == F32 && i < samples; i++) ((float *)source)[i] = (float)(i % 29) / 29.0f - 0.1f;
    for (i = 0; i < cells; i++) maps[i] = (float)(i % 5) / 5.0f;
    for (i = 0; i < height; i++) row[i] = (int32_t)(i * 3 / height), down[i] = 0.5f;
    for (i = 0; i < width; i++) column[i] = (int32_t)(i * 3 / width), across[i] = 0.25f;
    for (part = 0; part < 2 && ok; part++) {
        const Size first = part ? half : 0, rows = part ? height - half : half < height ? half : height;
        Piece p = {0};
        Band b = {0};
        if (rows < 1) continue;
        p.run = run, p.layer = table, p.layers = layers, p.weights = weights;
        p.black.detail = 1.0f, p.black.rounding = 1.0f, p.black.strong = 0.1f, p.black.level = 0.43f;
        p.source = source, p.kind = kind, p.channels = channels;
        p.picture_rows = height, p.picture_width = width;
        p.top = first > 56 ? first - 56 : 0;
        p.rows = (blocks - p.top) / CELL, p.width = wide / CELL;
        b.kind = kind, b.operation = LIFT, b.channels = channels, b.maps = 2;
        b.map[0] = b.map[1] = maps, b.h = b.w = 3, b.depth = depth;
        b.row = row + first, b.row_weight = down + first, b.column = column, b.column_weight = across;
        b.width = width, b.strength = part ? 0.5f : 1.0f, b.target = target;
        b.first_row = kind == U8 ? first : -1;
        ok = restore_rows(&p, &b, lifting_of(run), first, 0, rows);
    }
done:
    free(source), free(target), free(maps), free(row), free(column), free(down), free(across);
    return ok;
}

static float *floats(Size count) {
    float *found = malloc((size_t)count * sizeof(float));
    Size i;
    for (i = 0; i < count; i++) found[i] = (float)(i * 7 % 11) - 5.0f;
    return found;
}

/* Convolve and average a tensor of one size. */
static void look(int set, Size rows, Size width, Size channels, Size outputs) {
    const Convolutions *run = convolutions_of(set);
    float *weights = floats(channels * padded(outputs)), *bias = floats(padded(outputs));
    float *around = floats(9 * padded(channels)), *more = floats(padded(channels));
    float *in = floats(rows * width * channels), *out = floats(rows * width * outputs);
    Size stride, line;
    double *sums = malloc((size_t)(width + 12) * sizeof(double));
    if (run != NULL)
        run->pointwise(out, in, rows * width, channels, outputs, weights, bias, set % 2);
    for (stride = 1; run != NULL && stride <= 2; stride++) {
        float *from = surrounded(in, rows, width, channels, &line);
        float *to = floats(((rows - 1) / stride + 1) * ((width - 1) / stride + 1) * channels);
        run->depthwise(to, from, line, rows, width, channels, stride, around, more, set % 2);
        free(from), free(to);
    }
    free(out);
    out = floats(channels * rows * width);
    averages(out, in, channels, rows, width, 11, 11, 5, 5, rows, width, sums);
    free(weights), free(bias), free(around), free(more), free(in), free(out), free(sums);
}

int main(void) {
    static const Size sizes[][2] = {{1, 1}, {1, 130}, {9, 1}, {8, 8}, {17, 67}, {130, 33}};
    static const int kinds[] = {U8, U16, F32};
    size_t table_bytes, weight_bytes;
    const Layer *table = bytes_of("table", &table_bytes);
    const float *weights = bytes_of("weights", &weight_bytes);
    const int layers = (int)(table_bytes / sizeof(Layer));
    unsigned i;
    int set, kind, ok = 1;
    if (!is_sound(table, layers, (Size)(weight_bytes / sizeof(float)))) return 3;
    for (set = LAYERS_128; set <= LAYERS_512; set++)
        for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (kind = 0; kind < 3; kind++) {
                ok &= run(table, layers, weights, set, kinds[kind], sizes[i][0], sizes[i][1], 3);
                ok &= run(table, layers, weights, set, kinds[kind], sizes[i][0], sizes[i][1], 1);
            }
    for (set = LAYERS_128; set <= LAYERS_512; set++)
        for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            look(set, sizes[i][0], sizes[i][1], 1, 256);
            look(set, sizes[i][0], sizes[i][1], 40, 5);
            look(set, sizes[i][0], sizes[i][1], 256, 72);
        }
    free((void *)table), free((void *)weights);
    puts(ok ? "clean" : "no memory");
    return !ok;
}
