#!/bin/bash
# Versions: Debian 12, mgetty-pvftools 1.2.1-1.2.
#
# mgetty's tools for voice modems keep a message as PVF; pvftowav makes a WAV file of it, of 8 bits or,
# with -16, of 16. One would expect that each has all of the message. In fact the length in the
# head of the file counts samples instead of octets: whoever reads the file of 16 bits as its head says
# gets the first half of the message, without an error, and that of 32 bits the first quarter. The
# samples are all in the file, behind the end that the head gives. wavtopvf of the same package reads
# until the file ends, so that a test with the two of them finds nothing.
#
# Seen (a tone of 1 s, 8000 samples):
#   -8: the head says 8001 octets, the file has 8001; by the head 8001 samples
#   -16: the head says 8001 octets, the file has 16002; by the head 4000 samples
#   -32: the head says 8001 octets, the file has 32004; by the head 2000 samples
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.2.1-1.2

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    mgetty-pvftools=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=root/usr/lib/$(uname -m)-linux-gnu

root/usr/bin/pvfsine -L 1 -F 440 tone.pvf
grep -a -m 1 -qx '1 8000 32' tone.pvf || { echo "the tone is no longer as it was"; exit 1; }
for bits in 8 16 32; do
    root/usr/bin/pvftowav -$bits tone.pvf tone.wav
    python3 - $bits <<'PYTHON' || { echo "it behaves otherwise now"; exit 1; }
import pathlib
import struct
import sys

bits = int(sys.argv[1])
stored = pathlib.Path("tone.wav").read_bytes()
assert stored[:4] + stored[8:16] + stored[36:40] == b"RIFFWAVEfmt data"
assert struct.unpack_from("<HHI", stored, 20) == (1, 1, 8000)
(octets,) = struct.unpack_from("<I", stored, 40)
there, samples = len(stored) - 44, octets * 8 // bits
print(f"-{bits}: the head says {octets} octets, the file has {there}; by the head {samples} samples")
if octets != 8001 or there != octets * bits // 8:
    sys.exit(1)
PYTHON
done
