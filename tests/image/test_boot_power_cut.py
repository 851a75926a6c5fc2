"""The power goes at random moments: nothing acknowledged is lost, and the box starts again.

QEMU is killed, so everything that the guest had not written to its card is gone, as with a plug
that is pulled. Between two cuts the inbox is compared with what senders were told, octet by octet,
and emptied; what was deleted must not come back either.
"""

import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.guest import PRODUCTS, SLOW, Guest
from tests.kit.guest_load import Load, Owner, owner_of, settle_up
from tests.kit.kill_load import Figures, Tally, told_at_the_end

FEW, MANY = 2, int(os.environ.get("SWITCHHOOK_CUTS", "30"))
MANY_UPDATING = int(os.environ.get("SWITCHHOOK_UPDATE_CUTS", "20"))
LOAD_S = 6.0
"""A cut comes within so many seconds of the first acknowledged letter."""
UPDATE_S = 60.0
"""And within so many of the beginning of an update."""
ROOMY = 4 << 30
"""Octets of a card that holds all letters of these minutes: what is deleted stays in the bin."""


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    yield from told_at_the_end(request)


@dataclass
class Cutter:
    """One box whose power goes again and again; `begin` says what goes on besides mail."""

    guest: Guest
    seed: int
    spread_s: float
    begin: Callable[[Guest, Owner], None] = lambda guest, owner: None

    def run(self, cuts: int) -> Figures:
        """So many cuts; AssertionError if something acknowledged is lost, or it does not start."""
        dice, sums = random.Random(self.seed), Figures()
        with self.guest:
            owner = owner_of(self.guest)
            books = self._loaded(owner, dice)
        for left in reversed(range(cuts)):
            with self.guest:
                sums += settle_up(self.guest, owner, books.over())
                if left:
                    books = self._loaded(owner, dice)
        return sums

    def _loaded(self, owner: Owner, dice: random.Random) -> Load:
        """Let mail flow for a random time; the power goes when this returns."""
        load = Load(self.guest, owner, dice)
        assert load.flowing.wait(120 * SLOW), self.guest.console[-2000:]
        self.begin(self.guest, owner)
        threading.Event().wait(dice.uniform(0, self.spread_s))
        return load


@pytest.mark.boot
def test_two_cuts_while_mail_comes_in(tmp_path: Path, tally: Tally) -> None:
    tally.add("power cuts under mail load", Cutter(Guest(tmp_path), 1, LOAD_S).run(FEW))


@pytest.mark.bootfull
def test_many_cuts_while_mail_comes_in(tmp_path: Path, tally: Tally) -> None:
    tally.add("power cuts under mail load", Cutter(Guest(tmp_path), 2, LOAD_S).run(MANY))


def install(guest: Guest, owner: Owner) -> None:
    """Begin to install the bundle on the card; whether it may be installed now is the box's say."""
    guest.log_in(owner.console)
    guest.type("switchhook update install /run/card/next.update &")


@pytest.mark.bootfull
def test_many_cuts_while_an_update_is_written(tmp_path: Path, tally: Tally) -> None:
    (bundle,) = PRODUCTS.glob("*.update")
    guest = Guest(tmp_path, uboot=True, octets=ROOMY)
    next_ = tmp_path / "next.update"
    next_.symlink_to(bundle)
    guest.put_file_on_card(next_)
    figures = Cutter(guest, 3, UPDATE_S, install).run(MANY_UPDATING)
    tally.add("power cuts during an update, under mail load", figures)
    started = [slot for slot in "AB" if f"starting {slot}" in guest.history()]
    print(f"slots that were started: {' '.join(started)}")
