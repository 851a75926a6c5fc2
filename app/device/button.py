"""The panel's button as proof that somebody stands at the box: pressed when it is asked for."""

ASKED_S = 30.0
"""How long it may take until it has been held."""
HOLD_S = 3.0
"""How long it must be held: nobody leans on it for so long by chance."""


class Asked:
    """Watches a button from the question on.

    It must have been seen up first: a button that hangs proves nothing.
    """

    def __init__(self, now: float) -> None:
        """`now`: monotonic seconds at the question."""
        self._asked = now
        self._up = False
        self._since: float | None = None

    @property
    def is_down(self) -> bool:
        """Whether it is being held."""
        return self._since is not None

    def look(self, now: float, pressed: bool) -> bool | None:
        """True: held long enough; False: the time is over; None: look again.

        `now`: monotonic seconds.
        """
        if not pressed:
            self._up, self._since = True, None
        elif self._up and self._since is None:
            self._since = now
        if self._since is not None and now - self._since >= HOLD_S:
            return True
        return False if now - self._asked >= ASKED_S else None
