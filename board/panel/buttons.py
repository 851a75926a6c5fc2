"""Buttons: what counts as pressed, once the contacts rest. Time is handed in, in ms."""

DEBOUNCE_MS = 20


class Buttons:
    """All buttons; each has a pin with `value()`, which is 0 while it is pressed."""

    def __init__(self, pins):
        self._pins = pins
        self._pressed = [False] * len(pins)
        self._since = [None] * len(pins)
        """Since when a button has been seen the other way."""

    def __len__(self):
        return len(self._pins)

    @property
    def mask(self):
        """Bit n: button n is pressed."""
        return sum(1 << n for n, pressed in enumerate(self._pressed) if pressed)

    def tick(self, now):
        """Look at the pins; a list of (button, pressed) that has changed."""
        changed = []
        for number, pin in enumerate(self._pins):
            pressed = not pin.value()
            if pressed == self._pressed[number]:
                self._since[number] = None
            elif self._since[number] is None:
                self._since[number] = now
            elif now - self._since[number] >= DEBOUNCE_MS:
                self._since[number] = None
                self._pressed[number] = pressed
                changed.append((number, pressed))
        return changed
