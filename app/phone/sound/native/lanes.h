/* Four lines at a time: a vector has a value of each, so what is written for one is done for four.
 *
 * Vectors of 16 octets are what both SSE2 and NEON have; the compiler makes either of them of this.
 */
#ifndef LANES_H
#define LANES_H

#include <stdint.h>

enum { LANES = 4, PERIOD = 80 };

typedef float v4 __attribute__((vector_size(16)));
typedef int32_t i4 __attribute__((vector_size(16)));
typedef int16_t s4 __attribute__((vector_size(8)));

typedef struct {
    v4 re, im;
} c4;

/* The value of `one` in those lanes whose mask is all ones, else of `other`. */
static inline v4 chosen(i4 mask, v4 one, v4 other)
{
    return (v4)((mask & (i4)one) | (~mask & (i4)other));
}

static inline v4 power(c4 z)
{
    return z.re * z.re + z.im * z.im;
}

static inline v4 floats(s4 samples)
{
    return __builtin_convertvector(samples, v4);
}

#endif
