"""Who calls, and why voicemail answers, as plain values; the clerk, which has no sound library,
reads them too."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Reason = Literal["out of area", "private"]
"""Why a number is not shown [Telcordia GR-31, absence of calling number: O and P]."""


class WhyVoicemail(StrEnum):
    """Why a caller talks to voicemail and not to the person: which greeting they hear."""

    NO_ANSWER = "no answer"
    BUSY = "busy"
    NOT_RUNG = "not rung"
    """The person does not want to be rung (presence, do not disturb), or has no telephone."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as far as the line has said; `reason` is set when the number is withheld."""

    number: str | None = None
    name: str | None = None
    reason: Reason | None = None
