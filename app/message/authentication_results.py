"""The field in which a box says what it has found of a mail's sender [RFC 8601].

Only what this box says counts here, and the box says it of SPF alone, in the field that it puts
before a mail as that comes in. A field in the box's name that a mail brings along is forged, and is
taken out [RFC 8601 §5].
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from app.message.headers import Field, rewrite

NAME = "authentication-results"
_SPF = re.compile(r"spf=[a-z]+(?: smtp\.(?:mailfrom|helo)=[A-Za-z0-9._-]+)?")


def made(hostname: str, found: str) -> bytes:
    """The field, with its line end; `found` such as `spf=pass smtp.mailfrom=far.test`."""
    return f"Authentication-Results: {hostname};\r\n\t{found}\r\n".encode("ascii", "replace")


def without_forged(head: bytes, hostname: str) -> bytes:
    """The header of a mail that comes in, without fields of this name that are in ours."""
    if NAME.encode() not in head.lower():
        return head
    return rewrite(head, (NAME,), lambda field: b"" if _is_in_name(field, hostname) else field)


def own_spf(found: Iterable[Field], hostname: str) -> str:
    """What we have said of SPF, as `made` was told it; "" if nothing."""
    own = next((one for one in found if one.name == NAME), None)
    if own is None or not _is_in_name(own.octets, hostname):
        return ""
    said = own.value.partition(b";")[2].decode("ascii", "replace").strip()
    return said if _SPF.fullmatch(said) else ""


def _is_in_name(field: bytes, hostname: str) -> bool:
    """Whether somebody could take the field for one of `hostname`.

    The name may stand behind comments and be quoted [RFC 8601 §2.2], so anywhere but as a value.
    """
    return (
        _naming(hostname.encode("ascii", "replace")).search(field.replace(b"\\", b"")) is not None
    )


@lru_cache(maxsize=4)
def _naming(hostname: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![\w.@=-])%b(?![\w.@-])" % re.escape(hostname), re.IGNORECASE)
