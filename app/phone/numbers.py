"""The number plan as plain data: what is dialled for outside lines and for the box's own services.

Where it comes from (the settings) is unknown here; what the country's numbers mean is in
drivers/countries/numbering.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.countries.numbering import CallClass

SLOTS = "123456789"
"""Numbers under which parties are parked: one digit, which every pack says and all can dial."""

STAR_BY_PULSES = "11"
"""What a rotary dial, which has no *, dials in its place [North American custom]."""


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """What a handset may dial besides extensions and mailboxes."""

    access_digits: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"9": ()})
    """Access digits, with the outside lines that they lead to, in the order in which they are
    taken; no lines: all of the board, in its order."""
    direct: bool = False
    """Whether a number that is nobody's here is dialled outside without access digits."""
    pulse_lines: tuple[str, ...] = ()
    """Outside lines that are dialled on by pulses."""
    person_class: CallClass = CallClass.NATIONAL
    """The dearest calls of people without a class of their own."""
    handset_class: CallClass = CallClass.LOCAL
    """The dearest calls from a handset that is nobody's."""
    number_classes: Mapping[str, CallClass] = field(default_factory=dict)
    """What numbers cost, by pattern: before what is known of the country."""
    codes: Mapping[str, str] = field(
        default_factory=lambda: {
            "own_mailbox": "*97",
            "any_mailbox": "*98",
            "pick_up": "*8",
            "park": "*5",
            "fetch": "*4",
            "flash": "*6",
        }
    )
    """What is dialled for each of the box's features, by the feature's name."""
