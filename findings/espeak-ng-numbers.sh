#!/bin/bash
# Versions: Debian 12, espeak-ng, libespeak-ng1 and espeak-ng-data 1.51+dfsg-10+deb12u2.
#
# The Hebrew voice is listed by `espeak-ng --voices` and speaks words. One would expect that
# a text with a number in it is either said whole, or refused. In fact the number is left out
# without a word: "shalom 345" gives the very same sound as "shalom", a number alone gives a
# third of a second of digital silence, and the exit code is 0 with nothing on standard error.
# English says the number, as one would expect.
#
# Seen:
#   he "345": exit 0, 6637 samples, 0 of them not silent, 0 octets of error text
#   he "שלום" and "שלום 345": the same samples
#   en "345": more than 5000 samples not silent
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.51+dfsg-10+deb12u2

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    espeak-ng=$version libespeak-ng1=$version espeak-ng-data=$version >apt.log 2>&1 ||
    { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libespeak-ng.so.1)
say() { # VOICE TEXT FILE
    LD_LIBRARY_PATH=$libraries ESPEAK_DATA_PATH=$libraries/espeak-ng-data \
        root/usr/bin/espeak-ng -v "$1" -w "$3" "$2" 2>>errors
}
measure() { # FILE: all samples, and those that are not zero
    python3 -c '
import array, sys, wave
with wave.open(sys.argv[1]) as file:
    samples = array.array("h", file.readframes(file.getnframes()))
print(len(samples), sum(value != 0 for value in samples))' "$1"
}
changed() { echo "it behaves otherwise now: $*"; exit 1; }

say he 345 number.wav || changed "an exit code tells of it"
read -r samples loud <<<"$(measure number.wav)"
echo "he \"345\": exit 0, $samples samples, $loud of them not silent, $(stat -c %s errors) octets of error text"
if [ "$loud" != 0 ] || [ -s errors ]; then changed "the number is said, or its absence told"; fi

say he שלום word.wav
say he "שלום 345" both.wav
read -r samples loud <<<"$(measure word.wav)"
[ "$loud" -gt 5000 ] || changed "the word alone is not said"
cmp -s word.wav both.wav || changed "the number after a word changes the sound"
echo "he \"שלום\" and \"שלום 345\": the same samples"

say en 345 english.wav
read -r samples loud <<<"$(measure english.wav)"
[ "$loud" -gt 5000 ] || changed "English does not say it either"
echo "en \"345\": more than 5000 samples not silent"
