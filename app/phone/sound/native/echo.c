/* Adaptive filters that learn the echo of lines and take it out.
 *
 * Each line has a filter in the frequency domain (overlap-save, frames of 32 ms, moved on by one
 * period, so that nothing is delayed) of two partitions of 10 ms. Its step is that of a Kalman
 * filter: each frequency of each partition keeps the variance of what it does not know yet, and
 * learns in proportion to the echo that this makes it expect in the error, against all that is in
 * the error. Near speech makes the error larger and the step smaller, so that no detector of double
 * talk is needed; a frequency at which nothing is sent learns nothing. [Enzner and Vary,
 * Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones, Signal
 * Processing 86 (2006), 1140]
 *
 * The error is taken over two periods, so that each sample is learned from twice: by that speech,
 * whose few harmonics tell little, is learned 10 dB deeper in the first second. A filter that knows
 * its line already learns in every second period only, and is led astray less by near speech.
 *
 * Both directions are emphasized before they are compared, since speech has most of its power at low
 * frequencies and a filter learns an even spectrum soonest; what is given out is without it.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fft.h"
#include "lanes.h"
#include "sound.h"

enum {
    PARTS = 2,          /* 20 ms of response */
    ERROR = 2 * PERIOD, /* samples at the end of a frame from which is learned */
    SOFT = 32,          /* samples up to this are no sound: their echo is -63 dBm0 at most */
    PAUSE = 50,         /* periods without sound after which a line takes no part */
    YOUNG = 200,        /* periods with sound for which a filter is new, and learns in each */
    SELDOM = 2,         /* afterwards in each so manyth */
    TAIL = 48,          /* samples of a response behind which hardly any line has much */
    JUDGED = 2,         /* a filter is judged in each so manyth period */
    KEPT_HEARD = 6 * PERIOD + PERIOD,
    ECHO_ALIGNED = 16, /* octets: what vectors need */
};
_Static_assert(ERROR + PERIOD - 1 <= FRAME, "the convolution of what is learned from is circular");

static const float EMPHASIS = 0.9f; /* part of each sample that is taken off the next one */

/* Variance of each partition of a response that is not known. A line's echo is 6 dB below what was
 * sent at least; what is left of it after 10 ms is softer by far [ITU-T G.168, annex D]. */
static const float START[PARTS] = {0.08f, 0.001f};
/* Part of what was sent that comes back from a line that is badly met: 13 dB less. Where less comes
 * back there is less to be known of the response, down to 14 dB less: else noise is taken for echo
 * at frequencies of which little is sent. Bounded is by the square of the ratio, for what is told by
 * the first sounds of speech may be some dB wrong, and a loud echo is to be learned at once. */
static const float BADLY = 0.05f, SOFTEST = 0.04f;
/* What is beyond that bound becomes known faster by so much: it was hardly likely. */
static const float UNLIKELY = 6.0f;
static const float NEW_CALL = 0.1f; /* how much of it a filter gets back with a new call */
/* Part of a response that is the same when its partition is next constrained; the rest may have
 * changed. */
static const float KEPT = 0.9999f;
/* Part that each sample of a new filter's tail loses more than the one before it, then: what speech
 * has not told of it yet is more likely nothing than what noise would make of it. */
static const float FADES = 0.001f;
static const float PACE = 0.8f; /* part of the error's power that is taken from before */
/* The least power of noise: what rounding to 16 bits makes, with room. */
static const float FLOOR = FRAME / 2;
/* Part of what a step should make a filter surer that it is taken for: frequencies and partitions
 * are not as independent of each other as the step assumes. Of the samples in the error, a line that
 * learns in every period has seen the first half. */
static const float SURER = 0.5f * ERROR / FRAME, SURER_YOUNG = 0.5f * PERIOD / FRAME;
/* Frequencies that a tone has its power at, and its neighbours; and that two tones have. */
static const float FEW = 5.0f, SOME = 10.0f;
/* Sum of squares of a frame that was sent below which nothing is learned from it: -68 dBm0. */
static const float SENT_LEAST = FRAME * 100.0f;

