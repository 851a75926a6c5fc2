#!/bin/bash
# Versions: Python 3.11, pyserial 3.5 (pip).
#
# With write_timeout=0 a serial port is said to be non-blocking: write() is to return how many octets
# were taken. So it does, until the line takes none (flow control, a USB adapter that hangs). Then
# os.write() gives EAGAIN, which is ignored, and without a time-out nothing ends the loop around it:
# write() does not return 0 but never returns, and takes a whole core.
#
# Seen:
#   writes that returned: 4, the last one 1536 of 4096 octets (or another part)
#   the next one: has not returned after 2 s, and runs all the time: yes
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyserial==3.5 2>pip.log ||
    { cat pip.log; exit 1; }

cat >write.py <<'PYTHON'
import os
import pty
import threading
import time
import tty

import serial

master, slave = pty.openpty()  # nobody reads from the master: the line is full soon
tty.setraw(slave)
port = serial.Serial(os.ttyname(slave), 115200, timeout=0, write_timeout=0)
returned = []


def fill():
    for _ in range(100):
        returned.append(port.write(b"x" * 4096))


thread = threading.Thread(target=fill, daemon=True)
thread.start()
time.sleep(1)  # the line has long been full
count, before = len(returned), time.process_time()
time.sleep(2)
busy = time.process_time() - before
print(f"writes that returned: {count}, the last one {returned[-1]} of 4096 octets")
same = len(returned) == count and thread.is_alive()
print(f"the next one: {'has not' if same else 'has'} returned after 2 s, and runs all the time:",
      "yes" if busy > 0.2 else "no")  # others want the processor, too
os._exit(0 if same else 1)
PYTHON
venv/bin/python write.py
