"""States and events of an outside line, and the table by which it moves.

Loop start [GR-506].
"""

from enum import StrEnum

from app.core.fsm import Row, Table
from app.phone.timers import CPC, RELEASE_GUARD, RING_GAP


class TrunkState(StrEnum):
    """States of a trunk line."""

    DOWN = "down"
    DEAD = "dead"
    IDLE = "idle"
    RINGING = "ringing"
    BETWEEN_BURSTS = "between bursts"
    SEIZED = "seized"
    NO_BATTERY = "no battery"
    RELEASE_GUARD = "release guard"
    UNDER_TEST = "under test"


class TrunkEvent(StrEnum):
    """Events of a trunk line."""

    READY = "ready"
    FAULT = "fault"
    RING_ON = "ring on"
    RING_OFF = "ring off"
    RINGING_STOPPED = "ringing stopped"
    SEIZE = "seize"
    RELEASE = "release"
    BATTERY_LOST = "battery lost"
    BATTERY_BACK = "battery back"
    FAR_END_GONE = "far end gone"
    GUARD_OVER = "guard over"
    POLARITY = "polarity"
    TEST = "test"
    TEST_OVER = "test over"


_QUIET = frozenset(
    {TrunkEvent.RING_OFF, TrunkEvent.BATTERY_BACK, TrunkEvent.POLARITY, TrunkEvent.RELEASE}
)

TRUNK: Table[TrunkState, TrunkEvent] = Table(
    "trunk",
    {
        TrunkState.DOWN: Row(
            {TrunkEvent.READY: TrunkState.IDLE},
            stay=frozenset(TrunkEvent)
            - {TrunkEvent.READY, TrunkEvent.SEIZE, TrunkEvent.TEST, TrunkEvent.TEST_OVER},
            meaning="The port is being set up, or has failed; a port that failed is set up again "
            "for ever.",
        ),
        TrunkState.DEAD: Row(
            {
                TrunkEvent.BATTERY_BACK: TrunkState.IDLE,
                TrunkEvent.TEST: TrunkState.UNDER_TEST,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=frozenset(
                {
                    TrunkEvent.BATTERY_LOST,
                    TrunkEvent.RING_ON,
                    TrunkEvent.RING_OFF,
                    TrunkEvent.POLARITY,
                    TrunkEvent.RELEASE,
                }
            ),
            meaning="No battery: nothing is plugged in.",
        ),
        TrunkState.IDLE: Row(
            {
                TrunkEvent.RING_ON: TrunkState.RINGING,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.TEST: TrunkState.UNDER_TEST,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET,
            meaning="Waits for a call.",
        ),
        TrunkState.RINGING: Row(
            {
                TrunkEvent.RING_OFF: TrunkState.BETWEEN_BURSTS,
                TrunkEvent.RINGING_STOPPED: TrunkState.IDLE,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET - {TrunkEvent.RING_OFF} | {TrunkEvent.RING_ON},
            timer=RING_GAP,
            due=TrunkEvent.RINGING_STOPPED,
            meaning="A burst of ringing is under way: there is a caller at this very moment.",
        ),
        TrunkState.BETWEEN_BURSTS: Row(
            {
                TrunkEvent.RING_ON: TrunkState.RINGING,
                TrunkEvent.RINGING_STOPPED: TrunkState.IDLE,
                TrunkEvent.SEIZE: TrunkState.SEIZED,
                TrunkEvent.BATTERY_LOST: TrunkState.DEAD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET,
            timer=RING_GAP,
            due=TrunkEvent.RINGING_STOPPED,
            meaning="Between two bursts, where caller ID comes; the caller may have given up.",
        ),
        TrunkState.SEIZED: Row(
            {
                TrunkEvent.RELEASE: TrunkState.RELEASE_GUARD,
                TrunkEvent.FAR_END_GONE: TrunkState.RELEASE_GUARD,
                TrunkEvent.BATTERY_LOST: TrunkState.NO_BATTERY,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET - {TrunkEvent.RELEASE} | {TrunkEvent.RING_ON},
            meaning="The loop is closed: a call is up.",
        ),
        TrunkState.NO_BATTERY: Row(
            {
                TrunkEvent.BATTERY_BACK: TrunkState.SEIZED,
                TrunkEvent.FAR_END_GONE: TrunkState.RELEASE_GUARD,
                TrunkEvent.RELEASE: TrunkState.RELEASE_GUARD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=frozenset(
                {
                    TrunkEvent.RING_ON,
                    TrunkEvent.RING_OFF,
                    TrunkEvent.POLARITY,
                    TrunkEvent.BATTERY_LOST,
                }
            ),
            timer=CPC,
            due=TrunkEvent.FAR_END_GONE,
            meaning="Seized, and the far end may be hanging up (CPC).",
        ),
        TrunkState.RELEASE_GUARD: Row(
            {TrunkEvent.GUARD_OVER: TrunkState.IDLE, TrunkEvent.FAULT: TrunkState.DOWN},
            stay=_QUIET | {TrunkEvent.RING_ON, TrunkEvent.BATTERY_LOST},
            timer=RELEASE_GUARD,
            due=TrunkEvent.GUARD_OVER,
            meaning="Just released; what the voltage does now means nothing.",
        ),
        TrunkState.UNDER_TEST: Row(
            {
                TrunkEvent.RING_ON: TrunkState.RINGING,
                TrunkEvent.TEST_OVER: TrunkState.RELEASE_GUARD,
                TrunkEvent.FAULT: TrunkState.DOWN,
            },
            stay=_QUIET | {TrunkEvent.BATTERY_LOST},
            meaning="A technician's test has the line; a caller ends it.",
        ),
    },
)
