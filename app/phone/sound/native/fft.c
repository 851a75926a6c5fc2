/* A real frame is taken as complex numbers of half its length (even samples real, odd ones
 * imaginary), whose transform is then taken apart. The complex transform is Stockham's, which leaves
 * all in order: radix 4, and a last step of radix 2 where the length is no power of 4.
 */
#include "fft.h"

#include <math.h>

enum { HALF = FRAME / 2 };

static struct {
    float re, im;
} turn[FRAME]; /* exp(-2 pi i n / FRAME) */

void fft_prepare(void)
{
    for (int n = 0; n < FRAME; n++) {
        double angle = -2.0 * M_PI * n / FRAME;
        turn[n].re = (float)cos(angle);
        turn[n].im = (float)sin(angle);
    }
}

/* z exp(-2 pi i n / FRAME) */
static inline c4 turned(c4 z, int n)
{
    float re = turn[n].re, im = turn[n].im;
    return (c4){z.re * re - z.im * im, z.re * im + z.im * re};
}

static inline c4 sum(c4 a, c4 b)
{
    return (c4){a.re + b.re, a.im + b.im};
}

static inline c4 difference(c4 a, c4 b)
{
    return (c4){a.re - b.re, a.im - b.im};
}

/* One step: `stride` transforms of `length` become 4 * stride of a quarter of it. */
static void quarter(const c4 *from, c4 *to, int length, int stride)
{
    int part = length / 4 * stride;
    for (int p = 0; p < length / 4; p++) {
        int n = p * (FRAME / length);
        for (int q = 0; q < stride; q++) {
            const c4 *x = from + p * stride + q;
            c4 *y = to + 4 * p * stride + q;
            c4 even = sum(x[0], x[2 * part]), even_off = difference(x[0], x[2 * part]);
            c4 odd = sum(x[part], x[3 * part]), odd_off = difference(x[part], x[3 * part]);
            c4 quarter_turn = {odd_off.im, -odd_off.re};
            y[0] = sum(even, odd);
            y[stride] = turned(sum(even_off, quarter_turn), n);
            y[2 * stride] = turned(difference(even, odd), 2 * n);
            y[3 * stride] = turned(difference(even_off, quarter_turn), 3 * n);
        }
    }
}

/* The transform of HALF complex numbers in `z`, with room for as many; gives where it lies. */
static c4 *transform(c4 *z, c4 *room)
{
    int length = HALF, stride = 1;
    for (; length >= 4; length /= 4, stride *= 4) {
        quarter(z, room, length, stride);
        c4 *done = room;
        room = z;
        z = done;
    }
    if (length == 2) {
        for (int q = 0; q < stride; q++) {
            room[q] = sum(z[q], z[q + stride]);
            room[q + stride] = difference(z[q], z[q + stride]);
        }
        return room;
    }
    return z;
}

void fft_forward(const v4 frame[FRAME], c4 spectrum[BINS])
{
    c4 rooms[2][HALF];
    for (int n = 0; n < HALF; n++)
        rooms[0][n] = (c4){frame[2 * n], frame[2 * n + 1]};
    const c4 *z = transform(rooms[0], rooms[1]);
    for (int k = 0; k <= HALF / 2; k++) {
        c4 a = z[k], b = z[(HALF - k) % HALF];
        c4 even = {(a.re + b.re) * 0.5f, (a.im - b.im) * 0.5f};
        c4 odd = turned((c4){(a.im + b.im) * 0.5f, (b.re - a.re) * 0.5f}, k);
        spectrum[k] = sum(even, odd);
        spectrum[HALF - k] = (c4){even.re - odd.re, odd.im - even.im};
    }
}

void fft_inverse(const c4 spectrum[BINS], v4 frame[FRAME])
{
    /* The same transform, with real and imaginary parts exchanged before and after it. */
    const float scale = 1.0f / FRAME;
    c4 rooms[2][HALF];
    for (int k = 0; k < HALF; k++) {
        c4 a = spectrum[k], b = spectrum[HALF - k];
        c4 even = {a.re + b.re, a.im - b.im}, odd = {a.re - b.re, a.im + b.im};
        /* odd i exp(+2 pi i k / FRAME), as what is turned the other way is of the conjugate */
        c4 back = turned((c4){odd.re, -odd.im}, k);
        rooms[0][k] = (c4){(even.im + back.re) * scale, (even.re + back.im) * scale};
    }
    const c4 *z = transform(rooms[0], rooms[1]);
    for (int n = 0; n < HALF; n++) {
        frame[2 * n] = z[n].im;
        frame[2 * n + 1] = z[n].re;
    }
}
