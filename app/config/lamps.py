"""How handsets show that messages wait: section lamps of app/config/settings.py."""

from pydantic import Field

from app.config.defaults import ALL_HANDSETS
from app.config.section import Section


class Lamps(Section):
    """How handsets show that messages wait; each kind for the jacks that it names, or for all."""

    stutter: tuple[str, ...] = Field(
        (ALL_HANDSETS,),
        description="Handsets whose dial tone stutters, by their jacks; all: every handset.",
    )
    fsk: tuple[str, ...] = Field(
        (ALL_HANDSETS,),
        description="Handsets that are sent data (VMWI), by which telephones with a display light"
        " their lamp; all: every handset.",
    )
    sdmf: tuple[str, ...] = Field(
        (),
        description="Handsets that understand data of the oldest form only (SDMF: waiting messages,"
        " and a caller's number without a name), as displays of the early 1990s; all: every"
        " handset.",
    )
    number_display: tuple[str, ...] = Field(
        (),
        description="Japan: handsets with a number display, which are rung in short bursts for the"
        " caller's number before they ring; others need none of it; all: every handset.",
    )
    polarity: tuple[str, ...] = Field(
        (),
        description="Handsets on whose line the polarity is turned while messages wait; all: every"
        " handset.",
    )
    neon: tuple[str, ...] = Field(
        (),
        description="Handsets with a neon lamp, which needs some 90 V on the resting line and"
        " flashes four times a second; all: every handset.",
    )
