"""How a call goes, for the list of calls: when it was answered, by what, and how long it took."""

from app.phone.jobs import Outcome


class Course:
    """The course of one call; `now` is always line time, in periods (10 ms)."""

    def __init__(self, now: int) -> None:
        self.outcome: Outcome = "not answered"
        self._begun = now
        self._dialled: int | None = None
        self._answered: int | None = None

    def answered(self, outcome: Outcome, now: int) -> None:
        """Somebody, or voicemail, has answered."""
        self.outcome, self._answered = outcome, now

    def dialled(self, now: int) -> None:
        """The number was dialled on an outside line: from now on somebody may be there."""
        self._dialled = now

    def since_dialled(self, now: int) -> int:
        """Periods since then; 0 if nothing was dialled."""
        return 0 if self._dialled is None else now - self._dialled

    def take_as_answered(self) -> None:
        """It lasted long, and no sign said whether anybody was there."""
        self.outcome, self._answered = "perhaps answered", self._dialled

    def times(self, now: int) -> tuple[int, int]:
        """Periods before it was answered, or before its end, and after that."""
        answered = now if self._answered is None else self._answered
        return answered - self._begun, now - answered
