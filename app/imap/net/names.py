"""Names of mailboxes: as people read them, and in modified UTF-7 [RFC 3501 §5.1.3].

A server with UTF8=ACCEPT that was told so takes and gives them in UTF-8 [RFC 6855 §3].
"""

import base64
import binascii
import re

_SHIFTED = re.compile(rb"&([^-&]*)-")
_PRINTED = re.compile(r"[\x20-\x7e]+|[^\x20-\x7e]+")


def encode(name: str) -> bytes:
    """A name in modified UTF-7. Raises ValueError for NUL, CR, LF and half a surrogate pair."""
    _check(name)
    out = bytearray()
    for run in _PRINTED.findall(name):
        if run.isascii() and run.isprintable():
            out += run.replace("&", "&-").encode("ascii")
        else:
            coded = base64.b64encode(run.encode("utf-16-be")).rstrip(b"=")
            out += b"&" + coded.replace(b"/", b",") + b"-"
    return bytes(out)


def encode_utf8(name: str) -> bytes:
    """A name in UTF-8. Raises ValueError as `encode` does."""
    _check(name)
    return name.encode()


def decode(octets: bytes) -> str:
    """The name that modified UTF-7 stands for; what is none is taken as UTF-8, or octet for octet.

    Such names exist: servers have let programs make them. One that does not come back from `encode`
    as it was cannot be named by us.
    """
    try:
        return _SHIFTED.sub(_unshifted, octets).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return octets.decode("latin-1")


def _unshifted(found: re.Match[bytes]) -> bytes:
    coded = found[1].replace(b",", b"/")
    if not coded:
        return b"&"
    octets = base64.b64decode(coded + b"=" * (-len(coded) % 4), validate=True)
    return octets.decode("utf-16-be").encode()


def _check(name: str) -> None:
    if not name or any(sign in name for sign in "\0\r\n"):
        raise ValueError(f"no name of a mailbox: {name!r}")
