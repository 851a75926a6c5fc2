#!/bin/bash
# Versions: Debian 12, multimon-ng 1.2.0+dfsg-1.
#
# multimon-ng reads DTMF. A telephone may be 1.8 % off in each tone (ITU-T Q.23), and one would expect
# of a reader with a narrower band that it hears a key once, or not at all. In fact there is a band
# between where a key that is held is reported again and again: with both tones 1.2 % too low, "5"
# pressed for a second is 27 digits. At 1.5 % nothing is heard. The samples are as multimon-ng wants
# them (22050 Hz), without noise, and half of full scale at most.
#
# Seen (one press of "5", 1000 ms):
#   0.0 % too low: digits 1, of them "5" 1
#   0.8 % too low: digits 1, of them "5" 1
#   1.2 % too low: digits 27, of them "5" 27
#   1.5 % too low: digits 0, of them "5" 0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.2.0+dfsg-1

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    multimon-ng=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
folder=$(uname -m)-linux-gnu
libraries=root/usr/lib/$folder:root/lib/$folder:root/usr/lib/$folder/pulseaudio

for low in 0.0 0.8 1.2 1.5; do
    python3 - $low <<'PYTHON' >key.raw
import array
import math
import sys

RATE, PEAK = 22050, 8000
factor = 2 * math.pi * (1 - float(sys.argv[1]) / 100) / RATE
silence = [0] * (RATE // 10)
tone = [
    round(PEAK * math.sin(770 * factor * n) + PEAK * math.sin(1336 * factor * n))
    for n in range(RATE)
]
sys.stdout.buffer.write(array.array("h", silence + tone + silence).tobytes())
PYTHON
    LD_LIBRARY_PATH=$libraries root/usr/bin/multimon-ng -q -t raw -a DTMF key.raw >heard.txt 2>log
    count=$(grep -c '^DTMF: ' heard.txt) || true
    fives=$(grep -c '^DTMF: 5$' heard.txt) || true
    [ "$count" = "$fives" ] || { echo "it behaves otherwise now: another digit"; exit 1; }
    echo "$low % too low: digits $count, of them \"5\" $fives"
    printf '%s ' "$count" >>counts
done
read -r exact near band far <counts || true
if [ "$exact $near $far" != "1 1 0" ] || [ "$band" -lt 10 ]; then
    echo "it behaves otherwise now"
    exit 1
fi
