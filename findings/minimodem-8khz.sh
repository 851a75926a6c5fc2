#!/bin/bash
# Versions: Debian 12, minimodem 0.24-1+b1.
#
# minimodem makes FSK of any baud rate at any sample rate (--samplerate). One would expect that
# `--tx 1200 --samplerate 8000` makes 1200 bits a second, as a telephone's modem does. In fact a bit is
# a whole number of samples, 7 here: 1143 bits a second, 4.8 % slow, where caller ID in Bell 202 allows 1 %.
# Nothing says so, and minimodem reads its own file back without a fault, so that a test with it on
# both ends sees nothing. At its default of 48 kHz a bit is 40 samples, and all is well; at 11025 Hz
# the file is too fast.
#
# Seen:
#   8000 Hz: 7.000 samples a bit, 1142.9 bits a second; reads its own text back: yes
#   11025 Hz: 9.000 samples a bit, 1225.0 bits a second; reads its own text back: yes
#   48000 Hz: 40.000 samples a bit, 1200.0 bits a second; reads its own text back: yes
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
minimodem() { LD_LIBRARY_PATH=$libraries root/usr/bin/minimodem "$@"; }

text() { python3 -c 'print("x" * int(__import__("sys").argv[1]))' "$1"; }
text 100 >short.txt
text 300 >long.txt
for rate in 8000 11025 48000; do
    for length in short long; do
        minimodem --tx 1200 --samplerate $rate --file $length.wav <$length.txt
    done
    minimodem --rx 1200 --quiet --file long.wav >back.txt 2>rx.log
    same=no
    if cmp -s long.txt back.txt; then same=yes; fi
    # What 200 more octets add, of 10 bits each: leader and trailer do not count.
    python3 - $rate $same <<'PYTHON'
import sys
import wave


def samples(name):
    with wave.open(name) as file:
        return file.getnframes()


bit = (samples("long.wav") - samples("short.wav")) / 2000
print(f"{sys.argv[1]} Hz: {bit:.3f} samples a bit, {int(sys.argv[1]) / bit:.1f} bits a second;",
      f"reads its own text back: {sys.argv[2]}")
PYTHON
done >found
cat found
[ "$(cat found)" = "8000 Hz: 7.000 samples a bit, 1142.9 bits a second; reads its own text back: yes
11025 Hz: 9.000 samples a bit, 1225.0 bits a second; reads its own text back: yes
48000 Hz: 40.000 samples a bit, 1200.0 bits a second; reads its own text back: yes" ] ||
    { echo "it behaves otherwise now"; exit 1; }
