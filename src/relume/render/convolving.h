/* Convolutions of whole small tensors, and averages of windows: what a network sees of a picture that
   was reduced. Without Python. */

#ifndef RELUME_CONVOLVING_H
#define RELUME_CONVOLVING_H

#include "schedule.h"

#define MOST_INPUTS 1024 /* of a product */

/* The functions of one instruction set, which convolution.h describes. */
typedef struct {
    void (*pointwise)(float *out, const float *in, Size pixels, Size inputs, Size outputs,
                      const float *weights, const float *bias, int relu);
    void (*depthwise)(float *out, const float *from, Size line, Size rows, Size width, Size channels,
                      Size stride, const float *weights, const float *bias, int relu);
} Convolutions;

/* Copy a tensor with zeros around it and channels padded; NULL where memory is lacking. */
static float *surrounded(const float *in, Size rows, Size width, Size channels, Size *line) {
    const Size depth = padded(channels);
    float *copy;
    Size y, x;
    *line = (width + 2) * depth;
    /* The last tile reads on: two steps of eight pixels, and those around them. */
    copy = (float *)calloc((size_t)((rows + 2) * *line + 20 * depth), sizeof(float));
    for (y = 0; copy != NULL && y < rows; y++)
        for (x = 0; x < width; x++)
            memcpy(copy + (y + 1) * *line + (x + 1) * depth, in + (y * width + x) * channels,
                   (size_t)channels * sizeof(float));
    return copy;
}

/* Averages of windows of high × wide, one pixel apart, the first `top` and `left` beyond the corner of
   planes whose edges go on: sums of columns move down, sums of these move along. `sums` holds as many
   numbers as a row of windows reaches over, (columns + wide − 1). */
static void averages(float *out, const float *in, Size planes, Size rows, Size width, Size high,
                     Size wide, Size top, Size left, Size lines, Size columns, double *sums) {
    const Size reached = columns + wide - 1;
    Size p, y, x, r;
    for (p = 0; p < planes; p++, in += rows * width) {
        for (x = 0; x < width; x++) sums[left + x] = 0;
        for (r = 0; r < high - 1; r++)
            for (x = 0; x < width; x++) sums[left + x] += in[bounded(r - top, rows) * width + x];
        for (y = 0; y < lines; y++) {
            const float *next = in + bounded(y + high - 1 - top, rows) * width;
            const float *past = in + bounded(y - top, rows) * width;
            double sum = 0;
            for (x = 0; x < width; x++) sums[left + x] += next[x];
            for (x = 0; x < left; x++) sums[x] = sums[left];
            for (x = left + width; x < reached; x++) sums[x] = sums[left + width - 1];
            for (x = 0; x < wide - 1; x++) sum += sums[x];
            for (x = 0; x < columns; x++) {
                sum += sums[x + wide - 1];
                *out++ = (float)(sum / (double)(high * wide));
                sum -= sums[x];
            }
            for (x = 0; x < width; x++) sums[left + x] -= past[x];
        }
    }
}

#endif
