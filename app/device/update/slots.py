"""Which slot is started: the twin, in Python, of what board/boot/boot.cmd decides in U-Boot.

The state lies in two files of 512 octets on the boot partition, slot0.env and slot1.env, in the
form of U-Boot's `env export -c`: CRC-32 of the rest, least significant octet first, then name=value
texts, each ended by a zero octet, then zeros. The valid file with the higher sequence number
counts; only the other one is ever written, so a torn write leaves the state as it was. Neither
valid: slot A.

    slot_good    the slot that has proved itself; started without any write
    slot_trial   the slot that has yet to prove itself, or "none"
    slot_left    its tries left, hexadecimal; counted down before each
    slot_seq     sequence number, hexadecimal, from 1
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

SLOTS = ("A", "B")
FILES = ("slot0.env", "slot1.env")
FILE_OCTETS = 512
"""One sector: a card writes it whole or not at all, unless it is a bad one."""
TRIES = 3
"""How often a slot on trial is started before the good one comes back."""

_NONE = "none"
_HEX = re.compile(r"[0-9a-f]{1,8}")


@dataclass(frozen=True)
class SlotState:
    """What the files say; as it stands here, what holds when neither file is valid."""

    seq: int = 0
    good: str = SLOTS[0]
    trial: str | None = None
    left: int = 0
    """Starts that the slot on trial has left."""

    def octets(self) -> bytes:
        """The file, as U-Boot itself would write it."""
        lines = (
            f"slot_good={self.good}",
            f"slot_left={self.left:x}",
            f"slot_seq={self.seq:x}",
            f"slot_trial={self.trial or _NONE}",
        )
        text = "".join(f"{line}\0" for line in lines).encode()
        body = text.ljust(FILE_OCTETS - 4, b"\0")
        return zlib.crc32(body).to_bytes(4, "little") + body

    def marked_good(self, slot: str) -> "SlotState":
        """The next state: this slot has proved itself, nothing is on trial."""
        return SlotState(self.seq + 1, slot)

    def on_trial(self, slot: str, tries: int = TRIES) -> "SlotState":
        """The next state: the good slot stays, another one is tried."""
        if slot == self.good:
            raise ValueError(f"slot {slot} is the good one; it needs no trial")
        return SlotState(self.seq + 1, self.good, slot, tries)

    def without_trial(self) -> "SlotState":
        """The next state: only the good slot is started."""
        return SlotState(self.seq + 1, self.good)


def parse(octets: bytes | None) -> SlotState | None:
    """The state a file holds; None if it is missing, torn or not ours."""
    if octets is None or len(octets) != FILE_OCTETS:
        return None
    body = octets[4:]
    if zlib.crc32(body) != int.from_bytes(octets[:4], "little"):
        return None
    lines = body.split(b"\0\0", 1)[0].decode("latin-1").split("\0")
    values = dict(line.partition("=")[::2] for line in lines)
    seq, left = values.get("slot_seq", ""), values.get("slot_left", "")
    good, trial = values.get("slot_good"), values.get("slot_trial")
    numbers = _HEX.fullmatch(seq) and _HEX.fullmatch(left)
    if not numbers or good not in SLOTS or trial not in (*SLOTS, _NONE):
        return None
    return SlotState(int(seq, 16), good, None if trial == _NONE else trial, int(left, 16))


def newest(files: Sequence[bytes | None]) -> tuple[SlotState, int]:
    """The state that counts, and the number of the file that the next state goes into."""
    state, spare = SlotState(), 0
    for number, octets in enumerate(files):
        found = parse(octets)
        if found is not None and found.seq > state.seq:
            state, spare = found, 1 - number
    return state, spare


@dataclass(frozen=True)
class Choice:
    """What the boot script does with a state."""

    order: tuple[str, ...]
    """Slots in the order they are attempted; the first that can be started is."""
    write: SlotState | None
    """Written to the spare file first; if that fails, the slot on trial is not attempted first."""


def choose(state: SlotState, can_write: bool = True) -> Choice:
    """The decision at a start."""
    write = None
    first = state.good
    if state.trial is not None and state.left > 0:
        write = replace(state, seq=state.seq + 1, left=state.left - 1)
        if can_write:
            first = state.trial
    return Choice(tuple(dict.fromkeys((first, state.good, *SLOTS))), write)


def start(
    files: Sequence[bytes | None], startable: Callable[[str], bool]
) -> tuple[str | None, list[bytes | None]]:
    """One start: the slot that runs (None: no slot can), and the files as they are after it."""
    state, spare = newest(files)
    choice = choose(state)
    after = list(files)
    if choice.write is not None:
        after[spare] = choice.write.octets()
    return next(filter(startable, choice.order), None), after
