"""Every page in a language that marks what is translated: what stands outside the marks is told.

Names, addresses, numbers and what programs themselves have written are the same in all languages.
"""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser

import pytest

from app.appliance import Inbox
from app.inbox.entries import EntryState, Facts, Kind
from app.pages_box import PagesBox
from app.store.database import Tx
from app.web import rendering, words
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
    DATA = ("code", "bdi", "pre", "style", "script", "option", "time", "kbd", "samp")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._data = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._data += tag in self.DATA
        self.found += [value or "" for name, value in attrs if name in self.SHOWN]

    def handle_endtag(self, tag: str) -> None:
        self._data -= tag in self.DATA

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
