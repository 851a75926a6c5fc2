"""How often something may be tried: some times at once, and once more after each while.

What has been spent is one number, the moment at which nothing would be owed any more, so it costs
the same to keep in memory and in a table [ITU-T I.371, the generic cell rate algorithm].
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """`at_once` tries, and one more for each `every_s` seconds since."""

    at_once: int
    every_s: float

    def spend(self, owed_until: float, now: float) -> float | None:
        """The new `owed_until` after one more try at `now`; None if there is none left.

        Both are seconds of one clock; before the first try `owed_until` is anything in the past.
        """
        if owed_until - now > (self.at_once - 1) * self.every_s:
            return None
        return max(owed_until, now) + self.every_s

    def next_at(self, owed_until: float) -> float:
        """From when on `spend` gives a try, in seconds of its clock."""
        return owed_until - (self.at_once - 1) * self.every_s

    def give_back(self, owed_until: float) -> float:
        """The new `owed_until` when one try was none after all."""
        return owed_until - self.every_s