/* A filter is judged by sums of error and echo of the last 100 ms, in which what is older counts
 * less. Sums of 400 ms left an echo of a changed line louder for that long. */
static const float WRONG_PACE = 0.8f;
/* Error and echo are this much alike (correlation) where a filter has another line's response; near
 * speech is not like the echo. */
static const float WRONG_LIKE = 0.4f;
/* Such an error has this part of the echo's power at least: less would be a good filter. */
static const float WRONG_PART = 0.1f;
/* Part of what is subtracted that comes back, turned round, in the error: with more of it the line
 * was softer as it came in, and is left so. Two voices that begin in the same instant teach a filter
 * each other's pitch, and for a few tenths of a second it would let one be heard in the other. */
static const float HARM = 0.7f;
/* Sum of squares of a period's echo below which nothing is said of a filter: -68 dBm0. */
static const float HEARD_LEAST = PERIOD * 100.0f;

/* What is known of four lines. */
typedef struct {
    c4 weights[PARTS][BINS];
    v4 unknown[PARTS][BINS];
    v4 noise[BINS];
    c4 sent[PARTS][BINS]; /* spectra of the last frames, in turn */
    v4 came, went;        /* sums of squares of what a new filter's line sent back, and was sent */
    v4 loud;              /* part of START that its response can have by them, at most 1 */
    v4 alike, echoes, errors; /* sums of error times echo, and of the squares of both */
    i4 active, harms;     /* all ones for yes */
    i4 age;               /* periods with sound since the filter began, up to YOUNG */
    int32_t pause[LANES]; /* periods since there was sound */
    bool wanted[LANES];
    float last_given[LANES];
} group;

/* The last periods of all lines, in groups of four. All is kept twice, so that any in a row lie in a
 * row. */
typedef struct {
    int periods, at;
    s4 *samples;
} history;

struct echo {
    int slots, groups, delay, longest_delay, silent, awake, beat;
    history sent, heard;
    group *group;
};

/* Octets that the samples of a history take. */
static size_t history_size(const history *h, int groups)
{
    return (size_t)groups * 2 * h->periods * PERIOD * sizeof *h->samples;
}

/* Behind the last sample of a group. */
static const s4 *history_end(const history *h, int g)
{
    return h->samples + ((size_t)g * 2 * h->periods + h->at + h->periods + 1) * PERIOD;
}

/* Another period of all lines; NULL is silence. */
static void history_add(history *h, int slots, const int16_t *rows)
{
    static const int16_t silence[PERIOD];
    h->at = (h->at + 1) % h->periods;
    for (int g = 0; g * LANES < slots; g++) {
        const int16_t *row[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            int slot = g * LANES + lane;
            row[lane] = rows && slot < slots ? rows + slot * PERIOD : silence;
        }
        s4 *to = h->samples + ((size_t)g * 2 * h->periods + h->at) * PERIOD;
        for (int n = 0; n < PERIOD; n++)
            to[n] = (s4){row[0][n], row[1][n], row[2][n], row[3][n]};
        memcpy(to + h->periods * PERIOD, to, PERIOD * sizeof *to);
    }
}

/* So many samples up to `end`, of which the one before the first must be there, too. */
static void emphasized(const s4 *end, int samples, v4 *to)
{
    const s4 *from = end - samples;
    v4 before = floats(from[-1]);
    for (int n = 0; n < samples; n++) {
        v4 sample = floats(from[n]);
        to[n] = sample - EMPHASIS * before;
        before = sample;
    }
}

static v4 product(const v4 *one, const v4 *other, int count)
{
    v4 even = {0}, odd = {0};
    for (int n = 0; n < count; n += 2) {
        even += one[n] * other[n];
        odd += one[n + 1] * other[n + 1];
    }
    return even + odd;
}

