#!/bin/bash
# Versions: Debian 12, asterisk-core-sounds-ru-wav and asterisk-core-sounds-en-wav 1.6.1-1.
#
# A sound pack holds one WAV file a prompt, and a program that finds the file of a prompt will
# take the prompt for recorded. In the Russian pack one would expect a recording in is.wav, as in
# the English one. In fact it is a valid WAV file without a single sample: a program that falls
# back on something else only where the file is missing says nothing at all there. It is the only
# one of the 576 files of the pack.
#
# Seen:
#   en is.wav: more than 1000 samples
#   ru: 576 files, without samples: is.wav
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.6.1-1

mkdir -p debs/partial
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    asterisk-core-sounds-ru-wav=$version asterisk-core-sounds-en-wav=$version >apt.log 2>&1 ||
    { cat apt.log; exit 1; }
for language in ru en; do
    mkdir $language
    dpkg -x debs/asterisk-core-sounds-$language-wav_*.deb $language
done
changed() { echo "it is otherwise now: $*"; exit 1; }

python3 - <<'PYTHON' >found
import pathlib
import wave


def samples(path):
    with wave.open(str(path)) as file:
        return file.getnframes()


(english,) = pathlib.Path("en").rglob("en_US_f_Allison/is.wav")
print("en is.wav: more than 1000 samples" if samples(english) > 1000 else "en is.wav: short")
files = sorted(path for path in pathlib.Path("ru").rglob("*.wav") if not path.is_symlink())
empty = [path.name for path in files if not samples(path)]
print(f"ru: {len(files)} files, without samples: {' '.join(empty)}")
PYTHON
cat found
[ "$(cat found)" = "en is.wav: more than 1000 samples
ru: 576 files, without samples: is.wav" ] || changed "see above"
