#!/bin/bash
# Versions: spandsp 0.0.6 (Debian 12: libspandsp2 0.0.6+dfsg-2+b1), libtiff 4.5.0.
#
# The handler of phase D is called when a page has been received, before the far end is told so. Its
# return value is "the new status, normally T30_ERR_OK" (t30.h), and the handler of phase B can
# refuse a call by it. One would expect that a receiver can refuse a page that it could not keep, on
# a full disk say, by another status: the call ends without MCF, and the sender knows. In fact what
# the handler of phase D returns changes nothing on the receiving side: the page is confirmed (MCF),
# the call goes on, and both ends report that all is well. A receiver that cannot keep a page must
# fall silent by itself.
#
# Seen:
#   the receiver refuses each of 2 pages
#   sender: 2 pages confirmed, OK
#   receiver: OK
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cffi==2.1.1 2>pip.log ||
    { cat pip.log; exit 1; }
mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    libspandsp2=0.0.6+dfsg-2+b1 libtiff6 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libspandsp.so.2)

cat >refuse.py <<'PYTHON'
import cffi

ffi, tiff = cffi.FFI(), cffi.FFI()
ffi.cdef("""
typedef ... fax_state_t; typedef ... t30_state_t;
fax_state_t *fax_init(fax_state_t *s, int calling);
int fax_rx(fax_state_t *, int16_t *, int); int fax_tx(fax_state_t *, int16_t *, int);
void fax_set_transmit_on_idle(fax_state_t *, int);
t30_state_t *fax_get_t30_state(fax_state_t *);
void t30_set_rx_file(t30_state_t *, const char *, int);
void t30_set_tx_file(t30_state_t *, const char *, int, int);
void t30_set_phase_d_handler(t30_state_t *, int (*)(t30_state_t *, void *, int), void *);
void t30_set_phase_e_handler(t30_state_t *, void (*)(t30_state_t *, void *, int), void *);
typedef struct { int rate, ecm, sent, received, rest[28]; } figures_t;
void t30_get_transfer_statistics(t30_state_t *, figures_t *);
const char *t30_completion_code_to_str(int);
""")
tiff.cdef("""
typedef ... TIFF; TIFF *TIFFOpen(const char *, const char *); void TIFFClose(TIFF *);
int TIFFSetField(TIFF *, uint32_t, ...); int TIFFWriteDirectory(TIFF *);
intptr_t TIFFWriteEncodedStrip(TIFF *, uint32_t, void *, intptr_t);
""")
spandsp, libtiff = ffi.dlopen("libspandsp.so.2"), tiff.dlopen("libtiff.so.6")
file = libtiff.TIFFOpen(b"sent.tif", b"w")
for _ in range(2):
    for tag, value in ((256, 1728), (257, 100), (258, 1), (259, 4), (262, 0), (277, 1), (278, 100)):
        libtiff.TIFFSetField(file, tag, tiff.cast("int", value))
    for tag, dpi in ((282, 204.0), (283, 196.0)):
        libtiff.TIFFSetField(file, tag, tiff.cast("double", dpi))
    libtiff.TIFFSetField(file, 296, tiff.cast("int", 2))
    libtiff.TIFFWriteEncodedStrip(file, 0, tiff.new("char[]", 21600), 21600)
    libtiff.TIFFWriteDirectory(file)
libtiff.TIFFClose(file)

ends, refused = {}, []


def terminal(name, calling):
    fax = spandsp.fax_init(ffi.NULL, calling)
    t30 = spandsp.fax_get_t30_state(fax)
    spandsp.fax_set_transmit_on_idle(fax, 1)
    over = ffi.callback("void(t30_state_t *, void *, int)", lambda t, u, code: ends.update({name: code}))
    spandsp.t30_set_phase_e_handler(t30, over, ffi.NULL)
    return fax, t30, over


sender, sends, keep1 = terminal("sender", 1)
receiver, receives, keep2 = terminal("receiver", 0)
spandsp.t30_set_tx_file(sends, b"sent.tif", -1, -1)
spandsp.t30_set_rx_file(receives, b"received.tif", -1)
FILE_ERROR = 40  # any status but T30_ERR_OK (0)
refuse = ffi.callback("int(t30_state_t *, void *, int)", lambda t, u, m: refused.append(m) or FILE_ERROR)
spandsp.t30_set_phase_d_handler(receives, refuse, ffi.NULL)
one, other = ffi.new("int16_t[80]"), ffi.new("int16_t[80]")
for _ in range(20000):
    spandsp.fax_tx(sender, one, 80)
    spandsp.fax_tx(receiver, other, 80)
    spandsp.fax_rx(sender, other, 80)
    spandsp.fax_rx(receiver, one, 80)
    if len(ends) == 2:
        break
figures = ffi.new("figures_t *")
spandsp.t30_get_transfer_statistics(sends, figures)
say = {name: ffi.string(spandsp.t30_completion_code_to_str(code)).decode() for name, code in ends.items()}
print(f"the receiver refuses each of {len(refused)} pages")
print(f"sender: {figures.sent} pages confirmed, {say['sender']}")
print(f"receiver: {say['receiver']}")
PYTHON
said=$(LD_LIBRARY_PATH=$libraries venv/bin/python refuse.py)
printf '%s\n' "$said"
[ "$said" = "the receiver refuses each of 2 pages
sender: 2 pages confirmed, OK
receiver: OK" ]
