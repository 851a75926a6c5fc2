#!/bin/bash
# Versions: Debian 12, sox and libsox3 14.4.2+git20190427-3.5.
#
# GSM 06.10 in a WAV file comes in blocks of 320 samples, so that the fact chunk must say how many
# samples were meant. sox writes that chunk, and the count in it is right. One would expect that sox
# reads the file it has just written as long as it was. In fact it reads whole blocks only:
# 1340 samples come back as 1600, which is 32 ms more at 8 kHz, and `soxi -s` says 1600, too.
#
# Seen:
#   written: 1340 samples; fact chunk: 1340; soxi: 1600; read back: 1600
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=14.4.2+git20190427-3.5

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    sox=$version libsox3=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libsox.so.3)
sox() { LD_LIBRARY_PATH=$libraries root/usr/bin/sox "$@"; }

python3 -c '
import array, math, sys
tone = [round(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(1340)]
sys.stdout.buffer.write(array.array("h", tone).tobytes())' >tone.raw
sox -t raw -r 8000 -e signed -b 16 -c 1 tone.raw -e gsm-full-rate tone.wav
fact=$(python3 -c '
import struct
octets = open("tone.wav", "rb").read()
at = octets.index(b"fact")
print(struct.unpack_from("<I", octets, at + 8)[0])')
told=$(sox --i -s tone.wav)
sox tone.wav -t raw -e signed -b 16 back.raw
back=$(($(stat -c %s back.raw) / 2))

found="written: 1340 samples; fact chunk: $fact; soxi: $told; read back: $back"
echo "$found"
[ "$found" = "written: 1340 samples; fact chunk: 1340; soxi: 1600; read back: 1600" ] ||
    { echo "it behaves otherwise now"; exit 1; }
