"""How a call goes, for the list of calls: when it was answered, by what, and how long it took."""

from app.phone.jobs import Outcome


class Course:
    """The course of one call; `now` is always line time, in periods (10 ms)."""

    def __init__(self, now: int) -> None:
        self.outcome: Outcome = "not answered"
        self._begun = now
        self._answered: int | None = None

    def answered(self, outcome: Outcome, now: int) -> None:
        """Somebody, or voicemail, has answered."""
        self.outcome, self._answered = outcome, now

    def times(self, now: int) -> tuple[int, int]:
        """Periods before it was answered, or before its end, and after that."""
        answered = now if self._answered is None else self._answered
        return answered - self._begun, now - answered
