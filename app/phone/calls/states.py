"""The states of a call and what moves it between them: the page to read first about calls.

What a call does on the way is in reaching.py, parties.py and call.py; app.core.fsm says how a
table is read.
"""

from enum import StrEnum

from app.core.fsm import Row, Table
from app.phone.timers import (
    FIRST_DIGIT,
    LINE_CLEARS,
    NEXT_DIGIT,
    NO_ANSWER,
    PARK_RETURN,
    PICK_UP,
)


class CallState(StrEnum):
    """States of a call."""

    NEW = "new"
    CALLING_BACK = "calling back"
    DIAL_TONE = "dial tone"
    DIALLING = "dialling"
    RINGING = "ringing"
    UNANSWERED = "unanswered"
    CALLING_SOMEBODY = "calling somebody"
    CALLING_OUT = "calling out"
    CLEARING_LINE = "clearing a line"
    CONNECTED = "connected"
    HELD = "held"
    PARKED = "parked"
    ANSWERING = "answering"
    SCRIPT = "script"
    ENDED = "ended"


class CallEvent(StrEnum):
    """Events of a call."""

    LIFT = "lift"
    CALL_BACK = "call back"
    CALL_SOMEBODY = "call somebody"
    DIGIT = "digit"
    PAUSE = "pause"
    TOO_SLOW = "too slow"
    UNKNOWN = "unknown number"
    RING = "ring"
    ANSWERED = "answered"
    NO_ANSWER = "no answer"
    RINGS_ON = "rings on"
    VOICEMAIL = "voicemail"
    NO_VOICEMAIL = "no voicemail"
    OWNER = "owner"
    OUTSIDE = "outside"
    REFUSED = "refused"
    DIALLED = "dialled"
    CLEAR_LINE = "clear a line"
    NO_LINE = "no line"
    PICKED_UP = "picked up"
    SCRIPT_OVER = "script over"
    JOIN = "join"
    HOLD = "hold"
    RESUME = "resume"
    TRANSFER = "transfer"
    PUT_ASIDE = "put aside"
    ALL_BACK = "all back"
    PARK = "park"
    PARTY_LEFT = "party left"
    CALLER_LEFT = "caller left"
    CALLED_LEFT = "called left"
    CLOSE = "close"


_ENDS = {CallEvent.CALLER_LEFT: CallState.ENDED, CallEvent.CLOSE: CallState.ENDED}

_MOVES = frozenset(
    {
        CallEvent.DIGIT,
        CallEvent.JOIN,
        CallEvent.HOLD,
        CallEvent.RESUME,
        CallEvent.TRANSFER,
        CallEvent.PARTY_LEFT,
    }
)

