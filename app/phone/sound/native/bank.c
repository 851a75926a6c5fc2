/* How much of a period of all places lies along each vector, and what is hardly anything else.
 *
 * A vector reads the same, or with the other sign, from its end: so a period is folded in its middle
 * once, and a vector is half as long. Vectors are in blocks of eight of one kind, so that a sample is
 * multiplied by eight at once, and four places use each block while it is at hand.
 */
#include <string.h>

#include "lanes.h"
#include "sound.h"

enum { WIDE = 8, ROWS = 4, HALF = PERIOD / 2, GROUPS = 62, BLOCKS = 64 /* bits of a number */ };

/* Where rows begin is up to who made them. */
typedef v4 loose __attribute__((aligned(4)));
typedef s4 loose_samples __attribute__((aligned(2)));

static v4 at(const float *from)
{
    return *(const loose *)from;
}

static float sum(v4 parts)
{
    return parts[0] + parts[1] + (parts[2] + parts[3]);
}

static void convert(const int16_t *from, float *to)
{
    for (int n = 0; n < PERIOD; n += LANES)
        *(loose *)(to + n) = floats(*(const loose_samples *)(from + n));
}

/* What of four rows lies along one block of vectors, squared. Sums are spelt out: the compiler keeps
 * no array of them in registers. */
static void along(const float *const row[ROWS], const float *block, float *const squares[ROWS])
{
    v4 a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}, d0 = {0}, d1 = {0};
    const float *a = row[0], *b = row[1], *c = row[2], *d = row[3];
    for (int n = 0; n < HALF; n++) {
        v4 first = at(block + n * WIDE), second = at(block + n * WIDE + LANES);
        a0 += a[n] * first;
        a1 += a[n] * second;
        b0 += b[n] * first;
        b1 += b[n] * second;
        c0 += c[n] * first;
        c1 += c[n] * second;
        d0 += d[n] * first;
        d1 += d[n] * second;
    }
    const v4 sums[ROWS][2] = {{a0, a1}, {b0, b1}, {c0, c1}, {d0, d1}};
    for (int r = 0; r < ROWS; r++)
        for (int half = 0; half < 2; half++)
            *(loose *)(squares[r] + half * LANES) = sums[r][half] * sums[r][half];
}

static float power_of(const float *row)
{
    v4 even = {0}, odd = {0};
    for (int n = 0; n < PERIOD; n += WIDE) {
        even += at(row + n) * at(row + n);
        odd += at(row + n + LANES) * at(row + n + LANES);
    }
    return sum(even + odd);
}

/* Measure up to four of the places that are looked at. */
static void measure(const bank *b, const float *sound, const int32_t *places, int count)
{
    float folded[2][ROWS][HALF];
    const float *row[2][ROWS];
    float *squares[ROWS];
    for (int r = 0; r < ROWS; r++) {
        int place = places[r < count ? r : 0];
        const float *from = sound + place * PERIOD;
        for (int n = 0; n < HALF; n++) {
            folded[0][r][n] = from[n] + from[PERIOD - 1 - n];
            folded[1][r][n] = from[n] - from[PERIOD - 1 - n];
        }
        row[0][r] = folded[0][r];
        row[1][r] = folded[1][r];
        squares[r] = b->squares + place * b->blocks * WIDE;
    }
    for (int block = 0; block < b->blocks; block++) {
        along(row[b->odd[block] != 0], b->basis + block * HALF * WIDE, squares);
        for (int r = 0; r < ROWS; r++)
            squares[r] += WIDE;
    }
}

/* What a group has in a place. */
static float energy(const bank *b, int group, int place)
{
    const float *weights = b->weights + group * b->blocks * WIDE;
    const float *squares = b->squares + place * b->blocks * WIDE;
    v4 all = {0};
    for (uint64_t left = b->uses[group]; left; left &= left - 1) {
        int column = __builtin_ctzll(left) * WIDE;
        all += at(weights + column) * at(squares + column);
        all += at(weights + column + LANES) * at(squares + column + LANES);
    }
    return sum(all);
}

/* Which groups a place has; gives their bits. */
static int64_t judge(const bank *b, int place, float power)
{
    int64_t found = 0;
    for (int group = 0; group < b->groups; group++) {
        float limit = b->limits[group * b->places + place];
        if (limit == __builtin_inff()) /* nobody asks for it */
            continue;
        if (b->within[group] >= 0 && !(found >> b->within[group] & 1))
            continue;
        if (energy(b, group, place) > (power > limit ? power : limit)) {
            b->found[group * b->octets + place / 8] |= (uint8_t)(1 << place % 8);
            found |= (int64_t)1 << group;
        }
    }
    return found;
}

int64_t bank_hear(const bank *b, const int16_t *heard, int slots, int at, int64_t now)
{
    if (slots < 0 || slots > b->places || at < 0 || at >= b->kept)
        return -1;
    if (b->groups > GROUPS || b->blocks > BLOCKS)
        return -1;
    float *sound = b->sound + (size_t)at * b->places * PERIOD;
    float *power = b->power + (size_t)at * b->places;
    for (int place = 0; place < b->places; place++) {
        float *row = sound + place * PERIOD;
        if (place < slots)
            convert(heard + place * PERIOD, row);
        power[place] = power_of(row);
        if (power[place] > b->silence)
            b->loud[place] = now;
    }
    memset(b->found, 0, (size_t)b->groups * b->octets);
    int64_t found = 0;
    for (int first = 0; first < b->looked_at; first += ROWS) {
        int count = b->looked_at - first < ROWS ? b->looked_at - first : ROWS;
        measure(b, sound, b->looked + first, count);
        for (int r = 0; r < count; r++)
            found |= judge(b, b->looked[first + r], power[b->looked[first + r]]);
    }
    return found;
}
