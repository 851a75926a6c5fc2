"""A short piece of the long proof: a few rounds of the box that is killed and cut off."""

from pathlib import Path

from tests.kit.killing import needs_strace
from tests.soak.kills import run_epoch
from tests.soak.promises import Place

ROUNDS = 8

pytestmark = needs_strace


def test_what_was_acknowledged_is_there_once_after_every_kill_cut_and_failing_disk(
    tmp_path: Path,
) -> None:
    soak, kinds = run_epoch(tmp_path / "var", "a short piece 36", ROUNDS, ends=2, instants=5)
    assert kinds.total() == ROUNDS
    assert len(kinds) >= 4, "the seed chooses the same kind again and again"
    acknowledged = soak.promises.acknowledged.sums
    assert acknowledged["mail"] >= 20, acknowledged
    assert acknowledged["voicemail"] >= 1, acknowledged
    assert min(acknowledged[what] for what in ("QUIT", "remove", "restore")) >= 1, acknowledged
    assert soak.ends >= 2, "no power cut left anything in doubt"
    assert soak.instants >= 10, "hardly any instants within a round were tried"
    places = {item.place for item in soak.promises.items.values()}
    assert {Place.INBOX, Place.BIN} <= places
