"""What strangers write into subjects, names and replies ends no command and moves no cursor."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.queue import Purpose, QueueItem
from app.store.database import Tx
from tests.kit.commands import Shell

HOSTILE = {
    "closing markup": "[/b] [/] [red]x[/red] [link=http://evil.example]y[/link]",
    "open bracket": "[",
    "backslashes": "\\[b]\\",
    "emoji code": ":smile: :bomb:",
    "clear screen": "\x1b[2J\x1b[H",
    "title and hyperlink": "\x1b]0;owned\x07\x1b]8;;http://evil.example\x1b\\click",
    "C1 control": "\x9b31m\x9d0;x\x9c",
    "line ends": "a\r\nATTENTION: all is well\nb\x0bc\x0cd\x85e\u2028f\u2029g",
    "backspaces": "evil\x08\x08\x08\x08good\x7f",
    "zero octet": "a\x00b",
    "right to left": "\u202egnp.exe\u202c \u2066x\u2069 \u200f",
    "no width": "pay\u200bpal\u00ad\ufeff\u2060\U000e0041",
    "half a pair": "x\ufffdy",
    "combining marks": "Z" + "\u0301" * 300,
    "wide": "漢" * 150,
    "long": "x" * 5000,
    "percent and braces": "%s %d {0} {x} %(y)s",
}

ACTS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)

LISTINGS = [
    "people list",
    "people account list",
    "alias list",
    "alias trace anna",
    "inbox list anna",
    "inbox list anna --bin",
    "inbox show {entry}",
    "inbox history anna",
    "queue list",
    "queue show {row}",
    "status",
    "settings list",
]


class Hostile:
    """A box in which these texts stand wherever a stranger can put one."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
        self.shell = Shell(folder, monkeypatch)
        self.shell.ok("people add anna --name Anna --mailbox 201 --admin")
        self.shell.ok("alias set team anna eva@example.org --owner anna")
        self.box = self.shell.inbox()
        self.made = self.box.db.now(lambda tx: [self._fill(tx, text) for text in texts])
        """Entry and row of the queue, for each text."""
        self.shell.paths.notices.mkdir()
        for number, text in enumerate(texts):
            (self.shell.paths.notices / f"told-{number}").write_text(text)

    def _fill(self, tx: Tx, text: str) -> tuple[int, int]:
        store = self.box.store
        anna = self.box.people.by_login("anna")
        assert anna is not None
        mail = f"From: {text}\r\nSubject: {text}\r\n\r\n{text}\r\n".encode("utf-8", "surrogatepass")
        content = store.contents.write(tx, (mail,))
        facts = Facts(1_790_000_000.0, text, text)
        entry = store.add_entry(tx, anna.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)
        for person in (anna.id, None):
            store.missed_call(
                tx, person, line="line1", caller_number=text, caller_name=text, reason=text
            )
        item = QueueItem(Purpose.CUSTODY, content, b"", text, anna.id, entry)
        (row,) = self.box.queue.add(tx, item, [text])
        self.box.queue.deferred(tx, row, text, 1_790_000_100.0)
        store.remove(tx, [entry], door=text, by=text)
        return entry, row


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """A box with all of them."""
    with pytest.MonkeyPatch.context() as patch:
        yield Hostile(tmp_path_factory.mktemp("hostile") / "var", patch, *HOSTILE.values())


@pytest.mark.parametrize("listing", LISTINGS)
def test_no_listing_ends_or_acts_on_a_hostile_text(listing: str, hostile: Hostile) -> None:
    lines = {listing.format(entry=entry, row=row) for entry, row in hostile.made}
    for line in lines:
        said = hostile.shell.run(line)
        assert said.code == 0, f"{line} ends with {said.code}: {said.text}"
        assert (acts := ACTS.findall(said.text)) == [], f"{line} lets {acts} through"


def test_markup_in_a_subject_is_shown_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[/b] [red]x[/red] :smile:"
    hostile = Hostile(tmp_path / "var", monkeypatch, text)
    assert text in hostile.shell.ok("inbox list anna --bin")
    assert text in hostile.shell.ok("queue list")
    assert text in hostile.shell.ok("status")


def test_line_end_in_a_callers_name_makes_no_line_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = Hostile(tmp_path / "var", monkeypatch, "x\r\nATTENTION: call +1 900")
    for line in ("status", "inbox list anna", "inbox history anna", "queue show 1"):
        lines = hostile.shell.ok(line).splitlines()
        lines = [found for found in lines if found.startswith("ATTENTION: call")]
        told = 1 if line == "status" else 0  # the notice of a boot script has lines of its own
        assert len(lines) == told, f"{line}: {lines}"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_refusal_that_repeats_a_hostile_argument_shows_it(text: str, hostile: Hostile) -> None:
    shell = hostile.shell
    for words in (["inbox", "list", text], ["people", "pin", text], ["alias", "trace", text]):
        said = shell.run_words(words)
        assert said.code != 0
        assert ACTS.findall(said.text) == [], words
