"""Mail that our own people send leaves with their public address, also to a neighbour's inbox.

A client of the LAN may know a person only as anna@our.local.domain. Whoever answers such a mail,
from wherever, must reach her: so in From and Sender [RFC 5322 §3.6.2] her local spellings become
her public address before the mail is kept. No other octet is touched, and nothing of mail that
comes from outside, whose signatures must stay good.
"""

import re
from collections.abc import Callable

from app.mail.smtp.trace import HEAD_LIMIT

_FIELD = re.compile(
    rb"^(?:From|Sender)[ \t]*:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE
)
_ADDRESS = re.compile(rb"[A-Za-z0-9._+-]+@(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)")


class PublicSenders:
    """Passes a message on, block by block; holds it back only until its head is complete.

    `public` gives the public address for a local one, or None to leave it as it is.
    """

    def __init__(self, public: Callable[[str], str | None]) -> None:
        self._public = public
        self._held: bytes | None = b""
        self.grown = 0
        """Octets by which the message has become longer (or shorter, if negative)."""

    def feed(self, block: bytes) -> bytes:
        """Take the next octets; gives those that may go on."""
        if self._held is None:
            return block
        self._held += block
        if b"\r\n\r\n" in self._held or self._held.startswith(b"\r\n"):
            return self._release()
        return self._release() if len(self._held) >= HEAD_LIMIT else b""

    def end(self) -> bytes:
        """The message is over: what was still held back."""
        return b"" if self._held is None else self._release()

    def _release(self) -> bytes:
        held, self._held = self._held or b"", None
        head, empty_line, rest = held.partition(b"\r\n\r\n")
        if held.startswith(b"\r\n") or len(head) >= HEAD_LIMIT:
            return held
        changed = _FIELD.sub(lambda field: _ADDRESS.sub(self._spelt, field[0]), head)
        self.grown = len(changed) - len(head)
        return changed + empty_line + rest

    def _spelt(self, address: re.Match[bytes]) -> bytes:
        public = self._public(address[0].decode("ascii"))
        return address[0] if public is None else public.encode()
