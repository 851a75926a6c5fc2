"""The process of one fax call: `python -m app.phone.fax.engine FD`, started by process.py.

FD is one end of a pair of sockets of packets. In: a packet with the order, as JSON, then one of 160
octets (S16LE) for each period heard. Out: SOUND and 160 octets for each, and, when the call is
over, END and how, as JSON. When the other end is closed the line is gone.
"""

import json
import logging
import socket
import sys

import numpy as np

from app.core import logs
from app.core.records import from_json, parse_json, to_json
from app.phone.fax.link import FaxOrder
from app.phone.fax.process import END, PACKET, SOUND
from app.phone.fax.session import FaxSession

log = logging.getLogger(__name__)


def run(connection: socket.socket) -> None:
    """Work until the call is over at either end."""
    order = from_json(FaxOrder, parse_json(connection.recv(PACKET)), "order")
    session = FaxSession(order)
    try:
        while session.end is None:
            packet = connection.recv(PACKET)
            if not packet:
                break
            heard = np.frombuffer(packet, "<i2").astype(np.int16)
            connection.send(SOUND + session.period(heard).astype("<i2").tobytes())
        if session.end is not None:
            connection.send(END + json.dumps(to_json(session.end)).encode())
    except (BrokenPipeError, ConnectionResetError):
        log.info("the line of a fax is gone")
    finally:
        session.close()


def main() -> None:
    """The process: standard error is the log."""
    logs.begin("fax")
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        run(connection)


if __name__ == "__main__":
    main()
