"""Proof that each line's voice is in its own slot, before anybody's voice is.

After an overrun or underrun a Raspberry Pi's PCM port may come back with the two halves of its
frame exchanged [Raspberry Pi's Linux, issues 719, 1417, 2473]: one caller would hear another's
call. So after each start, each xrun and each set-up of a chip:

1. The lines in question are muted, both ways.
2. Those in the first half of the frame loop their slots back [Si3215 DS, register 8; Si3050 DS,
   register 10], each gets a marker of its own for one period, and each must give it back in its
   own slot. Chips in the other half do not loop: were both directions exchanged, the markers
   would go to them and not come back.
3. The same for the other half.
4. Lines that passed are connected. If one did not, both streams are started anew and all lines are
   proved again, a few times at most; a line that fails still is a fault, and tried again with each
   repair of its chip.

A round trip through the port takes 20 to 30 ms, so a call in progress is silent for 40 to 50 ms,
or for 60 to 90 ms if its line is in the half that comes second.

Where in the chips the loop is closed is unverified: a marker is therefore told by its spectrum,
which filters and gains leave, and a board file may leave the proof out (`prove = false`).
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np

from app.core.sentences import sentence
from drivers.buses import PERIOD, SAMPLE_RATE, PcmPort, Samples

PATIENCE_POLLS = 15
"""150 ms for a round trip of 40 ms."""
REPEATS = 3
"""So often the markers of a round are sent again that were lost, because we were late."""
STARTS = 3
"""So often both streams are started anew before a fault is told."""

log = logging.getLogger(__name__)

# --- markers -------------------------------------------------------------------------------------

_STEP_HZ = SAMPLE_RATE // PERIOD
"""100 Hz: whole waves of its multiples fill a period, so that they do not disturb each other
wherever the period lies in what is heard."""
_LOW, _HIGH = range(4, 19), range(19, 34)
"""Multiples in a marker: one of 400 to 1800 Hz and one of 1900 to 3300 Hz. Dial tones, ringback and
DTMF have both their frequencies among the lower ones, so none is taken for a marker."""
_AMPLITUDE = 1000
"""Each tone at -27 dBm0."""
_PURE = 0.8
"""Least part of the energy of what is heard that is in the two tones."""
_BALANCE = 0.25
"""Least energy of the weaker tone in the stronger one's: what a chip's filters may do."""

_MULTIPLES = np.arange(_LOW.start, _HIGH.stop)
_ANGLES = 2 * np.pi * np.outer(np.arange(2 * PERIOD), _MULTIPLES) / PERIOD
_WAVES = np.hstack((np.cos(_ANGLES), np.sin(_ANGLES))).astype(np.float32)
"""Cosines of all tones, then their sines: real numbers of 32 bits take a tenth of the time."""

_ROWS_AT_ONCE = 8
"""Larger products are shared out to all cores, and wait for the slowest: 3 ms for 50 rows."""


def tones_of(slot: int) -> tuple[int, int]:
    """The two tones of a slot's marker, in multiples of 100 Hz; they differ for 225 slots."""
    turn, place = divmod(slot, len(_LOW))
    return _LOW[place], _HIGH[(turn + place) % len(_HIGH)]


def marker(slot: int) -> Samples:
    """One period of a slot's marker."""
    angle = 2 * np.pi * np.arange(PERIOD) / PERIOD
    low, high = tones_of(slot)
    wave = np.sin(low * angle) + np.sin(high * angle)
    row: Samples = np.rint(_AMPLITUDE * wave).astype(np.int16)
    return row


_SLOT_OF: Mapping[tuple[int, int], int] = {
    tones_of(slot): slot for slot in range(len(_LOW) * len(_HIGH))
}


def markers_in(heard: Samples) -> dict[int, int]:
    """Which slot's marker is in which row of two periods (slots, 2 x PERIOD)."""
    rows = heard.astype(np.float32)
    energy = (rows**2).sum(axis=1)
    few = range(0, len(rows), _ROWS_AT_ONCE)
    parts = np.concatenate([rows[at : at + _ROWS_AT_ONCE] @ _WAVES for at in few]) ** 2
    power = parts[:, : len(_MULTIPLES)] + parts[:, len(_MULTIPLES) :]
    low, high = power[:, : len(_LOW)], power[:, len(_LOW) :]
    weaker = np.minimum(low.max(axis=1), high.max(axis=1))
    stronger = np.maximum(low.max(axis=1), high.max(axis=1))
    # a sine of n samples and energy E has a power of E n / 2; both tones have n = PERIOD
    pure = (weaker + stronger) / np.maximum(energy * PERIOD / 2, 1.0)
    clear = (pure >= _PURE) & (weaker >= _BALANCE * stronger) & (energy > PERIOD)
    lows, highs = low.argmax(axis=1), high.argmax(axis=1)
    return {int(row): _SLOT_OF[_LOW[lows[row]], _HIGH[highs[row]]] for row in np.flatnonzero(clear)}


