"""Everything that strangers have been seen to do to a mail service, all at once, for so long.

    python -m tests.soak.strangers POP3 SMTP SECONDS

They come from 127.0.0.2 to 127.0.0.9; 127.0.0.1 is the LAN's. A process of its own, so that its
work is not that of the clients who are measured.
"""

import itertools
import smtplib
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

BROKEN = (OSError, smtplib.SMTPException)
PAUSE_S = 0.05

HOSTILE = {
    "a subject of beginnings": b"Subject: " + b"=?utf-8?Q?a " * 11_000 + b"\r\n\r\ntext\r\n",
    "a list of parameters": b"Subject: p\r\nMessage-Context: voice-message\r\n"
    b"Content-Type: multipart/mixed; boundary=b"
    + b"".join(b';\r\n p%d="x"' % n for n in range(60_000))
    + b"\r\n\r\n--b\r\n",
    "parts within parts": b"Subject: n\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    + b"--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" * 10_000,
    "fields without end": b"X: y\r\n" * 200_000 + b"\r\n",
}


def connect(port: int, host: int) -> socket.socket:
    """A connection from 127.0.0.`host`."""
    return socket.create_connection(("127.0.0.1", port), 10, (f"127.0.0.{host}", 0))


def pipeline(_: int, smtp: int, end: float) -> None:
    """Commands without end, whose answers nobody reads."""
    block = b"EHLO x\r\n" + b"HELP\r\nNOOP\r\n" * 4000
    clients: list[socket.socket] = []
    while time.monotonic() < end:
        with suppress(*BROKEN):
            if len(clients) < 20:
                clients.append(connect(smtp, 2))
                clients[-1].setblocking(False)
        for client in list(clients):
            try:
                client.send(block)
            except BlockingIOError:
                continue
            except OSError:
                clients.remove(client)
        time.sleep(PAUSE_S)


def hold(pop3: int, smtp: int, end: float) -> None:
    """As many connections as there are, an octet now and then."""
    clients: list[socket.socket] = []
    for number in itertools.count():
        if time.monotonic() >= end:
            return
        with suppress(*BROKEN):
            clients.append(connect(pop3 if number % 2 else smtp, 3 + number % 4))
        for client in clients[-200:]:
            with suppress(*BROKEN):
                client.setblocking(False)
                client.send(b"U")
        del clients[:-400]
        time.sleep(PAUSE_S)


def guess(pop3: int, _: int, end: float) -> None:
    """Wrong passwords, hanging up instead of waiting."""
    while time.monotonic() < end:
        with suppress(*BROKEN), connect(pop3, 7) as client:
            client.recv(200)
            client.sendall(b"USER anna\r\nPASS wrong\r\n")
        time.sleep(PAUSE_S)


def write(_: int, smtp: int, end: float) -> None:
    """Mail that costs its readers what it can, to people who are called."""
    mails = itertools.cycle(HOSTILE.values())
    while time.monotonic() < end:
        with (
            suppress(*BROKEN),
            smtplib.SMTP("127.0.0.1", smtp, "x.test", 10, ("127.0.0.8", 0)) as client,
        ):
            client.sendmail("x@y.test", ["anna@box.test"], next(mails))
        time.sleep(PAUSE_S)


def relay(_: int, smtp: int, end: float) -> None:
    """Hundreds of mails for a destination that is down, from a client that may send them."""
    recipients = [f"p{number}@down.test" for number in range(200)]
    with suppress(*BROKEN), smtplib.SMTP("127.0.0.1", smtp, "x.test", 10) as client:
        while time.monotonic() < end:
            client.sendmail("anna@box.test", recipients, b"Subject: x\r\n\r\nx\r\n")
            time.sleep(1)


ATTACKS: tuple[Callable[[int, int, float], None], ...] = (pipeline, hold, guess, write, relay)


def main() -> None:
    """All attacks, each in a thread."""
    pop3, smtp, seconds = map(int, sys.argv[1:])
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=attack, args=(pop3, smtp, end), daemon=True) for attack in ATTACKS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + 30)


if __name__ == "__main__":
    main()
