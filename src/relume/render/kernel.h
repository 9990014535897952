/* The full-resolution pass over bytes: what relume.render does per sample, without Python.

   Every function trusts its sizes and indices; whoever wraps it checks them first. Source and target
   may be the same memory: a sample is written only after it was read. Callers split a picture into
   bands of rows and run several calls at once; a row's result never depends on the band it is in.

   Samples are handled in blocks that stay in the first-level cache, by loops plain enough for the
   compiler to vectorise. On x86-64 under GCC and Clang they are compiled twice, and the AVX2 copy
   runs where the processor has it; elsewhere the compiler's own baseline (SSE2, NEON, WebAssembly's
   128 bits) is used. */

#ifndef RELUME_KERNEL_H
#define RELUME_KERNEL_H

#include "averaging.h"
#include "counting.h"
#include "lift.h"
#include "placed.h"
#include "tables.h"

INLINE void render_placed(const Band *b) {
    if (b->operation == TILES) render_tiles(b);
    else if (b->operation == LIFT) render_lift(b);
    else render_band(b);
}

static void render_placed_plain(const Band *b) { render_placed(b); }
#if HAS_AVX2_COPY
AVX2 static void render_placed_avx2(const Band *b) { render_placed(b); }
#endif

#endif
