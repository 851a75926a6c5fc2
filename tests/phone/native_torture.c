/* Calls the canceller and the tone bank with whatever they may be given, to be run under sanitizers:
 * line counts that are no multiple of four, silence, full scale, noise, delays, and arguments that
 * there are not. Says what went wrong and ends with 1. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

enum { PERIOD = 80, KEPT = 960, MOST = 9, BEATS = 400 };

static int16_t played[MOST * PERIOD], heard[MOST * PERIOD];
static float sent[KEPT], came[560];

static void must(int holds, const char *what, int slots)
{
    if (!holds) {
        printf("%d lines: %s\n", slots, what);
        exit(1);
    }
}

static int16_t sample(int kind)
{
    switch (kind) {
    case 0: return 0;
    case 1: return rand() % 2 ? INT16_MAX : INT16_MIN;
    case 2: return INT16_MIN;
    default: return (int16_t)(rand() % 65536 - 32768);
    }
}

static void refuses(echo *e, int slots)
{
    uint8_t active[MOST];
    must(echo_want(e, slots, 1) == -1 && echo_want(e, -1, 1) == -1, "a line there is not", slots);
    must(echo_new_call(e, slots) == -1, "a call of a line there is not", slots);
    must(echo_set_delay(e, -1) == -1 && echo_set_delay(e, KEPT) == -1, "a delay", slots);
    must(echo_sent(e, played, slots * PERIOD - 1) == -1, "samples sent", slots);
    must(echo_sent(e, NULL, slots * PERIOD) == -1, "no samples sent, but a number", slots);
    must(echo_cancel(e, heard, slots * PERIOD + 1) == -1, "samples heard", slots);
    must(echo_active(e, active, slots + 1) == -1, "lines", slots);
    must(echo_recent(e, slots, sent, KEPT, came, 480) == -1, "the past of no line", slots);
    must(echo_recent(e, 0, sent, 2 * KEPT, came, 480) == -1, "what was not kept", slots);
    must(echo_recent(e, 0, sent, KEPT, came, 560) == -1, "what was not kept of the line", slots);
}

static void go_on(echo *e, int slots, int beat)
{
    int silent = beat / 80 % 2, count = slots * PERIOD;
    for (int n = 0; n < count; n++) {
        played[n] = silent ? 0 : sample(beat / 20 % 4);
        heard[n] = beat % 3 ? (int16_t)(-played[n] / 2) : sample(rand() % 4);
    }
    must(echo_sent(e, silent ? NULL : played, silent ? 0 : count) >= 0, "a period", slots);
    must(echo_cancel(e, heard, count) >= 0, "a period heard", slots);
    echo_want(e, rand() % slots, rand() % 4 > 0);
    if (rand() % 50 == 0)
        echo_new_call(e, rand() % slots);
    if (rand() % 100 == 0)
        echo_set_delay(e, rand() % (KEPT - 256 + 1));
    echo_recent(e, rand() % slots, sent, KEPT, came, 480);
    for (int n = 0; n < KEPT; n++)
        must(isfinite(sent[n]), "a number that is none", slots);
}

/* An array of its own, so that the sanitizer sees each step out of it. */
static void *array(size_t octets)
{
    void *made = calloc(1, octets ? octets : 1);
    must(made != NULL, "no memory", 0);
    return made;
}

enum { BANK_KEPT = 8, BLOCKS = 3, GROUPS = 9 };

static void bank_goes_on(bank *b, int16_t *rows, int32_t *looked)
{
    for (int beat = 0; beat < BEATS; beat++) {
        for (int n = 0; n < b->places * PERIOD; n++)
            rows[n] = sample(beat / 20 % 4);
        b->looked_at = 0;
        for (int place = 0; place < b->places; place++)
            if (rand() % 3)
                looked[b->looked_at++] = place;
        int64_t found = bank_hear(b, rows, b->places, beat % BANK_KEPT, beat);
        must(found >= 0 && found < 1 << GROUPS, "groups", b->places);
        must(bank_hear(b, rows, b->places / 2, 0, beat) >= 0, "fewer places", b->places);
    }
    must(bank_hear(b, rows, b->places + 1, 0, 0) == -1, "places there are not", b->places);
    must(bank_hear(b, rows, -1, 0, 0) == -1, "less than no places", b->places);
    must(bank_hear(b, rows, 1, BANK_KEPT, 0) == -1, "a period not kept", b->places);
    must(bank_hear(b, rows, 1, -1, 0) == -1, "a period before all", b->places);
}

static void bank_of(int places)
{
    int columns = BLOCKS * 8, octets = (places + 7) / 8;
    uint8_t *odd = array(BLOCKS);
    float *basis = array(sizeof *basis * BLOCKS * 40 * 8);
    float *weights = array(sizeof *weights * GROUPS * columns);
    uint64_t *uses = array(sizeof *uses * GROUPS);
    float *limits = array(sizeof *limits * GROUPS * places);
    int32_t *within = array(sizeof *within * GROUPS), *looked = array(sizeof *looked * places);
    int16_t *rows = array(sizeof *rows * places * PERIOD);
    bank b = {.places = places, .kept = BANK_KEPT, .blocks = BLOCKS, .groups = GROUPS,
              .octets = octets, .silence = 1000, .odd = odd, .basis = basis, .weights = weights,
              .uses = uses, .limits = limits, .within = within, .looked = looked,
              .sound = array(sizeof *b.sound * BANK_KEPT * places * PERIOD),
              .power = array(sizeof *b.power * BANK_KEPT * places),
              .squares = array(sizeof *b.squares * places * columns),
              .found = array(GROUPS * octets), .loud = array(sizeof *b.loud * places)};
    odd[1] = 1;
    for (int n = 0; n < BLOCKS * 40 * 8; n++)
        basis[n] = (float)rand() / RAND_MAX - 0.5f;
    for (int group = 0; group < GROUPS; group++) {
        uses[group] = 1 + group % 7;
        within[group] = group % 3 == 2 ? group - 1 : -1;
        for (int n = 0; n < columns; n++)
            weights[group * columns + n] = 1;
        for (int place = 0; place < places; place++)
            limits[group * places + place] = rand() % 3 ? 0 : INFINITY;
    }
    bank_goes_on(&b, rows, looked);
    b.groups = 63;
    must(bank_hear(&b, rows, 1, 0, 0) == -1, "groups without a bit", places);
    void *all[] = {odd, basis, weights, uses, limits, within, looked, rows,
                   b.sound, b.power, b.squares, b.found, b.loud};
    for (size_t n = 0; n < sizeof all / sizeof *all; n++)
        free(all[n]);
}

int main(void)
{
    for (int places = 1; places <= MOST; places += 4)
        bank_of(places);
    must(echo_size(0, KEPT) == 0 && echo_new(sent, 0, KEPT) == NULL, "a canceller of nothing", 0);
    must(echo_size(4, 81) == 0 && echo_new(NULL, 4, KEPT) == NULL, "a canceller nowhere", 4);
    for (int slots = 1; slots <= MOST; slots += 4) {
        void *memory = calloc(1, echo_size(slots, KEPT));
        must(memory != NULL, "no memory", slots);
        echo *e = echo_new(memory, slots, KEPT);
        for (int slot = 0; slot < slots; slot++)
            echo_want(e, slot, 1);
        for (int beat = 0; beat < BEATS; beat++)
            go_on(e, slots, beat);
        refuses(e, slots);
        free(memory);
    }
    return 0;
}
