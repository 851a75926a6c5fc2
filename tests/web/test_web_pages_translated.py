"""Every page in a language that marks what is translated: what stands outside the marks is told.

Names, addresses, numbers and what programs themselves have written are the same in all languages.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest

from app.appliance import Inbox
from app.core.records import to_json
from app.core.told import Told, told
from app.device.selftest import buses, machine
from app.device.selftest.findings import Trial, run
from app.device.update.bundle import Bundle, Manifest
from app.device.update.errors import Refused
from app.device.update.rules import judge
from app.inbox.entries import EntryState, Facts, Kind
from app.operations import update_place, updates
from app.operations.task_results import Said
from app.operations.tasks import TaskState, write_state
from app.pages_box import PagesBox
from app.store.database import Tx
from app.web import rendering, words
from tests.kit.bundles import HERE, NEW
from tests.kit.slots import PlainDisk
from tests.kit.web import WebHouse, apart_here
from tests.kit.web_visitor import Visitor, furnish

PAGES = (
    "/account", "/business/add-alias", "/business/add-user", "/business/alias-files",
    "/business/aliases", "/business/aliases/sales", "/business/greetings", "/business/lines",
    "/business/lines/line1", "/business/notification", "/business/numbers",
    "/business/templates", "/business/users",
    "/business/users/anna", "/business/users/anna/add-account", "/business/users/anna/outgoing",
    "/business/users/anna/remove", "/email", "/email/connections", "/email/domains",
    "/email/signing", "/maintenance", "/maintenance/backup", "/maintenance/logs",
    "/maintenance/restart", "/maintenance/restore", "/maintenance/selftest", "/maintenance/update",
    "/mine", "/mine/1", "/mine?folder=bin", "/mine/greetings", "/mine/settings", "/network",
    "/network/certificate",
    "/reports/calls", "/reports/history?message=1", "/reports/history?message=x", "/reports/queue",
    "/reports/users", "/reports/users/anna/remove", "/start/country", "/start/domain",
    "/start/language", "/start/lines", "/start/people", "/start/test", "/nowhere",
)  # fmt: skip
MAIL = b"From: ben@box.test\r\nSubject: Lunch\r\n\r\nAt one?\r\n"
SAME = frozenset(
    {
        "Switchhook", "anna", "ben", "Anna", "Ben", "sales", "box", "test", "example", "org",
        "http", "https", "TLS", "POP3", "SMTP", "MB", "kB", "DKIM", "TXT", "line1", "admin", "LAN",
        "PIN", "Message-ID", "CSV", "Postfix", "WAV", "WAVE", "English", "Español", "Français",
        "Italiano", "Русский", "Lunch", "phone", "mail", "tasks",
    }
)  # fmt: skip
"""Names, of the people here, too."""


class Marked(NullTranslations):
    """A catalogue that puts marks around what it is asked for."""

    def gettext(self, message: str) -> str:
        """The text between marks."""
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """One of the two between marks."""
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Texts(HTMLParser):
    """What a page shows to people: its text, and what is read out of its attributes."""

    SHOWN = ("aria-label", "data-label", "placeholder", "title", "alt")
    DATA = ("code", "bdi", "pre", "style", "script", "option", "time", "kbd", "samp", "textarea")
    OURS = frozenset({("class", "lines"), ("class", "wrong")})
    """Of a <pre> whose text is our own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.DATA and not self.OURS & set(attrs):
            self._data.append(tag)
        self.found += [value or "" for name, value in attrs if name in self.SHOWN]

    def handle_endtag(self, tag: str) -> None:
        if self._data and tag == self._data[-1]:
            self._data.pop()

    def handle_data(self, data: str) -> None:
        if not self._data:
            self.found.append(data)


