/* What layers.h and lift_lanes.h were given and made for one instruction set ends here. */

#undef vec
#undef hashes
#undef ints
#undef AT
#undef INTO
#undef ALL
#undef POSITIVE
#undef NAMED
#undef TARGET
#undef LANES
#undef PIXELS
#undef VECTORS
