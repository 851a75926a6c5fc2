"""The words of pages in the reader's language."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog

from app.core import catalogues
from app.core.domains import DomainState
from app.inbox.entries import EntryState
from app.inbox.queue import RowState
from app.phone.calls.states import CALL
from app.phone.jobs import Outcome
from app.phone.lines.station import STATION
from app.phone.lines.trunk_states import TRUNK
from app.web import words
from app.web.rendering import Pages
from app.web.tables import SAID, VERBS
from scripts import languages


@pytest.fixture
def spanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    catalog = Catalog(locale="es")
    catalog.add("Password", "Contraseña")
    catalog.add("%(n)s of %(all)s", "%(n)s de %(all)s")
    (tmp_path / "es.mo").write_bytes(languages.as_mo(catalog))
    monkeypatch.setattr(catalogues, "WORDS", tmp_path)
    words.catalogue.cache_clear()
    yield
    words.catalogue.cache_clear()


@pytest.mark.usefixtures("spanish")
def test_page_and_sentence_are_in_the_readers_language() -> None:
    pages = Pages()
    assert "Contraseña" in words.say("es", "Password")
    assert words.say("es", "%(n)s of %(all)s", n=3, all=9) == "3 de 9"
    assert words.say("ru", "%(n)s of %(all)s", n=3, all=9) == "3 of 9", "no catalogue: English"
    assert words.say("es", "100 %") == "100 %"
    one = pages.page("error.html", language="es", title="Password", text="100 %")
    assert b'lang="es"' in one.body


def test_every_text_of_the_pages_is_found() -> None:
    found = {message.id for message in languages.extracted()}
    assert {"Log out", "My Switchhook", "Nothing was changed:"} <= found


def test_every_text_is_translated_and_every_catalogue_compiled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["languages", "--check"])
    assert languages.main() == 0, capsys.readouterr().out


def test_every_verb_of_the_history_has_words() -> None:
    note = re.compile(r'(?:audit_log\.write|_log)\(tx, "([^"]+)"')
    files = [f for f in (languages.APP).rglob("*.py") if f.parent.name in ("inbox", "operations")]
    found = {verb for file in files for verb in note.findall(file.read_text())}
    assert len(found) > 20 and found <= VERBS, found - VERBS


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("outcome", get_args(Outcome)),
        ("line", [*TRUNK.rows, *STATION.rows]),
        ("call", CALL.rows),
        ("entry", EntryState),
        ("queue", RowState),
        ("domain", DomainState),
    ],
)
def test_everything_that_is_kept_by_a_name_of_its_own_has_words(
    kind: str, values: Iterable[str]
) -> None:
    assert {str(value) for value in values} <= set(SAID[kind])


def test_words_given_to_one_language_are_not_another_ones(tmp_path: Path) -> None:
    words = Catalog()
    words.add("a wholly new sentence", None)
    one = languages.brought_up_to_date(tmp_path / "es.po", words)
    one["a wholly new sentence"].string = "una frase del todo nueva"
    assert not languages.brought_up_to_date(tmp_path / "fr.po", words)[
        "a wholly new sentence"
    ].string


def test_sentence_that_two_languages_say_alike_is_told() -> None:
    spanish, french = Catalog(locale="es"), Catalog(locale="fr")
    for catalog in (spanish, french):
        catalog.add("Who is told of it", "A quién se avisa")
        catalog.add("Mail", "Mail")
        catalog.add("Number %(n)s", "Num %(n)s")
    assert list(languages.alike([spanish, french])) == ["es and fr say alike: 'A quién se avisa'"]


def test_what_lacks_in_a_catalogue_is_told() -> None:
    catalog = Catalog(locale="es")
    catalog.add("Password", "")
    catalog.add("%(n)s of %(all)s", "%(n)s de %(todo)s")
    catalog.add("<b>Now</b>", "Ahora")
    catalog.add("Log out", "Salir")
    assert list(languages.problems(catalog)) == [
        "es: 'Password': is not translated",
        "es: '%(n)s of %(all)s': has other values in its translation",
        "es: '<b>Now</b>': lacks tags in its translation",
    ]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de-CH, fr;q=0.9, en;q=0.8", "fr"),
        ("en-GB,fr", "en"),
        ("FR", "fr"),
        ("../fr, ё, *", "en"),
        ("de," * 10_000 + "fr", "en"),
    ],
)
def test_web_words_unknown_visitors_are_spoken_to_as_their_browser_asks(
    header: str, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fr.mo").touch()
    monkeypatch.setattr(catalogues, "WORDS", tmp_path)
    assert words.accepted(header) == language
