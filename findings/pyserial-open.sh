#!/bin/bash
# Versions: Python 3.11, pyserial 3.5 (pip), Linux 6.
#
# A device greets on its serial line ("login: ", a boot message, a prompt), and a program opens the
# line a moment later to read it. What has arrived waits in the kernel: open(2), then read(2), give
# it. One would expect serial.Serial(path) to do the same, and reset_input_buffer() to be there for
# whoever wants the past thrown away. In fact opening a port throws it away, always, and no argument
# of the constructor says otherwise. So a program that waits for a greeting waits for ever; it has
# to send something first.
#
# Seen:
#   open(2) and read(2): hello
#   serial.Serial: nothing
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyserial==3.5 2>pip.log ||
    { cat pip.log; exit 1; }

cat >greeted.py <<'PYTHON'
import os
import pty
import tty

import serial


def greeted(read):
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.write(ours, b"hello")
    return read(os.ttyname(theirs)).decode() or "nothing"


def by_the_system(path):
    return os.read(os.open(path, os.O_RDWR | os.O_NOCTTY), 100)


def by_pyserial(path):
    return serial.Serial(path, timeout=0.5).read(5)


print(f"open(2) and read(2): {greeted(by_the_system)}")
print(f"serial.Serial: {greeted(by_pyserial)}")
PYTHON
venv/bin/python greeted.py >found
cat found
[ "$(cat found)" = "open(2) and read(2): hello
serial.Serial: nothing" ] || { echo "it behaves otherwise now"; exit 1; }