/* Know nothing of one line. */
static void renew(group *now, int lane)
{
    for (int k = 0; k < BINS; k++) {
        for (int part = 0; part < PARTS; part++) {
            now->weights[part][k].re[lane] = now->weights[part][k].im[lane] = 0;
            now->unknown[part][k][lane] = START[part];
        }
        now->noise[k][lane] = 0;
    }
    now->came[lane] = now->went[lane] = 0;
    now->loud[lane] = 1;
    now->alike[lane] = now->echoes[lane] = now->errors[lane] = 0;
    now->harms[lane] = 0;
    now->age[lane] = 0;
}

/* The sizes of a canceller, without its memory; gives the octets of that, 0 where there is none. */
static size_t sized(echo *e, int slots, int kept)
{
    if (slots < 1 || kept < FRAME || kept % PERIOD)
        return 0;
    e->slots = slots;
    e->groups = (slots + LANES - 1) / LANES;
    e->longest_delay = kept - FRAME;
    /* Periods of silence on all lines after which nothing is done, for all that is kept is it. */
    e->silent = e->awake = (kept / PERIOD > PAUSE ? kept / PERIOD : PAUSE) + 1;
    e->sent.periods = kept / PERIOD + 1;
    e->heard.periods = KEPT_HEARD / PERIOD;
    return e->groups * sizeof *e->group + history_size(&e->sent, e->groups) +
           history_size(&e->heard, e->groups) + sizeof *e + ECHO_ALIGNED;
}

size_t echo_size(int slots, int kept)
{
    echo unused = {0};
    return sized(&unused, slots, kept);
}

echo *echo_new(void *memory, int slots, int kept)
{
    echo fresh = {0};
    if (memory == NULL || !sized(&fresh, slots, kept))
        return NULL;
    fft_prepare();
    uintptr_t at = ((uintptr_t)memory + ECHO_ALIGNED - 1) / ECHO_ALIGNED * ECHO_ALIGNED;
    fresh.group = (group *)at;
    fresh.sent.samples = (s4 *)(fresh.group + fresh.groups);
    fresh.heard.samples =
        (s4 *)((char *)fresh.sent.samples + history_size(&fresh.sent, fresh.groups));
    echo *e = (echo *)((char *)fresh.heard.samples + history_size(&fresh.heard, fresh.groups));
    *e = fresh;
    for (int slot = 0; slot < e->groups * LANES; slot++) {
        renew(&e->group[slot / LANES], slot % LANES);
        e->group[slot / LANES].pause[slot % LANES] = PAUSE;
    }
    return e;
}

/* The group of a slot, NULL out of range. */
static group *group_of(const echo *e, int slot)
{
    return slot < 0 || slot >= e->slots ? NULL : &e->group[slot / LANES];
}

int echo_want(echo *e, int slot, int wanted)
{
    group *one = group_of(e, slot);
    if (one == NULL)
        return -1;
    one->wanted[slot % LANES] = wanted != 0;
    return 0;
}

int echo_new_call(echo *e, int slot)
{
    group *one = group_of(e, slot);
    if (one == NULL)
        return -1;
    for (int part = 0; part < PARTS; part++)
        for (int k = 0; k < BINS; k++) {
            v4 *unknown = &one->unknown[part][k];
            (*unknown)[slot % LANES] = fmaxf((*unknown)[slot % LANES], NEW_CALL * START[part]);
        }
    one->age[slot % LANES] = 0;
    one->came[slot % LANES] = one->went[slot % LANES] = 0;
    return 0;
}

int echo_set_delay(echo *e, int delay)
{
    if (delay < 0 || delay > e->longest_delay)
        return -1;
    e->delay = delay;
    for (int slot = 0; slot < e->slots; slot++)
        renew(&e->group[slot / LANES], slot % LANES);
    return 0;
}

static bool sounds(const int16_t *row)
{
    int16_t most = 0;
    for (int n = 0; n < PERIOD; n++)
        most = row[n] > most ? row[n] : most;
    return most > SOFT;
}

