"""What stands for a mail that is too large to be kept here: its header, and a text that says so."""

from app.core.sentences import N_
from app.core.units import MB
from app.message.headers import fields
from app.message.words import say, wrapped

_KEPT = frozenset({"from", "to", "cc", "reply-to", "date", "subject", "message-id", "in-reply-to"})
_LARGE = N_(
    "This message has %(size)s MB. The box keeps no copy of mail of this size: read it in your mail"
    " program."
)


def stand_in(head: bytes, size: int, language: str) -> bytes:
    """A message [RFC 5322] for the mail with this header and a size in octets.

    `language` (ISO 639-1) is that of whoever gets it.
    """
    kept = [field.octets.rstrip(b"\r\n") for field in fields(head) if field.name in _KEPT]
    text = wrapped(say(language, _LARGE, size=f"{size / MB:.1f}"))
    lines = (
        *(one.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for one in kept),
        b"MIME-Version: 1.0",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        *(line.encode() for line in text),
        b"",
    )
    return b"\r\n".join(lines)
