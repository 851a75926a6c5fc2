#!/bin/bash
# Versions: Debian 12, curl and libcurl4 7.88.1-10+deb12u15; the POP3 server is this script's own.
#
# A message of no octets at all comes over POP3 as "+OK" and then a line with a dot (RFC 1939, section
# 3). One would expect that curl writes a file of 0 octets for it, as many as LIST has told. In fact it
# writes an empty line, 2 octets, which is just what it writes for a message of one empty line.
# Longer messages come out octet by octet. Who compares what curl has fetched with the size from
# LIST finds two octets too many in an empty message.
#
# Seen:
#   message of 0 octets: curl writes 2
#   message of 2 octets: curl writes 2
#   message of 19 octets: curl writes 19
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=7.88.1-10+deb12u15

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    curl=$version libcurl4=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=$(dirname root/usr/lib/*/libcurl.so.4)

cat >fetch.py <<'PYTHON'
import socket
import subprocess
import sys
import threading

MESSAGES = (b"", b"\r\n", b"Subject: x\r\n\r\nhi.\r\n")
listener = socket.create_server(("127.0.0.1", 0))
url = f"pop3://127.0.0.1:{listener.getsockname()[1]}"


def serve(connection):
    connection.sendall(b"+OK ready\r\n")
    for line in connection.makefile("rb"):
        command, *number = line.split()
        if command == b"CAPA":
            connection.sendall(b"+OK\r\nUSER\r\n.\r\n")
        elif command == b"RETR":
            message = MESSAGES[int(number[0]) - 1]
            connection.sendall(b"+OK %d octets\r\n" % len(message) + message + b".\r\n")
        else:
            connection.sendall(b"+OK\r\n")
        if command == b"QUIT":
            break
    connection.close()


def serve_each():
    for _ in MESSAGES:
        serve(listener.accept()[0])


threading.Thread(target=serve_each, daemon=True).start()
right = []
for number, message in enumerate(MESSAGES, 1):
    ask = [sys.argv[1], "--silent", "--show-error", "--user", "anna:word", f"{url}/{number}"]
    written = subprocess.run(ask, check=True, timeout=60, stdout=subprocess.PIPE).stdout
    print(f"message of {len(message)} octets: curl writes {len(written)}")
    right.append(written == (message or b"\r\n"))
sys.exit(not all(right))
PYTHON
LD_LIBRARY_PATH=$libraries python3 fetch.py root/usr/bin/curl ||
    { echo "it behaves otherwise now"; exit 1; }