/* After long silence what was heard before is of another time. */
static void wake(echo *e)
{
    memset(e->heard.samples, 0, history_size(&e->heard, e->groups));
    for (int g = 0; g < e->groups; g++)
        memset(e->group[g].last_given, 0, sizeof e->group[g].last_given);
}

int echo_sent(echo *e, const int16_t *played, int samples)
{
    if (samples != (played == NULL ? 0 : e->slots * PERIOD))
        return -1;
    if (played == NULL) {
        if (e->silent >= e->awake)
            return 1;
        e->silent++;
    } else {
        if (e->silent >= e->awake)
            wake(e);
        e->silent = 0;
    }
    history_add(&e->sent, e->slots, played);
    for (int slot = 0; slot < e->slots; slot++) {
        int32_t *pause = &e->group[slot / LANES].pause[slot % LANES];
        if (played != NULL && sounds(played + slot * PERIOD))
            *pause = 0;
        else if (*pause < PAUSE)
            ++*pause;
    }
    return 0;
}

/* Which of four lines take part; gives how many. */
static int choose(group *now)
{
    int count = 0;
    for (int lane = 0; lane < LANES; lane++) {
        bool active = now->wanted[lane] && now->pause[lane] < PAUSE;
        count += active;
        if (active && !now->active[lane])
            for (int part = 0; part < PARTS; part++)
                for (int k = 0; k < BINS; k++) /* nothing was sent to it for some time */
                    now->sent[part][k].re[lane] = now->sent[part][k].im[lane] = 0;
        now->active[lane] = active ? -1 : 0;
    }
    return count;
}

static bool any(i4 mask)
{
    return mask[0] | mask[1] | mask[2] | mask[3];
}

/* All ones in the lanes of filters that are new. */
static i4 young(const group *now)
{
    return now->age < YOUNG;
}

/* Keep a partition's response within its 10 ms, and let it be a little less certain. */
static void constrain(group *now, int part, i4 learns)
{
    c4 *weights = now->weights[part], kept[BINS];
    v4 *unknown = now->unknown[part], response[FRAME];
    v4 fades = chosen(young(now), (v4){FADES, FADES, FADES, FADES}, (v4){0});
    fft_inverse(weights, response);
    for (int n = 0; n < PERIOD; n++)
        response[n] *= n < TAIL ? KEPT + (v4){0} : KEPT - fades * (float)(n - TAIL);
    memset(response + PERIOD, 0, (FRAME - PERIOD) * sizeof *response);
    fft_forward(response, kept);
    for (int k = 0; k < BINS; k++) {
        weights[k].re = chosen(learns, kept[k].re, weights[k].re);
        weights[k].im = chosen(learns, kept[k].im, weights[k].im);
        v4 doubted = KEPT * KEPT * unknown[k] + (1 - KEPT * KEPT) * power(weights[k]);
        unknown[k] = chosen(learns, doubted, unknown[k]);
    }
}

/* Move the filters by their errors; `latest` is the place of the latest frame's spectrum. */
static void learn(group *now, const v4 error[FRAME], int latest, i4 learns)
{
    c4 spectrum[BINS];
    fft_forward(error, spectrum);
    v4 surer = chosen(young(now), SURER_YOUNG + (v4){0}, SURER + (v4){0});
    for (int k = 0; k < BINS; k++) {
        v4 likely[PARTS], gains[PARTS], all = {0};
        for (int part = 0; part < PARTS; part++) {
            v4 unknown = now->unknown[part][k], most = START[part] * now->loud;
            likely[part] = chosen(unknown < most, unknown, most);
            gains[part] = power(now->sent[(latest + part) % PARTS][k]) * likely[part];
            all += gains[part];
        }
        v4 noise = PACE * now->noise[k] + (1 - PACE) * FRAME / ERROR * power(spectrum[k]);
        now->noise[k] = chosen(learns, noise, now->noise[k]);
        v4 scale = chosen(learns, 1.0f / (all + noise + FLOOR), (v4){0});
        for (int part = 0; part < PARTS; part++) {
            c4 sent = now->sent[(latest + part) % PARTS][k], wrong = spectrum[k];
            v4 step = likely[part] * scale;
            c4 *weight = &now->weights[part][k];
            weight->re += step * (sent.re * wrong.re + sent.im * wrong.im);
            weight->im += step * (sent.re * wrong.im - sent.im * wrong.re);
            v4 told = surer * gains[part] * scale, rest = 1 - UNLIKELY * told;
            v4 more = chosen(rest > 0, rest, (v4){0}) * (now->unknown[part][k] - likely[part]);
            now->unknown[part][k] = likely[part] * (1 - told) + more;
        }
    }
}

