/* What Python calls; app/phone/sound/native/__init__.py reads these declarations as they are.
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

/* A period is sent to all lines; no samples are silence. */
int echo_sent(echo *e, const int16_t *played, int samples);

/* Take the echo out of a period of all lines, in place; gives on how many it is at work. */
int echo_cancel(echo *e, int16_t *heard, int samples);

/* Which lines those are: a 1 for each of them. */
int echo_active(const echo *e, uint8_t *active, int slots);

/* The last samples that were sent to a line, and that came from it, both emphasized. */
int echo_recent(const echo *e, int slot, float *sent, int sent_samples, float *heard,
                int heard_samples);
