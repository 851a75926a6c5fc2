"""What an LED shows: patterns by number, lit or dark at a moment. Time is handed in, in ms."""

OFF, ON, SLOW, FAST, DOUBLE = range(5)

PATTERNS = (
    (1000, ()),
    (1000, ((0, 1000),)),
    (1000, ((0, 500),)),
    (200, ((0, 100),)),
    (2000, ((0, 100), (300, 400))),
)
"""By number: the length of a round, and from when to when in it the LED is lit."""


def lit(pattern, now):
    """Whether an LED with this pattern is lit at `now`."""
    length, spans = PATTERNS[pattern]
    place = now % length
    return any(start <= place < end for start, end in spans)


class Leds:
    """All LEDs; each has a pin with `value(level)`."""

    def __init__(self, pins):
        self._pins = pins
        self._levels = [None] * len(pins)
        self._patterns = bytes(len(pins))

    def __len__(self):
        return len(self._pins)

    def show(self, patterns):
        """One octet an LED; LEDs without one go dark, a pattern that we do not know is dark."""
        known = [p if p < len(PATTERNS) else OFF for p in patterns[: len(self._pins)]]
        self._patterns = bytes(known + [OFF] * (len(self._pins) - len(known)))

    def tick(self, now):
        """Switch what changes at `now`."""
        for number, pattern in enumerate(self._patterns):
            level = lit(pattern, now)
            if level != self._levels[number]:
                self._levels[number] = level
                self._pins[number].value(1 if level else 0)
