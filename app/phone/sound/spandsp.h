/* What we use of libspandsp, the same in 0.0.6 and 3.x, with one exception: dtmf_tx_init of 3.x takes
 * two more arguments, which are harmless to 0.0.6. scripts/declared.py makes spandsp_declared.py of it.
 */

/* dsp.py: DTMF to dial, caller-ID modems, speed of speech */

typedef ... dtmf_tx_state_t;
typedef ... adsi_rx_state_t;
typedef ... adsi_tx_state_t;
typedef ... time_scale_state_t;

dtmf_tx_state_t *dtmf_tx_init(dtmf_tx_state_t *s, void *callback, void *user_data);
int dtmf_tx(dtmf_tx_state_t *s, int16_t *samples, int most);
int dtmf_tx_put(dtmf_tx_state_t *s, const char *digits, int len);
void dtmf_tx_set_level(dtmf_tx_state_t *s, int level, int twist);
void dtmf_tx_set_timing(dtmf_tx_state_t *s, int on_ms, int off_ms);
int dtmf_tx_free(dtmf_tx_state_t *s);

typedef void (*put_msg)(void *user_data, const uint8_t *msg, int len);
adsi_rx_state_t *adsi_rx_init(adsi_rx_state_t *s, int standard, put_msg callback, void *user_data);
int adsi_rx(adsi_rx_state_t *s, const int16_t *samples, int count);
int adsi_rx_free(adsi_rx_state_t *s);

adsi_tx_state_t *adsi_tx_init(adsi_tx_state_t *s, int standard);
int adsi_tx(adsi_tx_state_t *s, int16_t *samples, int most);
void adsi_tx_set_preamble(adsi_tx_state_t *s, int seizure, int marks, int marks_after,
                          int stop_bits);
int adsi_tx_put_message(adsi_tx_state_t *s, const uint8_t *msg, int len);
int adsi_tx_free(adsi_tx_state_t *s);

time_scale_state_t *time_scale_init(time_scale_state_t *s, int sample_rate, float playout_rate);
int time_scale(time_scale_state_t *s, int16_t *out, int16_t *in, int len);
int time_scale_free(time_scale_state_t *s);

/* t30.py: a fax terminal */

typedef ... fax_state_t;
typedef ... t30_state_t;
typedef struct { int bit_rate; int ecm; int sent; int received; int rest[28]; } t30_figures_t;

fax_state_t *fax_init(fax_state_t *s, int calling);
int fax_free(fax_state_t *s);
int fax_rx(fax_state_t *s, const int16_t *samples, int count);
int fax_tx(fax_state_t *s, int16_t *samples, int most);
void fax_set_transmit_on_idle(fax_state_t *s, int on);
t30_state_t *fax_get_t30_state(fax_state_t *s);
int t30_set_tx_ident(t30_state_t *s, const char *ident);
const char *t30_get_rx_ident(t30_state_t *s);
int t30_set_tx_page_header_info(t30_state_t *s, const char *info);
void t30_set_rx_file(t30_state_t *s, const char *file, int stop_page);
void t30_set_tx_file(t30_state_t *s, const char *file, int start_page, int stop_page);
int t30_set_ecm_capability(t30_state_t *s, int on);
int t30_set_supported_modems(t30_state_t *s, int modems);
int t30_set_supported_compressions(t30_state_t *s, int compressions);
int t30_set_rx_encoding(t30_state_t *s, int encoding);
int t30_set_supported_output_compressions(t30_state_t *s, int compressions);
void t30_set_phase_d_handler(t30_state_t *s, void *handler, void *user_data);
void t30_set_phase_e_handler(t30_state_t *s, void *handler, void *user_data);
void t30_get_transfer_statistics(t30_state_t *s, t30_figures_t *figures);
void t30_terminate(t30_state_t *s);
const char *t30_completion_code_to_str(int code);
