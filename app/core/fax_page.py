"""A page of a fax, as it travels and is kept: T.6 octets and their shape."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FaxPage:
    """One page."""

    width: int
    """Pixels in a row."""
    length: int
    """Rows."""
    x_dpi: float
    y_dpi: float
    octets: bytes
    """T.6, most significant bit first, with its end mark (EOFB)."""
