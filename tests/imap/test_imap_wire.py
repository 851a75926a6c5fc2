"""What comes in plain text after the leave for TLS is not taken for the server's [RFC 3501 §6.2.1].

Whoever stands in between can put it into a packet of its own, where no session sees it come.
"""

import asyncio
from typing import Any

import pytest

from app.imap.net.api import ProtocolError, Server
from app.imap.net.session import LoggedIn
from app.imap.net.wire import Wire


class Door:
    """A socket whose TLS is established at once; `said` is what went out."""

    def __init__(self, reader: asyncio.StreamReader, answers: list[bytes], between: bytes) -> None:
        self._reader, self._answers, self._between = reader, answers, between
        self.said = b""
        self.transport = self

    def write(self, octets: bytes) -> None:
        self.said += octets
        self._reader.feed_data(self._answers.pop(0))

    async def drain(self) -> None:
        return

    async def start_tls(self, context: Any, server_hostname: str) -> None:
        if self._between:
            self._reader.feed_data(self._between)

    def get_extra_info(self, name: str) -> None:
        return None

    def abort(self) -> None:
        return


async def logged_in(between: bytes) -> bytes:
    """Log in, where this comes before TLS; what we have said."""
    reader = asyncio.StreamReader()
    reader.feed_data(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n")
    capable = b"A2 OK\r\n" if between else b"* CAPABILITY AUTH=PLAIN SASL-IR\r\nA2 OK\r\n"
    door = Door(reader, [b"A1 OK begin\r\n", capable, b"A3 OK [CAPABILITY X] in\r\n"], between)
    wire = Wire(Server("imap.test", 143, "starttls", "anna", "x"), reader, door)  # type: ignore[arg-type]
    assert isinstance(await wire.next_event(1.0), LoggedIn)
    return door.said


def test_login_goes_on_where_nothing_comes_before_tls() -> None:
    assert b"AUTHENTICATE" in asyncio.run(logged_in(b""))


@pytest.mark.parametrize("between", [b"* CAPABILITY AUTH=PLAIN SASL-IR\r\n", b"*"])
def test_plain_text_before_tls_ends_the_session(between: bytes) -> None:
    with pytest.raises(ProtocolError, match="before TLS"):
        asyncio.run(logged_in(between))
