/* Convolutions of whole small tensors, channels last, for one instruction set: to be included after
   layers.h, whose tiles they are made of. Rows of tensors are as they are, without padding; a tile that
   would reach beyond is computed beside and copied. */

/* 1 × 1, or a product with a matrix, ReLU after it or not: out[pixel][channel], in[pixel][input]; weights and bias have
   `padded` channels. */
TARGET static void NAMED(pointwise)(float *out, const float *in, Size pixels, Size inputs,
                                    Size outputs, const float *weights, const float *bias,
                                    int relu) {
    float tile[PIXELS * MOST_CHANNELS], last[PIXELS * MOST_INPUTS];
    const Size depth = padded(outputs);
    Size x, i;
    for (x = 0; x < pixels; x += PIXELS) {
        const Size here = pixels - x < PIXELS ? pixels - x : PIXELS;
        const float *source = in + x * inputs;
        if (here < PIXELS) {
            memset(last, 0, (size_t)(PIXELS * inputs) * sizeof(float));
            memcpy(last, source, (size_t)(here * inputs) * sizeof(float));
            source = last;
        }
        NAMED(products)(tile, depth, source, inputs, inputs, weights, depth, bias, 0);
        for (i = 0; relu && i < PIXELS * depth; i += LANES) {
            const vec v = AT(tile + i);
            INTO(tile + i) = POSITIVE(v);
        }
        for (i = 0; i < here; i++)
            memcpy(out + (x + i) * outputs, tile + i * depth, (size_t)outputs * sizeof(float));
    }
}

/* 3 × 3, channel by channel, zeros around, ReLU after it or not: `from` has rows + 2 rows of `line` floats, the tensor and
   the zeros around it, `padded` channels; what lies behind its end may be read up to a tile. */
TARGET static void NAMED(depthwise)(float *out, const float *from, Size line, Size rows, Size width,
                                    Size channels, Size stride, const float *weights,
                                    const float *bias, int relu) {
    float tile[PIXELS * MOST_CHANNELS];
    const Size depth = padded(channels), wide = (width - 1) / stride + 1;
    Size y, x, i;
    for (y = 0; y < (rows - 1) / stride + 1; y++)
        for (x = 0; x < wide; x += PIXELS) {
            const Size here = wide - x < PIXELS ? wide - x : PIXELS;
            const float *first = from + y * stride * line + (x * stride + 1) * depth;
            const float *const around[3] = {first, first + line, first + 2 * line};
            if (relu) NAMED(around)(tile, around, depth, stride, weights, bias, 1);
            else NAMED(around)(tile, around, depth, stride, weights, bias, 0);
            for (i = 0; i < here; i++, out += channels)
                memcpy(out, tile + i * depth, (size_t)channels * sizeof(float));
        }
}

static const Convolutions NAMED(convolutions) = {NAMED(pointwise), NAMED(depthwise)};
