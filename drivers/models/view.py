"""What can be seen of the virtual board and its surroundings, as plain values."""

from dataclasses import dataclass

from drivers.models.box import VirtualBox
from drivers.models.exchange import OfficeLine
from drivers.models.telephone import Telephone


@dataclass(frozen=True, slots=True)
class HandsetView:
    """A handset on its table."""

    off_hook: bool
    ringing: bool
    powered: bool
    """The line feeds it: the telephone service has set up its chip."""
    lamp: bool
    """Its message lamp is lit."""
    number: str
    """On its display: the number of the last caller."""
    name: str
    """The same, the caller's name."""


@dataclass(frozen=True, slots=True)
class LineView:
    """An outside line, as the person at its far end knows it."""

    state: str
    """Of the office: a name of OfficeState in small letters."""
    dialled: str
    """Digits that our side has dialled."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """All of it; two views are equal when nothing has changed that could be seen."""

    country: str
    handsets: dict[str, HandsetView]
    """By label of the jack."""
    lines: dict[str, LineView]
    leds: dict[str, bool]
    """Of the front panel, by name: whether each shines. One that blinks changes."""
    buttons: tuple[str, ...]
    """Of the front panel, by name."""


def view(box: VirtualBox) -> BoardView:
    """The board as it is now."""
    handsets = {name: _handset(phone) for name, phone in box.telephones.items()}
    lines = {name: _line(line) for name, line in box.office_lines.items()}
    panel = box.panel
    if panel is None:
        return BoardView(box.country.code, handsets, lines, {}, ())
    return BoardView(box.country.code, handsets, lines, panel.lit(), panel.buttons)


def _handset(phone: Telephone) -> HandsetView:
    caller = phone.caller_id
    number = "" if caller is None else caller.number or WITHHELD.get(caller.no_number, "")
    name = "" if caller is None else caller.name
    return HandsetView(phone.off_hook, phone.ringing, phone.powered, phone.lit, number, name)


def _line(line: OfficeLine) -> LineView:
    return LineView(line.state.name.lower(), line.dialled)


WITHHELD = {"P": "private", "O": "unavailable"}
"""What a display shows for a number that is missing [GR-30]."""
