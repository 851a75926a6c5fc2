/* What Python calls; scripts/declared.py makes declared.py of these declarations.
 *
 * Rows of samples are (slots, 80), one row behind the other. A function that is given a slot or a
 * number of samples that do not exist does nothing and returns -1.
 */

typedef struct echo echo;

/* Octets of memory that the canceller of so many lines takes, which remembers `kept` samples sent;
 * 0 where there can be none. */
size_t echo_size(int slots, int kept);

/* Make it in so much memory, all zeros, which must outlive it; NULL where there can be none. */
echo *echo_new(void *memory, int slots, int kept);

/* Whether anybody hears what comes from this line. */
int echo_want(echo *e, int slot, int wanted);

/* A line may be connected to something else now: it learns as a new one, from what it knows. */
int echo_new_call(echo *e, int slot);

/* So many samples lie between the playing of a sound and the begin of its echo; all is unlearned. */
int echo_set_delay(echo *e, int delay);

/* A period is sent to all lines; no samples are silence. Gives 1 if nothing has been sent for so long
 * that a canceller has nothing to do. */
int echo_sent(echo *e, const int16_t *played, int samples);

/* Take the echo out of a period of all lines, in place; gives on how many it is at work. */
int echo_cancel(echo *e, int16_t *heard, int samples);

/* Which lines those are: a 1 for each of them. */
int echo_active(const echo *e, uint8_t *active, int slots);

/* The last samples that were sent to a line, and that came from it, both emphasized. */
int echo_recent(const echo *e, int slot, float *sent, int sent_samples, float *heard,
                int heard_samples);

/* Tones of all places (tone_bank.py), which owns what is pointed to. */
typedef struct {
    int32_t places;
    int32_t kept;          /* periods */
    int32_t blocks;        /* of eight vectors, filled up with zeros; at most 64 */
    int32_t groups;        /* at most 62 */
    int32_t octets;        /* that have a bit for each place */
    int32_t looked_at;     /* places that are */
    float silence;         /* sum of squares of a period up to which it is silent */
    const uint8_t *odd;    /* (blocks): 1 for vectors with the other sign from their end */
    const float *basis;    /* (blocks, 40, 8): their first halves */
    const float *weights;  /* (groups, blocks x 8): what each column adds to a group */
    const uint64_t *uses;  /* (groups): a bit for each block that has some */
    const float *limits;   /* (groups, places): least energy; infinite where nobody asks */
    const int32_t *within; /* (groups): one before it that must be found as well, or -1 */
    const int32_t *looked; /* (looked_at): their numbers */
    float *sound;          /* (kept, places, 80) */
    float *power;          /* (kept, places): sum of squares */
    float *squares;        /* (places, blocks x 8): of the latest period, along each vector */
    uint8_t *found;        /* (groups, octets) */
    int64_t *loud;         /* (places): the latest period that was not silent */
} bank;

/* Take the period `now` of the first `slots` places, to be kept at number `at`; the sound of others
 * is there already. Gives the groups that were found somewhere, as bits. */
int64_t bank_hear(const bank *b, const int16_t *heard, int slots, int at, int64_t now);
