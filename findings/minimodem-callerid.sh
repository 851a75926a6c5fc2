#!/bin/bash
# Versions: Debian 12, minimodem 0.24-1+b1.
#
# minimodem --rx callerid reads a caller's number and name (MDMF). ETSI EN 300 659-3 has the same
# message with more parameters, such as the type of the call (11h). One would expect that a
# reader steps over a parameter that it does not know (each has its length), and that it shows no
# message whose checksum is wrong. In fact one parameter above 08h, wherever it stands, takes the whole
# message away: the number that was read before it is not shown either, only the headline
# "CALLER-ID". And the checksum is not looked at: a message with a bit wrong is another number.
# The exit code is 0 each time.
#
# Seen (what is printed, line by line; the number sent is 5551234567):
#   as Bellcore has it: CALLER-ID, Time:  11/28 15:30, Phone: 555-123-4567, Name:  JOHN DOE
#   with the type of the call first: CALLER-ID
#   with the type of the call last: CALLER-ID
#   with a bit wrong: CALLER-ID, Time:  11/28 15:30, Phone: 557-123-4567, Name:  JOHN DOE
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=0.24-1+b1

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    minimodem=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
folder=$(uname -m)-linux-gnu
libraries=root/usr/lib/$folder:root/lib/$folder:root/usr/lib/$folder/pulseaudio

cat >send.py <<'PYTHON'
import array
import math
import subprocess
import sys
import wave

RATE, SAMPLES = 48000, 40  # a bit at 1200 bits a second has 40 samples


def parameter(kind, content):
    return bytes([kind, len(content)]) + content


def message(*parameters):
    whole = b"\x80" + bytes([sum(map(len, parameters))]) + b"".join(parameters)
    return whole + bytes([-sum(whole) % 256])


def read(octets):
    """What minimodem prints of a message in Bell 202, as GR-30 sends it on the hook."""
    bits = [n % 2 for n in range(300)] + [1] * 180
    for octet in octets:
        bits += [0, *(octet >> n & 1 for n in range(8)), 1]
    phase, samples = 0.0, [0] * RATE
    for bit in bits + [1] * 20:
        for _ in range(SAMPLES):
            phase += 2 * math.pi * (1200 if bit else 2200) / RATE
            samples.append(round(8000 * math.sin(phase)))
    with wave.open("call.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(array.array("h", samples + [0] * RATE).tobytes())
    ask = [sys.argv[1], "--rx", "callerid", "--quiet", "--file", "call.wav"]
    printed = subprocess.run(ask, check=True, timeout=60, stdout=subprocess.PIPE, text=True).stdout
    return ", ".join(printed.splitlines())


kind, time = parameter(0x11, b"\x01"), parameter(1, b"11281530")
number, name = parameter(2, b"5551234567"), parameter(7, b"JOHN DOE")
plain = message(time, number, name)
wrong = bytearray(plain)
wrong[plain.index(b"555") + 2] ^= 0x02
whole = "CALLER-ID, Time:  11/28 15:30, Phone: 555-123-4567, Name:  JOHN DOE"
right = []
for case, octets, expected in (
    ("as Bellcore has it", plain, whole),
    ("with the type of the call first", message(kind, time, number, name), "CALLER-ID"),
    ("with the type of the call last", message(time, number, name, kind), "CALLER-ID"),
    ("with a bit wrong", bytes(wrong), whole.replace("555-", "557-")),
):
    printed = read(octets)
    print(f"{case}: {printed}")
    right.append(printed == expected)
sys.exit(not all(right))
PYTHON
LD_LIBRARY_PATH=$libraries python3 send.py root/usr/bin/minimodem ||
    { echo "it behaves otherwise now"; exit 1; }