/* Begin anew where the error is like the echo: the line has another response now. */
static void judge(group *now, const v4 *error, const v4 *echoed)
{
    now->alike = WRONG_PACE * now->alike + product(error, echoed, ERROR);
    now->echoes = WRONG_PACE * now->echoes + product(echoed, echoed, ERROR);
    now->errors = WRONG_PACE * now->errors + product(error, error, ERROR);
    i4 is_young = young(now);
    for (int lane = 0; lane < LANES; lane++) {
        float alike = now->alike[lane], echoes = now->echoes[lane], errors = now->errors[lane];
        now->harms[lane] = is_young[lane] && alike < -HARM * echoes ? -1 : 0;
        bool wrong = alike * alike > WRONG_LIKE * WRONG_LIKE * echoes * errors &&
                     errors > WRONG_PART * echoes && echoes > HEARD_LEAST;
        /* a new filter says less than there is, at first */
        if (now->active[lane] && wrong && (!is_young[lane] || alike < 0))
            renew(now, lane);
    }
}

/* Undo the emphasis of a period and write it into those of the lines that take part. */
static void give(group *now, const v4 *period, int16_t *rows)
{
    v4 last = {now->last_given[0], now->last_given[1], now->last_given[2], now->last_given[3]};
    for (int n = 0; n < PERIOD; n++) {
        last = period[n] + EMPHASIS * last;
        for (int lane = 0; lane < LANES; lane++)
            if (now->active[lane])
                rows[lane * PERIOD + n] = (int16_t)lrintf(fmaxf(-32768, fminf(last[lane], 32767)));
    }
}

/* What the filters of four lines make of what was sent to them. */
static void expected(const group *now, int latest, v4 echoed[FRAME])
{
    c4 spectrum[BINS];
    for (int k = 0; k < BINS; k++) {
        c4 total = {{0}, {0}};
        for (int part = 0; part < PARTS; part++) {
            c4 a = now->weights[part][k], b = now->sent[(latest + part) % PARTS][k];
            total.re += a.re * b.re - a.im * b.im;
            total.im += a.re * b.im + a.im * b.re;
        }
        spectrum[k] = total;
    }
    fft_inverse(spectrum, echoed);
}

/* All ones where a spectrum has its power at more than so many frequencies: a tone teaches nothing of
 * the others, and what has heard nothing else is new. */
static i4 broad(const c4 spectrum[BINS], float few)
{
    v4 all = {0}, squares = {0};
    for (int k = 0; k < BINS; k++) {
        v4 part = power(spectrum[k]);
        all += part;
        squares += part * part;
    }
    return all * all > few * squares;
}

/* Of a new filter nothing is expected that is much louder than what has come back so far: what is
 * near speech besides only makes that less sure. */
static void bound(group *now, const v4 *sent, const v4 *heard, i4 new)
{
    now->came += chosen(new, product(heard, heard, ERROR), (v4){0});
    now->went += chosen(new, product(sent, sent, ERROR), (v4){0});
    v4 part = now->came / (now->went + 1.0f) / BADLY, loud = part * part;
    loud = chosen(loud < 1.0f, loud, 1.0f + (v4){0});
    now->loud = chosen(new, chosen(loud > SOFTEST, loud, SOFTEST + (v4){0}), now->loud);
}

