"""Tone plans and ring cadences by country, as data.

Frequencies and cadences follow the field's common table (facts of the national plans as Asterisk's
indications table has them); levels follow a national access multiplexer's country tables
(North America: dial -13 dBm0 per frequency, ringback -19, busy and reorder -24; others about -18).
Two things are simplified: the frequencies of a tone have one level (the UK's dial tone has 350 Hz
at -22 and 440 Hz at -18), and Japan's 15 Hz modulation of ringback is left out.
"""

from dataclasses import dataclass, replace

from app.phone.sound.sounds import Tone


@dataclass(frozen=True, slots=True)
class TonePlan:
    """What the lines of one country sound like. `ring_ms` alternates ringing and silence."""

    country: str
    ring_ms: tuple[int, ...]
    dial: Tone
    stutter: Tone
    ringback: Tone
    busy: Tone
    reorder: Tone
    call_waiting: Tone


BEEP = Tone((1000.0,), (300, 50), repeat=1, dbm0=-12.0)
"""Before a recording: the caller may speak now."""

HOWLER = Tone((1400.0, 2060.0, 2450.0, 2600.0), (100, 100), dbm0=-9.0)
"""Receiver left off hook; 3 dBm together [national tables: +3 dB]."""


def _alternating(first: Tone, second: Tone, times: int, then: Tone | None = None) -> Tone:
    """Two tones in turn, each with its own single cadence, `times` over, then another."""
    chain = then
    for _ in range(times):
        chain = replace(first, repeat=1, then=replace(second, repeat=1, then=chain))
    assert chain is not None
    return chain


def _dial(*hz: float, dbm0: float = -18.0) -> Tone:
    return Tone(hz, dbm0=dbm0)


def _beats(hz: tuple[float, ...], *ms: int, dbm0: float = -18.0) -> Tone:
    return Tone(hz, ms, dbm0=dbm0)


def _stutter(dial: Tone) -> Tone:
    return replace(dial, cadence_ms=(100, 100), repeat=6, then=dial)


_US_DIAL = _dial(350, 440, dbm0=-13)
_UK_DIAL = _dial(350, 440, dbm0=-20)
_UK_440 = _dial(440, dbm0=-20)
_FR_DIAL = _dial(440)
_AU_DIAL = _dial(413, 438)
_JP_DIAL = _dial(400)

_UK_RING = (400, 200, 400, 2000)

PLANS: dict[str, TonePlan] = {
    plan.country: plan
    for plan in (
        TonePlan(
            "us",
            ring_ms=(2000, 4000),
            dial=_US_DIAL,
            stutter=_stutter(_US_DIAL),
            ringback=_beats((440, 480), 2000, 4000, dbm0=-19),
            busy=_beats((480, 620), 500, 500, dbm0=-24),
            reorder=_beats((480, 620), 250, 250, dbm0=-24),
            call_waiting=_beats((440,), 300, 10000),
        ),
        TonePlan(
            "uk",
            ring_ms=_UK_RING,
            dial=_UK_DIAL,
            stutter=_alternating(
                replace(_UK_DIAL, cadence_ms=(750,)),
                replace(_UK_440, cadence_ms=(750,)),
                times=5,
                then=_UK_DIAL,
            ),
            ringback=_beats((400, 450), *_UK_RING),
            busy=_beats((400,), 375, 375),
            reorder=_beats((400,), 400, 350, 225, 525),
            call_waiting=_beats((400,), 100, 4000),
        ),
        TonePlan(
            "de",
            ring_ms=(1000, 4000),
            dial=_dial(425),
            stutter=_dial(425, 400),
            ringback=_beats((425,), 1000, 4000),
            busy=_beats((425,), 480, 480),
            reorder=_beats((425,), 240, 240),
            call_waiting=_beats((425,), 200, 200, 200, 5000),
        ),
        TonePlan(
            "fr",
            ring_ms=(1500, 3500),
            dial=_FR_DIAL,
            stutter=_stutter(_FR_DIAL),
            ringback=_beats((440,), 1500, 3500),
            busy=_beats((440,), 500, 500),
            reorder=_beats((440,), 250, 250),
            call_waiting=_beats((440,), 300, 10000),
        ),
        TonePlan(
            "au",
            ring_ms=_UK_RING,
            dial=_AU_DIAL,
            stutter=replace(_AU_DIAL, cadence_ms=(100, 40)),
            ringback=_beats((413, 438), *_UK_RING),
            busy=_beats((425,), 375, 375),
            reorder=_alternating(_beats((425,), 375, 375), _beats((420,), 375, 375), times=41),
            call_waiting=_beats((425,), 200, 200, 200, 4400),
        ),
        TonePlan(
            "jp",
            ring_ms=(1000, 2000),
            dial=_JP_DIAL,
            stutter=_stutter(_JP_DIAL),
            ringback=_beats((400,), 1000, 2000),
            busy=_beats((400,), 500, 500),
            reorder=_beats((400,), 500, 500),
            call_waiting=_beats((400,), 500, 8000),
        ),
    )
}
"""By the country code of the settings."""


def plan(country: str) -> TonePlan:
    """The plan of a country. Raises ValueError with the allowed codes."""
    try:
        return PLANS[country]
    except KeyError:
        raise ValueError(f"country {country!r}: allowed are {', '.join(sorted(PLANS))}") from None
