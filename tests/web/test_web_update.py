"""An update by the page: uploaded, installed, tried, kept, or gone back from; and what is refused.

The two slots are files, the loader is its twin in Python (app/device/update/slots.py), and the
checks of a slot on trial are played. The tasks, the pages and everything between them are real.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.core.sentences import sentence
from app.core.told import told
from app.device.update import record
from app.device.update.confirm import Check, Verdict, confirm
from app.device.update.errors import CheckFailed
from app.device.update.slots import FILES, SlotState, start
from app.device.update.slots_content import Release
from app.operations import update_place, updates
from app.operations.tasks import TaskState, read_task
from app.store.schema import STEPS
from tests.kit.bundles import NEW, Workshop
from tests.kit.running import until
from tests.kit.slots import RELEASE, PlainDisk, a_slot
from tests.kit.tasks import task_thread
from tests.kit.web import WebHouse
from tests.kit.web_visitor import Visitor, furnish

PAGE = "/maintenance/update"
NEXT = replace(NEW, schema=STEPS[-1].version, readable_from=STEPS[-1].readable_from)


@dataclass
class Device:
    """A machine with two slots whose pages are served."""

    house: WebHouse
    plain: PlainDisk
    shop: Workshop
    visitor: Visitor
    boots: int = 0

    @property
    def paths(self) -> Paths:
        """Its folders."""
        return self.house.paths

    def page(self) -> str:
        """The page as it is now."""
        answer = self.visitor.get(PAGE)
        assert answer.status == 200, answer.text
        return answer.text

    def upload(self, bundle: Path) -> TaskState:
        """Send a file by the page's form; how looking at it went."""
        before = read_task(self.paths, "update-check")
        file = {"file": (bundle.name, bundle.read_bytes())}
        sent = self.visitor.post_files(f"{PAGE}/file", {}, file)
        assert sent.status in (303, 422), sent.text
        return self.ended("update-check", before)

    def install(self) -> TaskState:
        """Press the button; how it went."""
        before = read_task(self.paths, "update")
        assert self.visitor.post(f"{PAGE}/install", {}).status in (303, 422)
        return self.ended("update", before)

    def ended(self, kind: str, before: TaskState | None) -> TaskState:
        """The next task of a kind, once it has ended."""

        def look() -> TaskState | None:
            state = read_task(self.paths, kind)
            is_new = state is not None and (before is None or state.number != before.number)
            return state if is_new and state is not None and not state.runs else None

        state = until(look)
        assert state is not None
        return state

    def start(self) -> None:
        """The machine starts: the loader chooses a slot."""
        self.boots += 1
        slot, files = start(
            self.plain.files(), lambda slot: self.plain.disk().content(slot) is not None
        )
        assert slot is not None
        for name, octets in zip(FILES, files, strict=True):
            self.plain.file(name).write_bytes(octets or b"")
        self.plain.running = slot

    def try_out(self, do: Callable[[], str]) -> Verdict:
        """What the service `trial` does after a start, with this for a check."""
        said: list[str] = []
        verdict = confirm(self.plain.disk(), [Check("mail", do)], said.append)
        kept = verdict is Verdict.GOOD
        record.note_trial(self.paths, self.plain.running, kept, tuple(map(told, said)))
        return verdict


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, nora={"roles": ["network"]})
    with task_thread(house.paths):
        yield box
    box.db.close()