# --- the proof -----------------------------------------------------------------------------------


class LoopingChip(Protocol):
    """What the proof uses of a line's chip."""

    name: str
    slot: int
    place: str

    def loop_back(self, on: bool) -> None:
        """Send what is played in this line's slot straight back in it, or stop doing so."""
        ...


class SlotProof:
    """A PcmPort around a board's own that lets a line's voice through once its slot is proved.

    It wants to be polled once a beat, before the period of that beat is written (LineBoard.poll).
    """

    def __init__(self, port: PcmPort, chips: Iterable[LoopingChip], board: str) -> None:
        self._port = port
        self._board = board
        self._chips = {chip.name: chip for chip in chips}
        self._muted = {chip.name for chip in self._chips.values()}
        """Lines whose slots are not proved."""
        self._wanted: set[str] = set()
        """Lines to be proved, once the round that runs is over."""
        self._round: list[LoopingChip] = []
        self._later: list[LoopingChip] = []
        """Of the half of the frame that comes second."""
        self._polls = self._repeats = 0
        self._lost = port.lost_periods
        """Periods lost as the round began."""
        self._play_marker = False
        self._seen: dict[int, int] = {}
        self._before: Samples = np.zeros((port.slots, PERIOD), np.int16)
        self._failed: list[LoopingChip] = []
        self._in_order = False
        """Whether a line has passed since the streams stopped last."""
        self._starts = 0
        self._xruns = port.xruns
        self.proofs = self.failures = 0
        """Rounds that a line of them passed, and lines' failures, since start."""
        self.starts = 0
        """How often the streams were started anew."""

    # ------------------------------------------------------------------ as a PcmPort

    @property
    def slots(self) -> int:
        """Slots in one frame."""
        return self._port.slots

    @property
    def lost_periods(self) -> int:
        """As the port has counted."""
        return self._port.lost_periods

    @property
    def xruns(self) -> int:
        """As the port has counted."""
        return self._port.xruns

    def start(self) -> None:
        """Start the clock."""
        self._port.start()

    def restart(self) -> None:
        """Start both streams anew; every line is proved again."""
        self._port.restart()
        self._prove_all()

    def fileno(self) -> int:
        """Readable when a period waits."""
        return self._port.fileno()

    def close(self) -> None:
        """Let the port go."""
        self._port.close()

    def read(self) -> Samples | None:
        """The next period heard, muted lines silent."""
        heard = self._port.read()
        if heard is None:
            return None
        self._notice_xruns()
        if self._round:
            self._seen |= self._recognized(heard)
        if self._muted:
            heard = heard.copy()
            heard[self._muted_slots()] = 0
        return heard

    def write(self, period: Samples) -> None:
        """Play a period, muted lines silent, or with their markers."""
        if self._muted:
            period = period.copy()
            period[self._muted_slots()] = 0
        if self._play_marker:
            self._play_marker = False
            for chip in self._round:
                period[chip.slot] = marker(chip.slot)
        self._port.write(period)
        self._notice_xruns()

    def _muted_slots(self) -> list[int]:
        return [self._chips[name].slot for name in self._muted]

    def _recognized(self, heard: Samples) -> dict[int, int]:
        both = np.concatenate((self._before, heard), axis=1)
        self._before = heard
        expected = {chip.slot for chip in self._round}
        return {row: slot for row, slot in markers_in(both).items() if slot in expected}

    def _notice_xruns(self) -> None:
        if self._port.xruns != self._xruns:
            self._xruns = self._port.xruns
            self._starts = 0
            self._prove_all()

    # ------------------------------------------------------------------ what is proved

    @property
    def busy(self) -> bool:
        """Whether a line waits to be proved."""
        return bool(self._wanted or self._round or self._later)

    def came_up(self, name: str) -> bool:
        """A chip has been set up: prove its slot. False for one that cannot loop back."""
        if name not in self._chips:
            return False
        self._muted.add(name)
        self._wanted.add(name)
        return True

    def went_down(self, name: str) -> None:
        """A chip failed: nothing is proved of it until it comes up again."""
        if name in self._chips:
            self._muted.add(name)
            self._wanted.discard(name)
            for chips in (self._round, self._later, self._failed):
                chips[:] = [chip for chip in chips if chip.name != name]

    def _prove_all(self) -> None:
        """Lines that were connected, or were being proved, are proved from the beginning."""
        working = {name for name in self._chips if name not in self._muted}
        begun = {chip.name for chip in (*self._round, *self._later, *self._failed)}
        self._end_round()
        self._later, self._failed = [], []
        self._wanted |= working | begun
        self._muted |= working
        self._in_order = False

    def poll(self) -> tuple[list[str], dict[str, str]]:
        """Go on; names of lines that are connected now, and faults of lines by name.

        Raises BusClosed.
        """
        if self._round:
            self._polls += 1
            return self._judge()
        if self._later or self._failed:  # what ran was a chip's that has failed meanwhile
            return self._go_on([])
        if self._wanted:
            middle = self._port.slots / 2
            chips = [self._chips[name] for name in sorted(self._wanted)]
            self._wanted = set()
            first = [chip for chip in chips if chip.slot < middle]
            second = [chip for chip in chips if chip.slot >= middle]
            self._begin(first or second)
            self._later = second if first else []
        return [], {}

    def _begin(self, chips: list[LoopingChip], repeats: int = 0) -> None:
        self._repeats, self._lost = repeats, self._port.lost_periods
        self._round = list(chips)
        for chip in chips:
            chip.loop_back(True)
        self._polls, self._seen, self._play_marker = 0, {}, True
        self._before = np.zeros((self._port.slots, PERIOD), np.int16)

    def _end_round(self) -> None:
        for chip in self._round:
            chip.loop_back(False)
        self._round, self._play_marker = [], False

    def _judge(self) -> tuple[list[str], dict[str, str]]:
        """Whether the round is over, and what it says."""
        astray = any(row != slot for row, slot in self._seen.items())
        back = [chip for chip in self._round if self._seen.get(chip.slot) == chip.slot]
        if len(back) < len(self._round) and not astray and self._polls < PATIENCE_POLLS:
            return [], {}
        if not astray and self._was_lost(len(back)):
            self._begin(self._round, self._repeats + 1)
            return [], {}
        missing = [chip for chip in self._round if chip not in back]
        self._failed += self._round if astray else missing
        self._end_round()
        if astray or (missing and not back and not self._in_order):
            return self._disorder()
        self._in_order = self._in_order or bool(back)
        passed = [chip.name for chip in back]
        if passed:
            self._muted -= set(passed)
            self.proofs += 1
            self._starts = 0
        return self._go_on(passed)

    def _was_lost(self, back: int) -> bool:
        """Whether markers that have not come back may have been in a period that was lost."""
        late = self._port.lost_periods != self._lost
        return back < len(self._round) and late and self._repeats < REPEATS

    def _go_on(self, passed: list[str]) -> tuple[list[str], dict[str, str]]:
        """Begin the round of the other half, or tell what failed in both."""
        if not self._later:
            return passed, self._faults()
        self._begin(self._later)
        self._later = []
        return passed, {}

    def _disorder(self) -> tuple[list[str], dict[str, str]]:
        """The order of the slots is wrong, or nothing came back: both streams start anew."""
        if self._starts >= STARTS:
            return self._go_on([])
        self._starts += 1
        self.starts += 1
        log.warning(
            "board %s: voices are in wrong slots of the PCM port; its streams start anew, %d of %d",
            self._board, self._starts, STARTS,
        )  # fmt: skip
        self.restart()
        return [], {}

    def _faults(self) -> dict[str, str]:
        """What is told of the lines that failed, once all rounds are over."""
        failed, self._failed = self._failed, []
        self.failures += len(failed)
        return {chip.name: self._fault(chip) for chip in failed}

    def _fault(self, chip: LoopingChip) -> str:
        return sentence(
            "%(place)s: its voice does not come back in slot %(slot)s of "
            "the PCM port, so nothing is connected; check the wiring of "
            "PCLK, FSYNC, DRX and DTX, and [pcm] of the board file",
            place=chip.place,
            slot=chip.slot,
        )
