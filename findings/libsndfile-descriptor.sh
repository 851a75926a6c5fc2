#!/bin/bash
# Versions: Debian 12, libsndfile1 1.2.0-1+deb12u1.
#
# The last argument of sf_open_fd() says whether the library shall close the descriptor it is given.
# With 0 one would expect that a program may try a file and go on using its descriptor. With a WAV
# file that is so. With a file that is no sound, sf_open_fd() gives NULL, as it should, and has
# closed the descriptor all the same: what the program reads next is an error, or another file that
# was opened meanwhile. Give it a dup() and 1.
#
# Seen:
#   tone.wav: opened, and afterwards the descriptor is open
#   text.txt: refused, and afterwards the descriptor is closed
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.2.0-1+deb12u1

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    libsndfile1=$version libflac12 libmp3lame0 libmpg123-0 libogg0 libopus0 libvorbis0a \
    libvorbisenc2 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libsndfile.so.1)

cat >try.py <<'PYTHON'
import ctypes
import os
import wave

with wave.open("tone.wav", "wb") as file:
    file.setparams((1, 2, 8000, 0, "NONE", ""))
    file.writeframes(bytes(16_000))
with open("text.txt", "w") as file:
    file.write("This is no sound.\n" * 100)

library = ctypes.CDLL("libsndfile.so.1")
library.sf_open_fd.restype = ctypes.c_void_p
library.sf_close.argtypes = (ctypes.c_void_p,)
for name in ("tone.wav", "text.txt"):
    descriptor = os.open(name, os.O_RDONLY)
    info = ctypes.create_string_buffer(64)  # SF_INFO, all zero
    handle = library.sf_open_fd(descriptor, 0x10, info, 0)
    if handle:
        library.sf_close(handle)
    try:
        os.fstat(descriptor)
        state = "open"
    except OSError:
        state = "closed"
    print(f"{name}: {'opened' if handle else 'refused'}, and afterwards the descriptor is {state}")
PYTHON
LD_LIBRARY_PATH=$libraries python3 try.py >found
cat found
[ "$(cat found)" = "tone.wav: opened, and afterwards the descriptor is open
text.txt: refused, and afterwards the descriptor is closed" ] || { echo "it behaves otherwise now"; exit 1; }
