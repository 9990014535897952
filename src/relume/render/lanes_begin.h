/* Vectors of one instruction set, which lanes_end.h ends. To be included with

   NAMED(x)  x with the instruction set's name
   LANES     floats of a vector: 4, 8 or 16 */

#define vec NAMED(vec)
#define ints NAMED(ints)
#define hashes NAMED(hashes)
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t ints __attribute__((vector_size(4 * LANES), aligned(4)));
typedef uint32_t hashes __attribute__((vector_size(4 * LANES), aligned(4)));

#define AT(p) (*(const vec *)(p))
#define INTO(p) (*(vec *)(p))
#define ALL(x) ((x) - (vec){0}) /* x − 0 is x; 0 + x would be computed, for −0 */
#ifdef __wasm__
#define POSITIVE(x) __builtin_wasm_pmax_f32x4((vec){0}, x)
#else
#define POSITIVE(x) ((vec)((ints)(x) & ((x) > (vec){0})))
#endif
#ifndef MADD
#define MADD(a, b, c) ((a) * (b) + (c))
#endif