CALL: Table[CallState, CallEvent] = Table(
    "call",
    {
        CallState.NEW: Row(
            {
                CallEvent.LIFT: CallState.DIAL_TONE,
                CallEvent.RING: CallState.RINGING,
                CallEvent.CALL_BACK: CallState.CALLING_BACK,
                CallEvent.CALL_SOMEBODY: CallState.CALLING_SOMEBODY,
                CallEvent.PARK: CallState.PARKED,
                CallEvent.VOICEMAIL: CallState.ANSWERING,
            },
            meaning="The caller has joined.",
        ),
        CallState.CALLING_BACK: Row(
            {**_ENDS, CallEvent.LIFT: CallState.ANSWERING, CallEvent.NO_ANSWER: CallState.ENDED},
            timer=NO_ANSWER,
            due=CallEvent.NO_ANSWER,
            meaning="A handset is rung to hear something, for which nobody has dialled.",
        ),
        CallState.CALLING_SOMEBODY: Row(
            {**_ENDS, CallEvent.DIALLED: CallState.SCRIPT},
            stay=frozenset({CallEvent.DIGIT}),
            meaning="An outside line dials by itself: to tell somebody of a message, or to fax.",
        ),
        CallState.DIAL_TONE: Row(
            {**_ENDS, CallEvent.DIGIT: CallState.DIALLING, CallEvent.TOO_SLOW: CallState.ENDED},
            timer=FIRST_DIGIT,
            due=CallEvent.TOO_SLOW,
            meaning="A handset hears dial tone; waits for the first digit.",
        ),
        CallState.DIALLING: Row(
            {
                **_ENDS,
                CallEvent.DIGIT: CallState.DIALLING,
                CallEvent.PAUSE: CallState.DIALLING,
                CallEvent.RING: CallState.RINGING,
                CallEvent.VOICEMAIL: CallState.ANSWERING,
                CallEvent.OWNER: CallState.ANSWERING,
                CallEvent.NO_VOICEMAIL: CallState.ENDED,
                CallEvent.OUTSIDE: CallState.CALLING_OUT,
                CallEvent.REFUSED: CallState.ENDED,
                CallEvent.UNKNOWN: CallState.ENDED,
            },
            timer=NEXT_DIGIT,
            due=CallEvent.PAUSE,
            meaning="Waits until the digits can mean one thing only, or no more come.",
        ),
        CallState.RINGING: Row(
            {
                **_ENDS,
                CallEvent.ANSWERED: CallState.CONNECTED,
                CallEvent.NO_ANSWER: CallState.UNANSWERED,
            },
            stay=frozenset({CallEvent.DIGIT, CallEvent.RINGS_ON}),
            timer=NO_ANSWER,
            due=CallEvent.NO_ANSWER,
            meaning="Handsets ring.",
        ),
        CallState.UNANSWERED: Row(
            {
                **_ENDS,
                CallEvent.ANSWERED: CallState.CONNECTED,
                CallEvent.RINGS_ON: CallState.UNANSWERED,
                CallEvent.RING: CallState.RINGING,
                CallEvent.VOICEMAIL: CallState.ANSWERING,
                CallEvent.NO_VOICEMAIL: CallState.ENDED,
            },
            stay=frozenset({CallEvent.DIGIT}),
            meaning=(
                "Handsets have rung long enough. A trunk is answered during a burst only: between "
                "bursts nobody can tell whether the caller has given up, and the exchange's dial "
                "tone would be recorded."
            ),
        ),
        CallState.CALLING_OUT: Row(
            {
                **_ENDS,
                CallEvent.DIALLED: CallState.CONNECTED,
                CallEvent.CALLED_LEFT: CallState.CALLING_OUT,
                CallEvent.CLEAR_LINE: CallState.CLEARING_LINE,
                CallEvent.NO_LINE: CallState.ENDED,
            },
            stay=frozenset({CallEvent.DIGIT}),
            meaning=(
                "An outside line is seized and dialled on; if it fails meanwhile, the next one is. "
                "Whether somebody answers there is for the caller to hear."
            ),
        ),
        CallState.CLEARING_LINE: Row(
            {**_ENDS, CallEvent.OUTSIDE: CallState.CALLING_OUT},
            stay=frozenset({CallEvent.DIGIT}),
            timer=LINE_CLEARS,
            due=CallEvent.OUTSIDE,
            meaning="All lines were in use, and another call was ended for an emergency.",
        ),
        CallState.CONNECTED: Row(
            {
                **_ENDS,
                CallEvent.CALLED_LEFT: CallState.ENDED,
                CallEvent.PUT_ASIDE: CallState.HELD,
            },
            stay=_MOVES,
            meaning="Two or more talk; it ends when the last but one leaves.",
        ),
        CallState.HELD: Row(
            {
                **_ENDS,
                CallEvent.CALLED_LEFT: CallState.ENDED,
                CallEvent.ALL_BACK: CallState.CONNECTED,
            },
            stay=_MOVES | {CallEvent.PUT_ASIDE},
            meaning="A handset has put it aside for another call; who is left alone hears music.",
        ),
        CallState.PARKED: Row(
            {
                **_ENDS,
                CallEvent.ANSWERED: CallState.CONNECTED,
                CallEvent.NO_ANSWER: CallState.UNANSWERED,
            },
            stay=frozenset({CallEvent.DIGIT}),
            timer=PARK_RETURN,
            due=CallEvent.NO_ANSWER,
            meaning="The caller hears music until any handset fetches them, or it takes too long.",
        ),
        CallState.ANSWERING: Row(
            {**_ENDS, CallEvent.PICKED_UP: CallState.SCRIPT},
            stay=frozenset({CallEvent.DIGIT}),
            timer=PICK_UP,
            due=CallEvent.PICKED_UP,
            meaning="A trunk is seized and not yet ready for sound.",
        ),
        CallState.SCRIPT: Row(
            {
                **_ENDS,
                CallEvent.SCRIPT_OVER: CallState.ENDED,
                CallEvent.RING: CallState.RINGING,
                CallEvent.OUTSIDE: CallState.CALLING_OUT,
                CallEvent.REFUSED: CallState.ENDED,
            },
            stay=frozenset({CallEvent.DIGIT}),
            meaning=(
                "The caller is in voicemail, in the owner's menu, or asked whom they want; or a "
                "fax goes."
            ),
        ),
        CallState.ENDED: Row(stay=frozenset(CallEvent), meaning="Nobody belongs to it any more."),
    },
)
