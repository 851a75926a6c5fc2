/* Fourier transforms of four real frames at once, of the one length that the canceller has. */
#ifndef FFT_H
#define FFT_H

#include "lanes.h"

enum { FRAME = 256, BINS = FRAME / 2 + 1 };

/* Make the tables; to be called before the others. */
void fft_prepare(void);

/* The spectrum of a frame, from 0 Hz up to half the sample rate. */
void fft_forward(const v4 frame[FRAME], c4 spectrum[BINS]);

/* The frame of a spectrum; exactly the other way. */
void fft_inverse(const c4 spectrum[BINS], v4 frame[FRAME]);

#endif
