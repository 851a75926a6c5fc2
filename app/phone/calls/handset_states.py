"""What one handset has beside the call it talks on, and what a flash, a key and hanging up mean.

The calls themselves have their own table (states.py); what is done on the way is in handset.py. A
flash asks for different things in different countries: FLASH_MEANS is that choice, as data.
"""

from collections.abc import Mapping
from enum import StrEnum

from app.core.fsm import Row, Table
from app.phone.config import Habit
from app.phone.timers import FLASH_KEY, HANDSET_REST, NOBODY_THERE


class HandsetState(StrEnum):
    """States of a handset's calls."""

    ONE = "one call"
    WAITING = "second call waits"
    ASKED_WAITING = "key for the waiting call"
    CONSULTING = "consulting"
    ALTERNATING = "alternating"
    ASKED = "key for two calls"
    LEFT_ALONE = "left alone"
    JOINED = "joined"
    EXPECTING = "expecting"
    RESTING = "resting"


class HandsetEvent(StrEnum):
    """Events of a handset's calls."""

    CONSULT = "flash: another call"
    ASK = "flash: ask for a key"
    ANSWER = "answer the waiting call"
    END_AND_ANSWER = "end this call, answer the waiting one"
    REFUSE = "refuse the waiting call"
    RETURN = "return to the held call"
    END_AND_RETURN = "end this call, return to the held one"
    SWAP = "swap"
    JOIN = "join"
    CONNECT = "connect the two, and leave"
    END_HELD = "end the held call"
    BACK = "no such key"
    DROP = "drop the third"
    SECOND_CALL = "second call"
    SECOND_GONE = "second call gone"
    HELD_GONE = "held call gone"
    ACTIVE_OVER = "call over"
    PARTY_LEFT = "one of three left"
    PARKED = "parked"
    TRANSFER = "hang-up: transfer"
    SEND_ON = "hang-up: transfer before an answer"
    RECALL = "hang-up: the held party rings back"
    LET_GO = "hang-up"
    AT_REST = "on its hook"
    LIFTED = "lifted"
    RING_DUE = "ring due"


_HANG_UPS = {
    HandsetEvent.TRANSFER: HandsetState.ONE,
    HandsetEvent.SEND_ON: HandsetState.ONE,
    HandsetEvent.RECALL: HandsetState.EXPECTING,
    HandsetEvent.LET_GO: HandsetState.ONE,
}
_TWO = {
    **_HANG_UPS,
    HandsetEvent.RETURN: HandsetState.ONE,
    HandsetEvent.JOIN: HandsetState.JOINED,
    HandsetEvent.ASK: HandsetState.ASKED,
    HandsetEvent.ACTIVE_OVER: HandsetState.LEFT_ALONE,
    HandsetEvent.HELD_GONE: HandsetState.ONE,
    HandsetEvent.PARKED: HandsetState.ONE,
}