def unmarked(page: str) -> list[str]:
    """Words of a page that no catalogue was asked for."""
    texts = Texts()
    texts.feed(page)
    text = "\n".join(texts.found)
    while (less := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = less
    parts = (part.strip(".,;:()“”\"'") for part in text.split())
    return [part for part in parts if re.search(r"[^\W\d_]{3}", part) and not _same(part)]


def _same(part: str) -> bool:
    # a setting, a host, a path or an address; a jack
    named = re.fullmatch(r"[\w.-]+[.@_/][\w./@-]+|line[0-9]+", part)
    return part in SAME or named is not None


@pytest.fixture(scope="module")
def anna(house: WebHouse) -> Iterator[Visitor]:
    box = furnish(house, anna={"admin": True}, ben={})
    fill(box)
    with pytest.MonkeyPatch.context() as patch:
        marked = Marked()
        patch.setattr(words, "catalogue", lambda _language: marked)
        patch.setattr(rendering, "catalogue", lambda _language: marked)
        patch.setattr(PagesBox, "apart", apart_here)
        yield Visitor(house).log_in("anna")
    box.db.close()


def fill(box: Inbox) -> None:
    """A message, an alias, calls and a history."""
    anna = box.people.by_login("anna")
    assert anna is not None

    def work(tx: Tx) -> None:
        box.aliases.set(tx, "sales", ["anna", "x@elsewhere.test"], owner="anna")
        for outcome, way in (("voicemail", "group 600, follow-me"), ("busy", ""), ("cleared", "")):
            box.store.calls.note(tx, "line1", "5551234", "", "201", outcome, 3, 4, way=way)
        facts = Facts(1.7e9, "Ben", "Lunch", by="192.0.2.7")
        content = box.store.contents.write(tx, [MAIL])
        add = box.store.add_entry
        entry = add(tx, anna.id, content, b"", Kind.EMAIL, EntryState.NEW, facts)
        box.store.remove(tx, [entry], "web", "anna")

    box.db.now(work)


@pytest.mark.parametrize("path", PAGES)
def test_page_says_nothing_that_is_not_translated(anna: Visitor, path: str) -> None:
    answer = anna.get(path)
    assert answer.status in (200, 404), answer.text
    assert unmarked(answer.text) == []


def test_words_outside_the_marks_are_found() -> None:
    page = "<p>⟦Saved: ⟦x⟧⟧ but not this</p><code>nor this</code><td data-label='State'>102</td>"
    assert unmarked(page) == ["but", "not", "this", "State"]


# ---- what was found in files, by the self-test and by an update


@pytest.fixture
def in_marks(anna: Visitor) -> Iterator[Visitor]:
    """The same pages, with the last self-test and the last update told on them."""
    house = anna._house
    write_state(house.paths, ended("selftest", *map(told, self_test_lines())))
    write_state(house.paths, ended("update-check", *map(told, bundle_lines())))
    yield anna
    for kind in ("selftest", "update-check"):
        (house.paths.task_states / f"{kind}.json").unlink()


def ended(kind: str, *lines: Told) -> TaskState:
    """A task that is done and has said this."""
    result = json.dumps(to_json(Said(lines, True)))
    return TaskState("1", kind, "anna", 5.0, 6.0, "done", lines, "", Told(""), result, (1, 1))


def self_test_lines() -> list[str]:
    """What the parts say that can be tried anywhere, and how one that is broken is told."""
    status = {"lines": {"line1": {"fault": ""}}, "lost_periods": 0}
    trials = [
        Trial("i2c", buses.i2c),
        Trial("lines", lambda: machine.lines(status)),
        Trial("watchdog", lambda: machine.watchdog(Path("/nowhere"))),
        Trial("data", lambda: machine.data(Path("/nowhere"))),
    ]
    return [outcome.sentence for outcome in run(trials, lambda: 0.0)]


def bundle_lines() -> list[str]:
    """What is said of a bundle that fits nowhere."""
    manifest = Manifest(
        replace(NEW, version="0.0.1", readable_from=99),
        ("acme",),
        ("rpi",),
        10**9,
        "",
        "",
        "",
        10**9,
    )
    bundle = Bundle(Path("x"), manifest, "key", 0)
    lines = updates.describe(bundle, lambda: replace(HERE, free=0), str)
    return [next(lines) for _ in range(7)] + [reason(manifest)]


def reason(manifest: Manifest) -> str:
    """All that speaks against it."""
    with pytest.raises(Refused) as problem:
        judge(manifest, replace(HERE, free=0))
    return problem.value.text


@pytest.mark.parametrize("path", ["/maintenance/selftest", "/maintenance/update"])
def test_what_tasks_have_found_is_translated(
    in_marks: Visitor, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_place, "disk_of", lambda paths: PlainDisk(tmp_path).disk())
    uploads = in_marks._house.paths.uploads
    uploads.mkdir(exist_ok=True)
    (uploads / "bundle").touch()
    found = in_marks.get(path).text
    assert 'class="lines"' in found
    assert [word for word in unmarked(found) if word not in ("acme", "linux", "dummy-virt")] == []


ODD_ALIASES = """\
 begins with a blank
sales: "anna
nobody
team: |/bin/x, /dev/null, ~/x, :include:/x, :x, ""
owner-team: anna, ben
owner-x: anna
y@elsewhere.test: anna
ben: x
"""


@pytest.mark.parametrize(
    "text",
    [
        ODD_ALIASES,
        "",
        "name,kind,owner,members,colour\n",
        "name,members,kind\nteam,anna,flock\nteam\nteam,anna,person\nben,anna,group\nz,nobody,group\n",
        'name,members\nteam,"anna\n',
        "x\0y",
    ],
)
def test_what_is_wrong_in_a_file_of_aliases_is_translated(anna: Visitor, text: str) -> None:
    answer = anna.post("/business/alias-files", {"text": text, "do": "check"})
    assert answer.status == 422, answer.text
    assert [w for w in unmarked(answer.text) if w.lower() not in ALIASES_SAID] == []


ALIASES_SAID = frozenset(
    {"team", "bin", "dev", "null", "nobody", "owner-team", "owner-x", "name", "kind", "owner"}
    | {"members", "colour", "flock", "person", "group", "list", "include", "unexpected", "end"}
    | {"data", ":include:/x", "y@elsewhere.test"}
)
"""What the file itself says, and what Python's reader of CSV does."""
