/* What the page has of its own in C, without a browser: the visible part of pictures of any size, to be
   compared with Python's, and JPEG of any size and chroma, which must stay within its bounds.

   ./program HEIGHT WIDTH CHANNELS < pixels and alpha > what is near, mixed, alone */

#include <stdio.h>
#include <stdlib.h>

#include "jpeg.h"
#include "scene.h"

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void code_all(int height, int width, int channels, int across, int down, float scale) {
    Jpeg *j = calloc(1, sizeof *j);
    const Size rows = 8 * down;
    const Size blocks = (width + 8 * across - 1) / (8 * across) * (channels == 1 ? 1 : across * down + 2);
    uint8_t *rgba = malloc((size_t)(4 * rows * width)), *out = malloc((size_t)(blocks * BLOCK_BYTES));
    uint32_t state = 1;
    Size row, i;
    int k;
    for (k = 0; k < 64; k++) j->scale[0][k] = j->scale[1][k] = scale;
    for (k = 0; k < 1024; k++) /* the longest, all of them ones */
        j->code[k >> 9][k >> 8 & 1][k & 255] = 16 << 16 | 0xffff;
    j->width = width;
    j->height = height;
    j->channels = channels;
    j->across = across;
    j->down = down;
    for (row = 0; row < height; row += rows) {
        const Size count = height - row < rows ? height - row : rows;
        for (i = 0; i < 4 * count * width; i++) {
            state = state * 1664525u + 1013904223u;
            rgba[i] = (uint8_t)(state >> 24 > 127 ? 255 : 0);
        }
        if (put_band(j, rgba, count, out) > blocks * BLOCK_BYTES) fail("a band is too long");
    }
    if (finish_bits(j, out) > 2) fail("a long end");
    free(rgba);
    free(out);
    free(j);
}

int main(int argc, char **argv) {
    Scene s = {0};
    Size pixels, bytes, row, taken;
    uint8_t *alpha, *line, *alone;
    float *small;
    int k;
    if (argc != 4) fail("usage");
    s.height = atoi(argv[1]);
    s.width = atoi(argv[2]);
    s.channels = atoi(argv[3]);
    pixels = (Size)s.height * s.width;
    bytes = pixels * s.channels;
    s.source = malloc((size_t)bytes);
    alpha = malloc((size_t)pixels);
    line = malloc((size_t)(s.width * s.channels));
    alone = malloc((size_t)bytes);
    small = malloc(3 * 4 * 5 * sizeof(float));
    if (fread(s.source, 1, (size_t)bytes, stdin) != (size_t)bytes) fail("no pixels");
    if (fread(alpha, 1, (size_t)pixels, stdin) != (size_t)pixels) fail("no alpha");
    s.alpha = alpha;
    if (!uncover(&s)) fail("no memory");
    fwrite(s.source, 1, (size_t)bytes, stdout);
    for (row = 0; row < s.height; row++) {
        scene_row(&s, row, line);
        fwrite(line, 1, (size_t)(s.width * s.channels), stdout);
    }
    taken = visible_alone(&s, alone);
    fwrite(alone, 1, (size_t)(taken * s.channels), stdout);
    if (!reduce_scene(&s, s.height < 4 ? s.height : 4, s.width < 5 ? s.width : 5, small)) fail("no memory");
    for (k = 0; k < 8; k++) {
        const int across = 1 << (k & 1), down = 1 << (k >> 1 & 1);
        code_all(s.height, s.width, 3, across, down, k & 4 ? 1.0f : 0.01f);
        code_all(s.height, s.width, 1, 1, 1, k & 4 ? 1.0f : 0.01f);
    }
    code_all(s.height, s.width, 3, 4, 1, 1.0f);
    code_all(s.height, s.width, 3, 1, 4, 1.0f);
    return 0;
}
