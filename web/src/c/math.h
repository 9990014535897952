/* What the engine needs of math.h: a root is one instruction. */
#ifndef RELUME_MATH_H
#define RELUME_MATH_H
#define sqrtf __builtin_sqrtf
#endif
