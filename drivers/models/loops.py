"""The two wires of a line, seen by both ends: volts, milliamperes, ringing.

Positive volts mean TIP above RING (normal polarity). Sound on the wires is passed as samples.
"""

from drivers.models.hybrid import Hybrid

OFF_HOOK_OHMS = 300.0
"""A lifted handset with its wire."""


FEED_OHMS = 1400.0
"""An office's feed and a subscriber's wire."""


class StationLoop:
    """Between a SLIC and a handset. The handset sets the load, the SLIC the rest."""

    __slots__ = (
        "ground_ohms",
        "hertz",
        "hybrid",
        "ma",
        "ohms",
        "ren",
        "ring_vrms",
        "touched",
        "volts",
    )

    def __init__(self, hybrid: Hybrid | None = None) -> None:
        self.hybrid = hybrid
        """What comes back of the sound sent to a lifted handset; None: nothing."""
        self.ohms: float | None = None
        """The handset's resistance while it is lifted."""
        self.ground_ohms: float | None = None
        """From RING to ground, while a telephone system starts a call by it (ground start)."""
        self.ren = 1.0
        """Ringer equivalence: 1 is 6930 Ω with 8 µF."""
        self.touched = True
        """The load has changed since the SLIC last looked."""
        self.volts = 0.0
        self.ma = 0.0
        self.ring_vrms = 0.0
        self.hertz = 0.0

    def load(self, ohms: float | None) -> None:
        """Close the loop through so many ohms, or open it (None)."""
        if ohms != self.ohms:
            self.ohms = ohms
            self.touched = True

    def ground(self, ohms: float | None) -> None:
        """Join RING to ground through so many ohms, or leave it (None)."""
        self.ground_ohms = ohms
        self.touched = True


class TrunkLoop:
    """Between the telephone office and a DAA. The office feeds it, the DAA draws current."""

    __slots__ = (
        "feed_ohms",
        "feed_volts",
        "hertz",
        "hybrid",
        "ma",
        "parallel_ohms",
        "ring_since",
        "ring_vrms",
        "touched",
    )

    def __init__(self, hybrid: Hybrid | None = None) -> None:
        self.hybrid = hybrid
        """What comes back of the sound that is sent while off hook; None: nothing."""
        self.feed_volts = 48.0
        """Open-circuit voltage; 0 while the office takes the battery away (CPC)."""
        self.feed_ohms = FEED_OHMS
        """The office's feed and the wire; with a DAA's 6 V that gives 30 mA."""
        self.ring_vrms = 0.0
        self.hertz = 20.0
        self.ring_since = 0
        """Sample at which the ringing burst began."""
        self.ma = 0.0
        """Current from the office; positive in either polarity."""
        self.parallel_ohms: float | None = None
        """Of another telephone on the same wires, while it is off hook."""
        self.touched = True
        """The office changed something since the DAA last looked."""

    def feed(self, volts: float) -> None:
        """Put so many volts on the line; negative is reversed polarity."""
        if volts != self.feed_volts:
            self.feed_volts = volts
            self.touched = True

    def feed_through(self, ohms: float) -> None:
        """Feed the line through so many ohms."""
        if ohms != self.feed_ohms:
            self.feed_ohms = ohms
            self.touched = True

    def parallel(self, ohms: float | None) -> None:
        """Let another telephone on the same wires go off hook, or on hook (None)."""
        self.parallel_ohms = ohms
        self.touched = True

    def ring(self, vrms: float, now: int) -> None:
        """Start (vrms > 0) or stop ringing voltage at the sample number `now`."""
        self.ring_vrms = vrms
        self.ring_since = now
        self.touched = True
