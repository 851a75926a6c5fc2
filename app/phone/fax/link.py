"""A fax call as the line's beat sees it, wherever its terminal runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.phone.fax.folder import FaxEnd, FaxFacts
from drivers.buses import Samples


@dataclass(frozen=True, slots=True)
class FaxOrder:
    """What a fax call is to do: to receive into a folder, or to send a file."""

    ident: str
    """What the far end shows of this station: digits, "+" and spaces, 20 at most."""
    folder: str = ""
    """To receive: the folder that is made for the pages."""
    facts: FaxFacts | None = None
    """To receive: who calls, and for whom."""
    send: str = ""
    """To send: a TIFF file of T.6 pages."""
    header: str = ""
    """To send: what stands above each page, beside date and number."""


class FaxLink(Protocol):
    """A fax call under way, as the line's beat sees it."""

    @property
    def end(self) -> FaxEnd | None:
        """How it ended; None while it goes on."""
        ...

    def period(self, heard: Samples) -> Samples:
        """10 ms of line time pass: what was heard, (80,); gives what is to be sent."""
        ...

    def close(self) -> None:
        """The line is gone, or the call is over; harmless when it was said before."""
        ...


FaxLinks = Callable[[FaxOrder], FaxLink]
"""Begins a fax call."""
