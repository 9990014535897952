/* A network that shrinks the coefficients of cells, streamed over rows: restoration without Python.

   Every instruction set has its copy of the layers and of the lift; `layers_of` says which one runs
   here. Vectors are those of GCC 9 and Clang: RELUME_LAYERS is 0 for other compilers, and nothing
   else is here. */

#ifndef RELUME_RESTORATION_H
#define RELUME_RESTORATION_H

#if defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 9)
#define RELUME_LAYERS 1

#include <math.h>

#include "lift.h"
#include "schedule.h"
#ifdef RELUME_CONVOLUTIONS /* of those who look at small pictures, too */
#include "convolving.h"
#endif

/* Four pixels by eight channels were best on 128 bits, in WebAssembly and natively. */
#define NAMED(x) x##_128
#define TARGET
#define LANES 4
#define PIXELS 4
#define VECTORS 2
#if defined(__wasm_relaxed_simd__)
#define MADD(a, b, c) __builtin_wasm_relaxed_madd_f32x4(a, b, c)
#endif
#include "layers.h"
#include "cell_lanes.h"
#include "lift_lanes.h"
#ifdef RELUME_CONVOLUTIONS
#include "convolution.h"
#endif
#include "lanes_end.h"

#if HAS_AVX2_COPY
#define NAMED(x) x##_256
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define PIXELS 4
#define VECTORS 3
#include "layers.h"
#include "cell_lanes.h"
#include "lift_lanes.h"
#ifdef RELUME_CONVOLUTIONS
#include "convolution.h"
#endif
#include "lanes_end.h"

#define NAMED(x) x##_512
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#define LANES 16
#define PIXELS 8
#define VECTORS 3
#include "layers.h"
#include "cell_lanes.h"
#include "lift_lanes.h"
#ifdef RELUME_CONVOLUTIONS
#include "convolution.h"
#endif
#include "lanes_end.h"
#endif

enum { ANY_LAYERS, LAYERS_128, LAYERS_256, LAYERS_512 };

/* The layers of an instruction set, the best one here for ANY_LAYERS; NULL where it has not got it. */
static const Layers *layers_of(int set) {
#if HAS_AVX2_COPY
    __builtin_cpu_init();
    if ((set == ANY_LAYERS || set == LAYERS_512) && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return &layers_512;
    if ((set == ANY_LAYERS || set == LAYERS_256) && __builtin_cpu_supports("avx2") &&
        __builtin_cpu_supports("fma"))
        return &layers_256;
#endif
    return set == ANY_LAYERS || set == LAYERS_128 ? &layers_128 : NULL;
}

#ifdef RELUME_CONVOLUTIONS
static const Convolutions *convolutions_of(int set) {
    const Layers *run = layers_of(set);
#if HAS_AVX2_COPY
    if (run == &layers_512) return &convolutions_512;
    if (run == &layers_256) return &convolutions_256;
#endif
    return run == NULL ? NULL : &convolutions_128;
}
#endif

#else
#define RELUME_LAYERS 0
#endif
#endif
