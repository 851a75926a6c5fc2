#!/bin/bash
# Versions: Python 3.11 (smtplib), aiosmtpd 1.4.6 from PyPI.
#
# LMTP differs from SMTP in one thing above all: after the message the server answers once for each
# recipient it has taken (RFC 2033, section 4.2). smtplib has a class LMTP and aiosmtpd another, and
# one would expect that they do that. In fact smtplib reads one answer and tells of a message whose
# second recipient was refused that it was delivered; the refusal stays in the connection and is
# taken for the answer to the next message, whose sender is then "refused". aiosmtpd in its turn
# gives one answer for two recipients, for which a client as the RFC has it waits in vain. The two
# understand each other, so that a test of one against the other finds nothing.
#
# Seen:
#   smtplib, two recipients, the second refused (552): refused nobody
#   smtplib, the next message: refused, 552 mailbox full
#   aiosmtpd, two recipients: 1 answer to the message
#   smtplib to aiosmtpd, two messages for two recipients: refused nobody, refused nobody
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check aiosmtpd==1.4.6 2>pip.log || { cat pip.log; exit 1; }

cat >talk.py <<'PYTHON'
import smtplib
import socket
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.lmtp import LMTP

MAIL, TWO = b"Subject: x\r\n\r\nhello\r\n", ["anna@here", "full@here"]


def serve(listener):
    """An LMTP server that answers for each recipient, as RFC 2033 has it."""
    connection, _ = listener.accept()
    connection.sendall(b"220 ready\r\n")
    lines, taken = connection.makefile("rb"), []
    for line in lines:
        if line[:4].upper() == b"RCPT":
            taken.append(line)
        if line.upper() == b"DATA\r\n":
            connection.sendall(b"354 go on\r\n")
            while next(lines) != b".\r\n":
                pass
            for one in taken:
                connection.sendall(b"552 mailbox full\r\n" if b"full@" in one else b"250 ok\r\n")
            taken.clear()
        else:
            connection.sendall(b"250 ok\r\n")


def send(client):
    try:
        refused = client.sendmail("me@there", TWO, MAIL)
    except smtplib.SMTPSenderRefused as error:
        return f"refused, {error.smtp_code} {error.smtp_error.decode()}"
    return f"refused {', '.join(refused) or 'nobody'}"


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
client = smtplib.LMTP("127.0.0.1", listener.getsockname()[1])
print("smtplib, two recipients, the second refused (552):", send(client))
print("smtplib, the next message:", send(client))


class Server(Controller):
    def factory(self):
        return LMTP(self.handler)


with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
Server(Sink(), hostname="127.0.0.1", port=port).start()  # its thread ends with the program
with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
    replies = plain.makefile("rb")
    commands = (b"LHLO there", b"MAIL FROM:<me@there>", *(b"RCPT TO:<%s>" % to.encode() for to in TWO))
    for command in (b"", *commands, b"DATA"):
        plain.sendall(command + b"\r\n" if command else b"")
        while next(replies)[3:4] == b"-":
            pass
    plain.sendall(MAIL + b".\r\nQUIT\r\n")
    answers = [line[:3] for line in replies]
assert answers[-1] == b"221" and set(answers[:-1]) == {b"250"}
print(f"aiosmtpd, two recipients: {len(answers) - 1} answer to the message")
other = smtplib.LMTP("127.0.0.1", port)
print(f"smtplib to aiosmtpd, two messages for two recipients: {send(other)}, {send(other)}")
PYTHON
found=$(venv/bin/python talk.py)
echo "$found"
[ "$found" = "smtplib, two recipients, the second refused (552): refused nobody
smtplib, the next message: refused, 552 mailbox full
aiosmtpd, two recipients: 1 answer to the message
smtplib to aiosmtpd, two messages for two recipients: refused nobody, refused nobody" ] ||
    { echo "it behaves otherwise now"; exit 1; }
