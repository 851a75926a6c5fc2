"""Bursts of ringing on an outside line, told from looks at the Si3050 each 10 ms.

Three things say that it rings. None of them does alone:

    RDTP, RDTN   the halves of the wave, as they are now. A change of the line's polarity trips one
                 of them [Si3050 DS p36], and 50 Hz ringing looked at each 10 ms may show nothing
                 but its zero crossings for a whole burst.
    RDTI         latched at the beginning and, with RDI, at the end of a "ring pulse" [registers 2
                 and 4]: of a burst, or of each half wave? [unverified]; one may be missed.
    RDT          by the data sheet [p27] a one-shot of about 5 s that an off-hook resets; whether it
                 follows the burst where ring validation is on was not seen on silicon [unverified].

So the halves decide where they are seen, as in the open drivers; where they are not, the latched
edges do (one soon after the other is a half wave); and RDT only wakes, and says that there is
nothing where it is 0.
"""

from drivers.sampling import PERIOD_MS

BOTH_HALVES = 3


class RingDetector:
    """Tells when a burst begins and ends.

    A burst begins after 64 ms of ringing voltage in both halves: a hit weighs 10 ms, a miss takes
    2.5 ms off [DAHDI wctdm]. It ends after 100 ms without a hit: near the threshold one look in
    five is a hit, and the shortest silence of any country's cadence is 200 ms. A late look counts
    as one: what the line did meanwhile is not known.
    """

    MISS_MS, ENOUGH_MS, GAP_MS = 2.5, 64.0, 100
    ONE_SIDED_MS = 200.0
    """Hits of one half alone: a change of polarity trips it for less than this."""
    UNSEEN_MS = 150
    """From the edge that the chip latched to a burst of which no half is seen."""
    LONGEST_UNSEEN_MS = 5000
    PULSE_MS = 60
    """An edge so soon after another is a half wave, of 10 Hz and over."""
    OWED_MS = 1000
    """How long after a burst the chip's edge for its end may come."""

    def __init__(self) -> None:
        self.ringing = False
        self._awake = False
        self._level_ms = 0.0
        self._halves = 0
        self._gap_ms = 0
        self._unseen = False
        """Whether the burst under way is known from the chip's edges only."""
        self._inside_ms: int | None = None
        """For how long the chip has been inside a burst, by its edges; None: it is not."""
        self._edge_ms = self.OWED_MS
        """Since the latest edge."""
        self._owed_ms = 0
        """For how long the edge of a burst that is over is still waited for."""

    @property
    def busy(self) -> bool:
        """Wants the next look in 10 ms."""
        return self.ringing or self._awake or self._level_ms > 0

    def see(self, halves: int, rdt: bool = False, edge: bool = False) -> bool:
        """Take one look; True when `ringing` has just changed.

        `halves` is RDTN and RDTP as a number, `edge` whether RDTI was latched since the last look.
        """
        self._awake = rdt
        self._edge_ms += PERIOD_MS
        if edge:
            halves = BOTH_HALVES if self._edge_ms <= self.PULSE_MS else halves
            self._edge_ms = 0
        self._weigh(halves)
        self._follow_edges(rdt, edge)
        if self.ringing:
            return self._ended()
        return self._begun()

    def forget(self) -> None:
        """What was seen up to now was a step of the line's voltage, no ringing."""
        self._level_ms, self._halves = 0.0, 0
        self._owe()

    def _weigh(self, halves: int) -> None:
        if halves:
            self._halves |= halves
            self._level_ms = min(self._level_ms + PERIOD_MS, self.ONE_SIDED_MS)
            self._gap_ms = 0
            return
        self._gap_ms += PERIOD_MS
        self._level_ms = max(0.0, self._level_ms - self.MISS_MS)
        if not self._level_ms:
            self._halves = 0

    @property
    def _seen(self) -> bool:
        """Whether the halves say that it rings."""
        enough = self.ENOUGH_MS if self._halves == BOTH_HALVES else self.ONE_SIDED_MS
        return self._level_ms >= enough

    def _follow_edges(self, rdt: bool, edge: bool) -> None:
        if not rdt:
            self._inside_ms, self._owed_ms = None, 0
        elif self._owed_ms:
            self._owed_ms = 0 if edge else self._owed_ms - PERIOD_MS
        elif edge:
            self._inside_ms = 0 if self._inside_ms is None else None
        elif self._inside_ms is not None:
            self._inside_ms += PERIOD_MS

    def _owe(self) -> None:
        if self._inside_ms is not None:
            self._inside_ms, self._owed_ms = None, self.OWED_MS

    def _begun(self) -> bool:
        told = self._inside_ms is not None and self._inside_ms >= self.UNSEEN_MS
        if not (self._seen or told):
            return False
        self.ringing, self._unseen = True, not self._seen
        self._inside_ms = self._inside_ms or 0
        return True

    def _ended(self) -> bool:
        if self._unseen and self._seen:
            self._unseen = False
        if self._unseen:
            inside = self._inside_ms
            over = inside is None or inside >= self.LONGEST_UNSEEN_MS
        else:
            over = self._gap_ms >= self.GAP_MS
        if over:
            self.ringing = False
            self._level_ms, self._halves = 0.0, 0
            self._owe()
        return over
