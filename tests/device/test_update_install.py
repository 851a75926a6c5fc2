"""Installing: refusals that leave all as it was, and power that fails at any moment."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.device.update.bundle import Bundle, open_bundle
from app.device.update.errors import BundleError, Refused, UpdateError, WriteFailed
from app.device.update.install import BURST, Pace, install
from app.device.update.rules import Here
from app.device.update.slots import SlotState, newest, start
from app.device.update.slots_content import BLOCK, PIECE, Release
from app.device.update.slots_disk import BlockFile
from tests.kit.bundles import HERE, NEW, QUICK, Workshop
from tests.kit.slots import RELEASE, SLOT_OCTETS, PlainDisk, Power, PowerCut, a_slot

OLD_A, OLD_B, NEW_B = a_slot(1), a_slot(3), a_slot(2, release=NEW)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture
def plain(tmp_path: Path) -> PlainDisk:
    return a_disk(tmp_path)


def a_disk(folder: Path, **how: Any) -> PlainDisk:
    plain = PlainDisk(folder, **how)
    plain.fill("A", OLD_A)
    plain.fill("B", OLD_B)
    return plain


def a_bundle(shop: Workshop, **how: Any) -> Bundle:
    return open_bundle(shop.bundle(**how), shop.trusted)


def everything(plain: PlainDisk) -> list[bytes | None]:
    return [*plain.files(), plain.slot("A").read_bytes(), plain.slot("B").read_bytes()]


def test_a_good_bundle_goes_to_the_other_slot_and_on_trial(
    shop: Workshop, plain: PlainDisk
) -> None:
    install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert plain.holds("B", NEW_B) and plain.holds("A", OLD_A)
    assert plain.disk().state() == SlotState(2, "A", "B", 3)
    content = plain.disk().content("B")
    assert content is not None and content.release == NEW


def test_from_slot_b_it_goes_to_slot_a(shop: Workshop, tmp_path: Path) -> None:
    plain = a_disk(tmp_path, running="B")
    plain.disk().write(lambda state: state.marked_good("B"))
    install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert plain.holds("A", NEW_B) and plain.disk().state().trial == "A"


REFUSALS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"release": replace(NEW, version="0.0.9")}, {}, r"older \(0\.0\.9 of build .*update rollback"),
    ({"release": replace(RELEASE, built=RELEASE.built - 1)}, {}, "older"),
    ({"machines": ("raspberrypi,4-model-b",)}, {}, "other machines .*4-model-b.*dummy-virt"),
    ({}, {"machines": frozenset()}, "none that says its name"),
    ({"boards": ("rpi",)}, {}, "cannot drive the board virtual, only rpi"),
    ({"release": replace(NEW, readable_from=5)}, {}, "no way back.*version in between"),
    ({}, {"store_readable_from": 6}, "up to version 5, and this store needs 6"),
    ({}, {"free": 15_000_000}, "15 MB free and it needs 16 MB"),
    ({}, {"slot_octets": 10_000}, "do not fit the slot"),
]


@pytest.mark.parametrize(("bundle", "here", "says"), REFUSALS)
def test_what_does_not_fit_is_refused_and_nothing_is_touched(
    shop: Workshop, plain: PlainDisk, bundle: dict[str, Any], here: dict[str, Any], says: str
) -> None:
    before = everything(plain)
    with pytest.raises(Refused, match=says):
        install(a_bundle(shop, **bundle), plain.disk(), replace(HERE, **here), QUICK)
    assert everything(plain) == before


def test_all_reasons_are_told_at_once(shop: Workshop, plain: PlainDisk) -> None:
    with pytest.raises(Refused, match=r"older.*; also, .*MB free"):
        install(
            a_bundle(shop, release=replace(NEW, version="0.0.1")),
            plain.disk(),
            replace(HERE, free=0),
            QUICK,
        )


@pytest.mark.parametrize("damage", ["changed", "cut off"])
def test_a_damaged_bundle_leaves_both_slots_as_they_are(
    shop: Workshop, plain: PlainDisk, tmp_path: Path, damage: str
) -> None:
    octets = shop.bundle().read_bytes()
    at = octets.index(b"hsqs") + 90_000
    bad = octets[:at] if damage == "cut off" else octets[:at] + b"!" + octets[at + 1 :]
    path = tmp_path / "bad.update"
    path.write_bytes(bad)
    before = everything(plain)
    with pytest.raises(BundleError, match=r"cut off|checksum"):
        install(open_bundle(path, shop.trusted), plain.disk(), HERE, QUICK)
    assert everything(plain) == before


def test_versions_are_ordered_by_number_then_by_build(shop: Workshop, plain: PlainDisk) -> None:
    def fits(version: str, built: int, running: str) -> bool:
        here = replace(HERE, release=replace(RELEASE, version=running))
        try:
            install(
                a_bundle(shop, release=Release(version, built, 4, 4)), plain.disk(), here, QUICK
            )
        except Refused:
            return False
        return True

    assert fits("0.10.0", 0, "0.9.9") and not fits("0.9.9", RELEASE.built, "0.10.0")
    assert fits("1.0", RELEASE.built, "1.0.0") and fits("1.0-rc2", RELEASE.built + 1, "1.0-rc1")
    assert not fits("0.1.0", RELEASE.built - 1, "0.1.0")


def test_nothing_is_installed_while_the_running_slot_is_on_trial(
    shop: Workshop, tmp_path: Path
) -> None:
    plain = a_disk(tmp_path, running="B")
    plain.disk().write(lambda state: state.on_trial("B"))
    before = everything(plain)
    with pytest.raises(Refused, match="slot B, which runs, has not proved itself yet"):
        install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert everything(plain) == before


def test_a_second_update_before_the_restart_replaces_the_first(
    shop: Workshop, plain: PlainDisk
) -> None:
    install(a_bundle(shop), plain.disk(), HERE, QUICK)
    newer = replace(NEW, version="0.3.0")
    install(a_bundle(shop, release=newer), plain.disk(), HERE, QUICK)
    assert plain.holds("B", a_slot(2, release=newer))
    assert plain.disk().state() == SlotState(4, "A", "B", 3)


class Forgetful(BlockFile):
    """A card that takes writes and keeps something else."""

    def sync(self) -> None:
        super().sync()
        if self.size() == SLOT_OCTETS:
            self.write(BLOCK + 5, b"?")


def test_a_card_that_does_not_keep_what_it_took_is_found_out(
    shop: Workshop, tmp_path: Path
) -> None:
    plain = a_disk(tmp_path, open=Forgetful)
    with pytest.raises(WriteFailed, match="does not read back"):
        install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert plain.holds("A", OLD_A) and plain.disk().content("B") is None
    assert starts(plain) == ["A"] * 3


def test_a_content_that_could_not_be_started_is_not_put_on_trial(
    shop: Workshop, plain: PlainDisk
) -> None:
    with pytest.raises(WriteFailed, match="nothing that could be started"):
        install(a_bundle(shop, content=bytes(50_000)), plain.disk(), HERE, QUICK)
    assert plain.disk().state().trial is None


def test_it_rests_after_each_burst_as_long_as_the_burst_took(
    shop: Workshop, tmp_path: Path
) -> None:
    plain = PlainDisk(tmp_path)
    for slot in "AB":
        plain.slot(slot).write_bytes(bytes(4 * BURST))
    plain.fill("A", OLD_A)
    content = a_slot(2, kernel=random.Random(1).randbytes(2 * BURST + 5), release=NEW)
    clock = iter(range(1000))  # each look at it is a second later
    rests: list[float] = []
    told: list[tuple[str, int, int]] = []
    pace = Pace(rests.append, lambda *done: told.append(done), lambda: float(next(clock)))
    install(
        a_bundle(shop, content=content), plain.disk(), replace(HERE, slot_octets=4 * BURST), pace
    )
    assert plain.holds("B", content)
    written = [done for step, done, total in told if step == "written"]
    assert (
        len(written) == 2
        and written[-1] == len(content)
        and all(total == len(content) for _, _, total in told)
    )
    assert rests == [1.0] * (1 + -(-(len(content) - BLOCK) // PIECE))


def starts(plain: PlainDisk, times: int = 3) -> list[str | None]:
    """The slots that the next starts would run."""
    files = plain.files()
    ran = []
    for _ in range(times):
        slot, files = start(files, lambda slot: plain.disk().content(slot) is not None)
        ran.append(slot)
    return ran


def moments(marks: list[int], total: int, some: int) -> list[int]:
    """Octets after which the power fails: before, at and after each write, and at random."""
    chance = random.Random(11)
    edges = {max(0, mark + step) for mark in marks for step in (-1, 0, 1, 300)}
    return sorted({m for m in edges if m <= total} | {chance.randrange(total) for _ in range(some)})


def cut_at(shop: Workshop, folder: Path, octets: int, seed: int) -> None:
    """Install with a power that fails; then whatever is started is whole."""
    power = Power(octets, seed)
    plain = a_disk(folder, open=power.file)
    try:
        install(a_bundle(shop), plain.disk(), HERE, QUICK)
    except PowerCut:
        if plain.disk().content("B") is not None:
            kept = plain.slot("B").read_bytes()[BLOCK:]  # the first sector may be torn itself
            assert kept.startswith((OLD_B[BLOCK:], NEW_B[BLOCK:])), "half of each"
        ran = starts(plain, 5)
        assert ran[-1] == "A" and plain.holds("A", OLD_A)
        if "B" in ran:
            assert plain.holds("B", NEW_B), "started before it was whole"
            assert ran[:3] == ["B"] * 3
    else:
        assert starts(plain)[0] == "B"


def test_a_power_cut_at_any_moment_leaves_a_system_that_starts(
    shop: Workshop, tmp_path: Path
) -> None:
    whole = Power(1 << 40)
    plain = a_disk(tmp_path / "whole", open=whole.file)
    install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert whole.spent > len(NEW_B), "nothing was written, so nothing was tried"
    for n, moment in enumerate(moments(whole.marks, whole.spent, 30)):
        cut_at(shop, tmp_path / str(n), moment, n)


@pytest.mark.soak
def test_power_cuts_at_a_thousand_moments(shop: Workshop, tmp_path: Path) -> None:
    for n in range(1000):
        chance = random.Random(n)
        cut_at(shop, tmp_path / str(n), chance.randrange(len(NEW_B) + 8000), n)


def test_after_a_power_cut_the_update_can_be_done_again(shop: Workshop, tmp_path: Path) -> None:
    plain = a_disk(tmp_path, open=Power(60_000).file)
    with pytest.raises(PowerCut):
        install(a_bundle(shop), plain.disk(), HERE, QUICK)
    plain.open = BlockFile
    install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert plain.holds("B", NEW_B) and newest(plain.files())[0].trial == "B"


def test_a_failing_disk_is_told_and_the_running_slot_goes_on(
    shop: Workshop, tmp_path: Path
) -> None:
    class Worn(BlockFile):
        def write(self, at: int, octets: bytes) -> None:
            if at + len(octets) > 100_000:
                raise OSError(5, "Input/output error")
            super().write(at, octets)

    plain = a_disk(tmp_path, open=Worn)
    with pytest.raises(UpdateError, match="cannot be written: Input/output error"):
        install(a_bundle(shop), plain.disk(), HERE, QUICK)
    assert starts(plain) == ["A"] * 3


def test_the_judgement_is_for_the_owner(shop: Workshop) -> None:
    here: Here = replace(HERE, free=0)
    with pytest.raises(Refused) as refusal:
        install(a_bundle(shop), PlainDisk(shop.folders.build / "x").disk(), here, QUICK)
    assert str(refusal.value).startswith("not installed: the data partition has 0 MB free")
