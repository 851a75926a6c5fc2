#!/bin/bash
# Versions: Debian 12, libspandsp2 0.0.6+dfsg-2+b1.
#
# The head of dtmf.h gives 50 ms as the least pause between two digits. One would expect that a hole
# of 10 ms in a digit, as a lost packet or a key that bounces makes, is no pause: one key, one digit.
# In fact almost half of such digits are heard twice: the receiver looks at blocks of 12.75 ms, and
# it is a matter of how the hole lies in them. A hole of 2 ms does nothing, one of 20 ms always makes
# two digits.
#
# Seen (each of 16 digits begins at each third sample of a block, 544 tries a line):
#   hole of 2 ms: once 544, twice 0
#   hole of 10 ms: once 303, twice 241
#   hole of 20 ms: once 0, twice 544
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=0.0.6+dfsg-2+b1

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    libspandsp2=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libspandsp.so.2)

cat >hear.py <<'PYTHON'
import ctypes
import math
import sys

library = ctypes.CDLL("libspandsp.so.2")
library.dtmf_rx_init.restype = ctypes.c_void_p
library.dtmf_rx_init.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
library.dtmf_rx.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
library.dtmf_rx_get.restype = ctypes.c_size_t
library.dtmf_rx_get.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
library.dtmf_rx_free.argtypes = (ctypes.c_void_p,)
KEYS, ROWS, COLUMNS = "123A456B789C*0#D", (697, 770, 852, 941), (1209, 1336, 1477, 1633)
BLOCK = 102


def digit(key, hole_ms):
    """50 ms, the hole, 50 ms; 8 kHz, 8000 at the peak of each tone (-9 dBm0)."""
    low, high = ROWS[KEYS.index(key) // 4], COLUMNS[KEYS.index(key) % 4]
    step = 2 * math.pi / 8000
    tone = [
        round(8000 * math.sin(low * step * n) + 8000 * math.sin(high * step * n))
        for n in range(8 * (100 + hole_ms))
    ]
    tone[400 : 400 + 8 * hole_ms] = [0] * (8 * hole_ms)
    return tone


def heard(samples):
    receiver = library.dtmf_rx_init(None, None, None)
    library.dtmf_rx(receiver, (ctypes.c_int16 * len(samples))(*samples), len(samples))
    digits = ctypes.create_string_buffer(129)
    library.dtmf_rx_get(receiver, digits, 128)
    library.dtmf_rx_free(receiver)
    return digits.value.decode()


def count(hole_ms):
    once = twice = 0
    for key in KEYS:
        tone = digit(key, hole_ms)
        for start in range(0, BLOCK, 3):
            found = heard([0] * start + tone + [0] * 480)
            once, twice = once + (found == key), twice + (found == 2 * key)
    print(f"hole of {hole_ms} ms: once {once}, twice {twice}")
    return once, twice


right = [count(2) == (544, 0)]
once, twice = count(10)
right.append(once + twice == 544 and 136 < twice < 408)
right.append(count(20) == (0, 544))
sys.exit(not all(right))
PYTHON
LD_LIBRARY_PATH=$libraries python3 hear.py || { echo "it behaves otherwise now"; exit 1; }
