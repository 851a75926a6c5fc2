"""The store is missing, damaged or read-only, at the start or from then on: calls go on."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

import pytest

from app.config.paths import Paths
from drivers.buses import Samples
from tests.kit.hearing import SAME, likeness, prompt_file, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.lines_only import LinesOnly, read_only
from tests.kit.world import PINS

ANSWER = "demo-thanks"
CALL = 'ring line1 from 5551234 "CARL CALLER"'


class Harm:
    """What can happen to a store, and how it comes back."""

    def __init__(self, lines: LinesOnly, patch: pytest.MonkeyPatch) -> None:
        self._lines, self._patch = lines, patch
        self._undo: AbstractContextManager[None] | None = None
        self._kept = lines.paths.var.parent / "kept"

    def do(self, what: str) -> None:
        store = self._lines.paths.database
        if what in ("missing", "damaged", "moved away"):
            if what != "moved away":
                self._lines.off()
            self._kept.mkdir()
            for path in store.parent.glob(f"{store.name}*"):
                path.rename(self._kept / path.name)
            if what == "damaged":
                store.write_bytes(bytes(range(256)) * 64)
        elif what == "folder missing":
            self._lines.off()
            self._lines.paths.var.rename(self._kept)
        if what in ("folder missing", "read-only"):
            self._undo = read_only(self._patch, self._lines.paths.var)
            self._undo.__enter__()

    def undo(self) -> None:
        """The store is back, with all that was in it."""
        store = self._lines.paths.database
        if self._undo is not None:
            self._undo.__exit__(None, None, None)
        if not self._kept.exists():
            return
        if (self._kept / "store").exists():
            shutil.rmtree(self._lines.paths.var, ignore_errors=True)
            self._kept.rename(self._lines.paths.var)
        else:
            for path in store.parent.glob(f"{store.name}*"):
                path.unlink()
            for path in self._kept.iterdir():
                path.rename(store.parent / path.name)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LinesOnly]:
    monkeypatch.setattr(Paths, "spool_memory", property(lambda _: tmp_path / "memory"))
    lines = LinesOnly(tmp_path)
    yield lines
    lines.off()


@pytest.fixture
def harm(lines: LinesOnly, monkeypatch: pytest.MonkeyPatch) -> Harm:
    return Harm(lines, monkeypatch)


def calls_go_on(lines: LinesOnly) -> None:
    """Dial tone, a call from handset to handset, a call from outside."""
    lines.board(
        "lift 101", "wait-for 101 dial-tone", "dial 101 102", "wait-for 102 ringing", "lift 102"
    )
    ben = lines.listen("102")
    lines.board("time 500ms", f"say 101 {prompt_file(ANSWER)}")
    ben.hears(ANSWER, within_s=2)
    lines.board("hangup 101", "hangup 102", "time 2s")
    lines.board(CALL, "wait-for 102 ringing", "lift 102", "wait-for line1 answered within 1s")
    caller = lines.listen("line1")
    lines.board("time 500ms", f"say 102 {prompt_file(ANSWER)}")
    caller.hears(ANSWER, within_s=2)
    lines.board("hangup line1", "wait-for 102 busy within 5s", "hangup 102", "time 3s")


def leave_message(lines: LinesOnly, words: Path, *prompts: str) -> None:
    lines.board(CALL, "wait-for 101 ringing")
    caller = lines.listen("line1")
    for name in prompts:
        caller.hears(name)
    lines.board("wait-for line1 beep", f"say line1 {words}", "hangup line1", "time 3s")


def one_message(lines: LinesOnly, words: Samples) -> None:
    """Anna has this message, once, with its caller and every word."""
    ((entry, octets),) = lines.voicemails("anna")
    assert (entry.caller_number, entry.caller_name) == ("5551234", "CARL CALLER")
    assert likeness(words, read_wav(BytesIO(wav_of(parsed(octets))))) > SAME


def spooled(lines: LinesOnly) -> list[str]:
    folders = (lines.paths.spool, lines.paths.spool_memory)
    return [path.name for folder in folders for path in folder.glob("*.voice")]


GREETING = ("vm-theperson", "digits/2", "digits/0", "digits/1", "vm-isunavail", "vm-intro")


@pytest.mark.parametrize("what", ["missing", "damaged", "read-only"])
def test_phone_that_starts_without_its_store_takes_calls_and_messages(
    lines: LinesOnly, harm: Harm, what: str, words: Path, words_at_8_khz: Samples
) -> None:
    lines.power()
    harm.do(what)
    lines.power()
    calls_go_on(lines)
    leave_message(lines, words, *GREETING)
    assert len(spooled(lines)) == 1
    if what == "missing":
        assert not lines.paths.database.exists(), "an empty store was made in its place"
    lines.power()  # a restart meanwhile loses nothing
    harm.undo()
    lines.later(60)
    one_message(lines, words_at_8_khz)
    assert spooled(lines) == []
    lines.board("time 3s")
    assert lines.board("lamps")[0].split() == ["101", "lit", "102", "dark"]
    lines.power()
    one_message(lines, words_at_8_khz)


@pytest.mark.parametrize("what", ["moved away", "read-only"])
def test_store_that_goes_away_in_the_middle_of_a_message_costs_no_word(
    lines: LinesOnly, harm: Harm, what: str, words: Path, words_at_8_khz: Samples
) -> None:
    lines.power()
    lines.board(CALL, "wait-for line1 beep", f"say line1 {words}", "time 1s")
    harm.do(what)
    lines.board("hangup line1", "time 3s")
    calls_go_on(lines)
    harm.undo()
    lines.later(60)
    one_message(lines, words_at_8_khz)
    assert spooled(lines) == []


def test_box_without_its_whole_folder_takes_calls_and_a_message_for_the_postmaster(
    lines: LinesOnly, harm: Harm, words: Path, words_at_8_khz: Samples
) -> None:
    lines.power()
    harm.do("folder missing")
    lines.power()
    calls_go_on(lines)
    leave_message(lines, words, "vm-nobodyavail", "vm-intro")
    harm.undo()
    lines.power()
    lines.later(60)
    one_message(lines, words_at_8_khz)


def test_owner_hears_in_words_that_messages_cannot_be_heard(lines: LinesOnly, harm: Harm) -> None:
    lines.power()
    harm.do("damaged")
    lines.power()
    lines.board("lift 101", "wait-for 101 dial-tone")
    anna = lines.listen("101")
    lines.board("dial 101 201")
    anna.hears("vm-password")
    lines.board(f"dial 101 {PINS['anna']}#")
    anna.hears("im-sorry")
    anna.hears("please-try-call-later")
