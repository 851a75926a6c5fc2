"""The settings of what handsets do during calls: section calls of app/config/settings.py."""

from typing import Literal

from pydantic import Field, field_validator

from app.config.section import Section
from app.core.sentences import sentence


class Calls(Section):
    """Hold, transfer, three-way calls, call waiting and parking."""

    flash: Literal["country", "join", "keys"] = Field(
        "country",
        description="What a flash (R key) does with two calls. join: a second party that was"
        " called is joined to the first, one that called is changed for it; keys: a key may follow,"
        " 1 end and go to the other, 2 change, 3 join, 4 connect them, 0 end or refuse the other,"
        " and a break of 100 ms is a flash, too; country: join in North America, keys elsewhere.",
    )
    hold_music: str = Field(
        "",
        description="Path of a sound file (WAV and others) that parties on hold hear, without end;"
        " empty: two soft beeps every 6 seconds.",
    )
    call_waiting: bool = Field(
        True, description="Whether a handset that talks is told of a second caller, by a tone."
    )
    without_call_waiting: tuple[str, ...] = Field(
        (), description="Handsets, by their jacks, that are not: such as a fax machine's."
    )
    distinctive_rings: bool = Field(
        False,
        description="Whether handsets ring in a beat of its own for a call from another handset,"
        " for one of a ring group, and for one that comes back from hold, parking or transfer;"
        " calls from outside ring as the country's network does.",
    )
    outside_to_outside: bool = Field(
        False,
        description="Whether two outside lines may be left to talk when the handset that joined"
        " them hangs up. Strangers could have the box pay for their calls.",
    )
    transfer_return_s: int = Field(
        20,
        ge=4,
        le=120,
        description="Seconds a transferred call rings before it comes back to the handset.",
    )
    park_return_s: int = Field(
        120,
        ge=10,
        le=1800,
        description="Seconds a call is parked before the handset that parked it rings.",
    )
    loop_break_ms: int = Field(
        0,
        ge=0,
        le=1500,
        description="Milliseconds without battery on a handset's line when the other end has hung"
        " up: answering machines, alarm diallers and door phones hang up by it; 0: none. 500 suits"
        " most, under 100 none.",
    )

    @field_validator("loop_break_ms")
    @classmethod
    def _seen(cls, ms: int) -> int:
        if 0 < ms < 100:
            raise ValueError(
                sentence("a break under 100 ms is seen by no machine; 500 suits most, 0 is none")
            )
        return ms
