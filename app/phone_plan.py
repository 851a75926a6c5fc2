"""What the phone service must know of the settings; its parts belong to several packages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.call_parts import incoming_routes, ring_groups
from app.clerk.config import ClerkConfig
from app.phone.config import Lamps, PhoneConfig, habit_of
from app.phone.fax.config import FaxConfig, FaxRoute
from app.phone.groups import AttendantConfig
from app.phone.numbers import NumberPlan
from app.voicemail.config import RecordingLimits
from drivers.board_spec import BoardSpec, Kind
from drivers.countries.numbering import CallClass

if TYPE_CHECKING:
    from app.config.settings import Settings


def fax_config(settings: Settings) -> FaxConfig:
    """What the phone side must know of the settings of faxes."""
    fax = settings.fax
    lines = {jack: line for jack, line in fax.receiving.items() if line.mailbox}
    routes = {jack: FaxRoute(line.mailbox, line.only) for jack, line in lines.items()}
    return FaxConfig(fax.station, fax.sending, routes)


@dataclass(frozen=True)
class PhonePlan:
    """The settings of the phone service and its clerk as plain values."""

    board: BoardSpec
    has_box: bool
    """Whether the board is made of Python and played by a service of its own."""
    calls: PhoneConfig
    clerk: ClerkConfig
    limits: RecordingLimits
    attendant: AttendantConfig = field(default_factory=AttendantConfig)
    loudspeaker: str = ""
    """ALSA's name of the output on which the front panel plays messages; "": none."""

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of handsets and groups."""
        return (*self.jacks("station"), *self.calls.groups)

    def jacks(self, kind: Kind) -> tuple[str, ...]:
        """The labels of the board's jacks of this kind, in the order of its file."""
        return tuple(line.name for line in self.board.jacks if line.kind == kind)


def number_plan(settings: Settings) -> NumberPlan:
    """What handsets may dial, as the settings say."""
    numbers, codes = settings.numbers, settings.codes
    return NumberPlan(
        access_digits=numbers.access_digits,
        direct=numbers.direct,
        pulse_lines=numbers.pulse_lines,
        person_class=CallClass(numbers.person_class),
        handset_class=CallClass(numbers.handset_class),
        number_classes={p: CallClass(name) for p, name in numbers.number_classes.items()},
        codes={name: getattr(codes, name) for name in type(codes).model_fields},
    )


def phone_config(settings: Settings) -> PhoneConfig:
    """What calls must know of the settings."""
    return PhoneConfig(
        country=settings.site.country,
        ring_seconds=settings.phone.ring_seconds,
        no_answer_seconds=settings.phone.ring_seconds,
        flash_habit=habit_of(settings.calls.flash, settings.site.country),
        call_waiting=settings.calls.call_waiting,
        without_call_waiting=settings.calls.without_call_waiting,
        distinctive_rings=settings.calls.distinctive_rings,
        outside_to_outside=settings.calls.outside_to_outside,
        transfer_return_seconds=settings.calls.transfer_return_s,
        park_return_seconds=settings.calls.park_return_s,
        music=bool(settings.calls.hold_music),
        loop_break_ms=settings.calls.loop_break_ms,
        fax=fax_config(settings),
        incoming=incoming_routes(settings),
        groups=ring_groups(settings),
        numbers=number_plan(settings),
        lamps=Lamps(**dict(settings.lamps)),
    )