/* Let those of four lines learn whose turn it is and that are sent something. */
static void teach(group *now, const v4 sent[FRAME], const v4 heard[ERROR], const v4 error[FRAME],
                  int beat, int latest)
{
    i4 sounding = (product(sent, sent, FRAME) > SENT_LEAST) & now->active;
    i4 new = sounding & young(now);
    if (any(new))
        bound(now, sent + FRAME - ERROR, heard, new & broad(now->sent[latest], SOME));
    i4 learns = beat % SELDOM == 0 ? sounding : sounding & young(now);
    if (any(learns)) {
        learn(now, error, latest, learns);
        /* Partitions are constrained in turns, and have them with lines that learn seldom, too. */
        for (int part = 0; part < PARTS; part++) {
            i4 turn = young(now) & -(latest == part);
            turn |= ~young(now) & -(beat / SELDOM % PARTS == part);
            if (any(learns & turn))
                constrain(now, part, learns & turn);
        }
    }
    now->age -= new & broad(now->sent[latest], FEW);
}

/* Take the echo of four lines out of `rows`, and learn. */
static void cancel(echo *e, int g, int16_t *rows)
{
    group *now = &e->group[g];
    int latest = PARTS - 1 - e->beat % PARTS; /* so that older ones follow it */
    v4 sent[FRAME], heard[ERROR], echoed[FRAME], error[FRAME];
    emphasized(history_end(&e->sent, g) - e->delay, FRAME, sent);
    emphasized(history_end(&e->heard, g), ERROR, heard);
    fft_forward(sent, now->sent[latest]);
    expected(now, latest, echoed);
    memset(error, 0, (FRAME - ERROR) * sizeof *error);
    for (int n = 0; n < ERROR; n++)
        error[FRAME - ERROR + n] = heard[n] - echoed[FRAME - ERROR + n];
    teach(now, sent, heard, error, e->beat, latest);
    if (e->beat % JUDGED == 0)
        judge(now, error + FRAME - ERROR, echoed + FRAME - ERROR);
    v4 given[PERIOD];
    for (int n = 0; n < PERIOD; n++)
        given[n] = chosen(now->harms, heard[ERROR - PERIOD + n], error[FRAME - PERIOD + n]);
    give(now, given, rows);
}

int echo_cancel(echo *e, int16_t *heard, int samples)
{
    if (samples != e->slots * PERIOD)
        return -1;
    if (e->silent >= e->awake)
        return 0;
    history_add(&e->heard, e->slots, heard);
    e->beat = (e->beat + 1) % (PARTS * SELDOM * JUDGED);
    int all = 0;
    for (int g = 0; g < e->groups; g++) {
        int active = choose(&e->group[g]);
        if (active)
            cancel(e, g, heard + g * LANES * PERIOD);
        all += active;
    }
    for (int slot = 0; slot < e->slots; slot++)
        e->group[slot / LANES].last_given[slot % LANES] = heard[(slot + 1) * PERIOD - 1];
    return all;
}

int echo_active(const echo *e, uint8_t *active, int slots)
{
    if (slots != e->slots)
        return -1;
    for (int slot = 0; slot < slots; slot++)
        active[slot] = e->group[slot / LANES].active[slot % LANES] != 0;
    return 0;
}

/* A line's part of a history, emphasized. */
static int recent(const history *h, int slot, float *to, int samples)
{
    if (samples < 0 || samples > (h->periods - 1) * PERIOD)
        return -1;
    const s4 *from = history_end(h, slot / LANES) - samples;
    for (int n = 0; n < samples; n++)
        to[n] = (float)from[n][slot % LANES] - EMPHASIS * (float)from[n - 1][slot % LANES];
    return 0;
}

int echo_recent(const echo *e, int slot, float *sent, int sent_samples, float *heard,
                int heard_samples)
{
    if (group_of(e, slot) == NULL || recent(&e->sent, slot, sent, sent_samples) < 0)
        return -1;
    return recent(&e->heard, slot, heard, heard_samples);
}
