"""Who calls, as a plain value; the clerk, which has no sound library, reads it too."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["out of area", "private"]
"""Why a number is not shown [Telcordia GR-31, absence of calling number: O and P]."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the line has said; `reason` is set when the number is withheld."""

    number: str | None = None
    name: str | None = None
    reason: Reason | None = None