@pytest.fixture
def device(house: WebHouse, box: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    shop, plain = Workshop(tmp_path / "shop"), PlainDisk(tmp_path / "disk")
    plain.fill("A", a_slot(1))
    release, tree = tmp_path / "release.json", tmp_path / "compatible"
    release.write_text(json.dumps(asdict(RELEASE)))
    tree.write_bytes(b"linux,dummy-virt\0")
    device = Device(house, plain, shop, Visitor(house).log_in("nora"))
    for module in (updates, update_place):
        monkeypatch.setattr(module, "RELEASE", release)
    monkeypatch.setattr(updates, "DEVICE_TREE", tree)
    monkeypatch.setattr(updates, "KEYS", shop.trusted[0].parent)
    monkeypatch.setattr(updates, "_be_modest", lambda: None)  # the test's own process stays
    monkeypatch.setattr(update_place, "disk_of", lambda paths: plain.disk())
    monkeypatch.setattr(record, "this_boot", lambda: f"boot {device.boots}")
    (house.paths.etc / "update.json").unlink(missing_ok=True)
    return device


def _well() -> str:
    return sentence("a mail went in by SMTP and out by POP3")


def _ill() -> str:
    raise CheckFailed(
        sentence("POP3 gave %(count)s messages and not the one that was sent", count=0)
    )


def test_update_from_the_page_is_written_tried_and_kept(device: Device) -> None:
    assert "Version 0.1.0 of build" in device.page()
    assert device.upload(device.shop.bundle(release=NEXT)).outcome == "done"
    shown = device.page()
    assert "version: 0.2.0 of build" in shown and "here: can be installed" in shown
    state = device.install()
    assert state.outcome == "done", state.text
    assert [line.sentence for line in state.said][-2:] == ["written: 100 %", "read back: 100 %"]
    assert device.plain.disk().state() == SlotState(2, "A", "B", 3)
    waiting = device.page()
    assert "is written. It is tried when the box starts again" in waiting
    assert "data-again" in waiting and "Start the box again now" in waiting

    device.start()
    assert "runs on trial" in (trying := device.page()) and "data-again" in trying
    assert device.try_out(_well) is Verdict.GOOD
    kept = device.page()
    assert f"Version 0.2.0 of build {NEW.built} has proved itself and is kept." in kept
    assert "mail: a mail went in by SMTP and out by POP3" in kept and "data-again" not in kept
    assert device.plain.disk().state().good == "B"


def test_version_that_fails_its_trial_three_times_is_told_with_its_reason(device: Device) -> None:
    device.upload(device.shop.bundle(release=NEXT))
    device.install()
    for _ in range(3):
        device.start()
        assert device.plain.running == "B" and device.try_out(_ill) is Verdict.FAILED
    device.start()
    assert device.plain.running == "A"
    shown = device.page()
    assert "has not proved itself. The version before runs again." in shown
    assert "mail: FAILED: POP3 gave 0 messages" in shown and "data-again" not in shown


BAD: dict[str, tuple[Callable[[Workshop], Path], str]] = {
    "unsigned": (
        lambda shop: shop.bundle(release=NEXT, key=shop.stranger()),
        "the file is not signed by any key this system trusts",
    ),
    "truncated": (lambda shop: _cut(shop.bundle(release=NEXT)), "octets are missing"),
    "damaged": (
        lambda shop: _flipped(shop.bundle(release=NEXT)),
        "checksum is wrong",
    ),
    "no bundle": (lambda shop: _text(shop), "the file is no update bundle, or cut off"),
}
REFUSED: dict[str, tuple[Callable[[Workshop], Path], str]] = {
    "older": (lambda shop: shop.bundle(release=_older()), "it is older (0.0.9 of build"),
    "other board": (
        lambda shop: shop.bundle(release=NEXT, boards=("rpi",)),
        "it cannot drive the board virtual, only rpi",
    ),
    "other machine": (
        lambda shop: shop.bundle(release=NEXT, machines=("acme,toaster",)),
        "it is for other machines (acme,toaster), and this is linux,dummy-virt",
    ),
}


@pytest.mark.parametrize("what", [*BAD, *REFUSED])
def test_bundle_that_cannot_be_is_named_and_changes_nothing(device: Device, what: str) -> None:
    make, words = {**BAD, **REFUSED}[what]
    before = device.plain.files(), device.plain.slot("B").read_bytes()
    looked_at = device.upload(make(device.shop))
    if what in BAD:
        assert looked_at.outcome == "refused" and words in looked_at.text
    assert words in device.page()
    installed = device.install()
    assert installed.outcome == "refused" and words in installed.text and installed.field == "file"
    assert (device.plain.files(), device.plain.slot("B").read_bytes()) == before


def _older() -> Release:
    return replace(NEXT, version="0.0.9")


def _cut(bundle: Path) -> Path:
    return _rewritten(bundle, _without_the_end(bundle.read_bytes()))


def _without_the_end(octets: bytes) -> bytes:
    # the archive ends with zeros after the content, which do not count
    return octets.rstrip(b"\0")[:-2000]


def _flipped(bundle: Path) -> Path:
    octets = bytearray(bundle.read_bytes())
    octets[len(octets.rstrip(b"\0")) - 2000] ^= 1
    return _rewritten(bundle, bytes(octets))


def _text(shop: Workshop) -> Path:
    return _rewritten(shop.folders.made("slots") / "notes.txt", b"not an update at all\n" * 600)


def _rewritten(path: Path, octets: bytes) -> Path:
    path.write_bytes(octets)
    return path
