"""The verbs of the virtual board's operator, as they are typed and as `help` shows them.

Without numpy and the models: whoever only passes a line on to a running box starts quickly.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path


class OperatorError(Exception):
    """A command cannot be carried out; the text says why and what would be possible."""


class WaitFailed(OperatorError):
    """What was waited for did not come in its time; the text says what came instead."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb, as `help` shows it."""

    usage: str
    meaning: str


VERBS = {
    "ring": Verb(
        'ring line1 [from 5551234 ["CALLER NAME"]]',
        'an outside party calls; "from private" withholds the number',
    ),
    "lift": Verb("lift 101", "lift a handset; lift line1: the outside party that was dialled"),
    "dial": Verb("dial 101 201", "press keys, 100 ms each"),
    "pulse": Verb("pulse 101 201", "dial with a rotary dial"),
    "number": Verb(
        "number 5551234 rings|busy|nobody|answers [after 5s] [reversal]",
        "what becomes of calls from here to an outside number; rings: until `lift line1`; "
        "reversal: the line's polarity turns round at the answer",
    ),
    "dialled": Verb("dialled line1", "what was dialled on an outside line"),
    "say": Verb("say line1 FILE.wav", "speak a WAV file, and wait until it is said"),
    "hear": Verb(
        "hear 101 OUT.wav",
        "record what the party hears from here on, until it hangs up; `loudspeaker` is one, too",
    ),
    "flash": Verb("flash 101", "press the hook for half a second"),
    "hangup": Verb("hangup line1", "hang up a handset, or the outside party"),
    "wait-for": Verb(
        "wait-for line1 beep|answered|hung-up|dial-tone|stutter|ringing|ringback|busy|reorder|"
        "speech|silence [within 60s]",
        "let line time pass until it is so; fails after 60 s if no other time is given",
    ),
    "echo": Verb(
        "echo line1 12|none",
        "how much of what the box sends to a line comes back: by 6 to 30 dB softer, or nothing",
    ),
    "lamps": Verb("lamps", "the message lamps of all handsets"),
    "press": Verb(
        "press panel BUTTON [for 10s]", "press a button of the front panel, and let it go"
    ),
    "leds": Verb("leds", "what the front panel shows: dark, lit, slow, fast, double (two flashes)"),
    "unplug": Verb("unplug panel|loudspeaker", "pull the cable of panel or loudspeaker out"),
    "plug": Verb("plug panel|loudspeaker", "plug it in again"),
    "break": Verb("break 101 no-supply", "a fault of a line's chip; `break 101 ?` lists them"),
    "mend": Verb("mend 101 no-supply", "put it right again"),
    "time": Verb("time 5s", "let line time pass (ms, s or m)"),
    "settle": Verb("settle", "wait until the telephone side knows the inbox's latest change"),
    "help": Verb("help", "this list"),
}

FILE_VERBS = frozenset(("say", "hear"))
"""Verbs whose last word is a file name."""


def with_absolute_file(line: str, folder: Path) -> str:
    """The command line with its file name taken from this folder, for a box that runs elsewhere."""
    words = words_of(line)
    if len(words) == 3 and words[0] in FILE_VERBS:
        words[2] = str(folder / words[2])
        return shlex.join(words)
    return line


def words_of(line: str) -> list[str]:
    """The words of a command line, quoted as in a shell [POSIX.1-2017 XCU 2.2]; none of a comment.

    Raises OperatorError.
    """
    if line.lstrip().startswith("#"):  # a comment; "dial 101 #" is none
        return []
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OperatorError(f"cannot read {line!r}: {error}") from error