HANDSET: Table[HandsetState, HandsetEvent] = Table(
    "handset",
    {
        HandsetState.ONE: Row(
            {
                HandsetEvent.CONSULT: HandsetState.CONSULTING,
                HandsetEvent.SECOND_CALL: HandsetState.WAITING,
            },
            stay=frozenset({HandsetEvent.LET_GO}),
            meaning="It has one call, or none; nothing is on hold and nobody waits.",
        ),
        HandsetState.WAITING: Row(
            {
                HandsetEvent.ANSWER: HandsetState.ALTERNATING,
                HandsetEvent.ASK: HandsetState.ASKED_WAITING,
                HandsetEvent.SECOND_GONE: HandsetState.ONE,
                HandsetEvent.ACTIVE_OVER: HandsetState.EXPECTING,
                HandsetEvent.LET_GO: HandsetState.EXPECTING,
            },
            meaning="It talks and hears call waiting tone: a second caller hears ringback.",
        ),
        HandsetState.ASKED_WAITING: Row(
            {
                HandsetEvent.END_AND_ANSWER: HandsetState.ONE,
                HandsetEvent.ANSWER: HandsetState.ALTERNATING,
                HandsetEvent.REFUSE: HandsetState.ONE,
                HandsetEvent.BACK: HandsetState.WAITING,
                HandsetEvent.SECOND_GONE: HandsetState.ONE,
                HandsetEvent.ACTIVE_OVER: HandsetState.EXPECTING,
                HandsetEvent.LET_GO: HandsetState.EXPECTING,
            },
            timer=FLASH_KEY,
            due=HandsetEvent.ANSWER,
            meaning="A flash was given while a second call waits; a key may say what it means.",
        ),
        HandsetState.CONSULTING: Row(
            {**_TWO, HandsetEvent.SWAP: HandsetState.CONSULTING},
            meaning="One party is on hold; the handset calls another, or talks to it.",
        ),
        HandsetState.ALTERNATING: Row(
            {**_TWO, HandsetEvent.SWAP: HandsetState.ALTERNATING},
            meaning="It has answered a second call; the first party is on hold.",
        ),
        HandsetState.ASKED: Row(
            {
                **_HANG_UPS,
                HandsetEvent.END_AND_RETURN: HandsetState.ONE,
                HandsetEvent.SWAP: HandsetState.CONSULTING,
                HandsetEvent.JOIN: HandsetState.JOINED,
                HandsetEvent.CONNECT: HandsetState.ONE,
                HandsetEvent.END_HELD: HandsetState.ONE,
                HandsetEvent.BACK: HandsetState.CONSULTING,
                HandsetEvent.ACTIVE_OVER: HandsetState.LEFT_ALONE,
                HandsetEvent.HELD_GONE: HandsetState.ONE,
            },
            timer=FLASH_KEY,
            due=HandsetEvent.SWAP,
            meaning="A flash was given with two calls; a key may say what it means.",
        ),
        HandsetState.LEFT_ALONE: Row(
            {
                **_HANG_UPS,
                HandsetEvent.RETURN: HandsetState.ONE,
                HandsetEvent.HELD_GONE: HandsetState.ONE,
            },
            timer=NOBODY_THERE,
            due=HandsetEvent.RETURN,
            meaning="The second call is over, which a tone says; the first party is on hold.",
        ),
        HandsetState.JOINED: Row(
            {
                HandsetEvent.DROP: HandsetState.ONE,
                HandsetEvent.PARTY_LEFT: HandsetState.ONE,
                HandsetEvent.ACTIVE_OVER: HandsetState.ONE,
                HandsetEvent.LET_GO: HandsetState.ONE,
            },
            meaning="It has joined two parties: all three talk.",
        ),
        HandsetState.EXPECTING: Row(
            {
                HandsetEvent.AT_REST: HandsetState.RESTING,
                HandsetEvent.LIFTED: HandsetState.ONE,
                HandsetEvent.SECOND_GONE: HandsetState.ONE,
            },
            stay=frozenset({HandsetEvent.LET_GO}),
            meaning="Somebody waits for it to lie on its hook, to be rung.",
        ),
        HandsetState.RESTING: Row(
            {
                HandsetEvent.RING_DUE: HandsetState.ONE,
                HandsetEvent.LIFTED: HandsetState.ONE,
                HandsetEvent.SECOND_GONE: HandsetState.ONE,
            },
            stay=frozenset({HandsetEvent.AT_REST, HandsetEvent.LET_GO}),
            timer=HANDSET_REST,
            due=HandsetEvent.RING_DUE,
            meaning="It has just been put on its hook; it will ring.",
        ),
    },
)

FLASH_MEANS: Mapping[Habit, Mapping[HandsetState, HandsetEvent]] = {
    "join": {
        HandsetState.ONE: HandsetEvent.CONSULT,
        HandsetState.WAITING: HandsetEvent.ANSWER,
        HandsetState.CONSULTING: HandsetEvent.JOIN,
        HandsetState.ALTERNATING: HandsetEvent.SWAP,
        HandsetState.LEFT_ALONE: HandsetEvent.RETURN,
        HandsetState.JOINED: HandsetEvent.DROP,
    },
    "keys": {
        HandsetState.ONE: HandsetEvent.CONSULT,
        HandsetState.WAITING: HandsetEvent.ASK,
        HandsetState.ASKED_WAITING: HandsetEvent.ANSWER,
        HandsetState.CONSULTING: HandsetEvent.ASK,
        HandsetState.ALTERNATING: HandsetEvent.ASK,
        HandsetState.ASKED: HandsetEvent.SWAP,
        HandsetState.LEFT_ALONE: HandsetEvent.RETURN,
        HandsetState.JOINED: HandsetEvent.DROP,
    },
}
"""A flash of a handset that talks: North America's [GR-571 call waiting, GR-577 three-way calling],
and Europe's, where a key may follow it, with the meanings of 3GPP TS 22.030 6.5.5. While the second
call is not answered a flash returns to the first.
"""

KEY_MEANS: Mapping[HandsetState, Mapping[str, HandsetEvent]] = {
    HandsetState.ASKED_WAITING: {
        "0": HandsetEvent.REFUSE,
        "1": HandsetEvent.END_AND_ANSWER,
        "2": HandsetEvent.ANSWER,
    },
    HandsetState.ASKED: {
        "0": HandsetEvent.END_HELD,
        "1": HandsetEvent.END_AND_RETURN,
        "2": HandsetEvent.SWAP,
        "3": HandsetEvent.JOIN,
        "4": HandsetEvent.CONNECT,
    },
}
"""The key after a flash; another one leaves all as it was."""
