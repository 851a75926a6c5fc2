"""What settings and people name, and whether it is there: people, handsets, lines, languages.

Each is looked at where it is typed, and again by `status`: a person is removed, a board is changed,
and what was right has become wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.config.defaults import ALL_HANDSETS, SOUNDS
from app.config.paths import PROJECT
from app.core.sentences import Sentence, sentence
from app.inbox.people import Person
from app.operations import languages
from app.operations.call_targets import target_problems
from app.operations.numbers import why_no_code, why_no_mailbox, why_no_number
from app.voicemail.key_maps import FORMERLY, KEY_MAPS
from drivers.board_spec import BoardSpec, load_board
from drivers.errors import BoardFileError

if TYPE_CHECKING:
    from app.config.settings import Settings

BOARDS = PROJECT / "board"


@dataclass(frozen=True)
class Problem:
    """Something names what is not there."""

    field: str
    """A setting's name ("site.postmaster"), or "people.LOGIN.FIELD"."""
    text: str
    """What is wrong, and what there is instead."""
    other: str = ""
    """Another such name, of what has the same number; "" if it is wrong by itself."""

    def concerns(self, setting: str) -> bool:
        """Whether it is wrong at this setting, or at a part or the whole of what that names."""
        return any(
            f"{field}.".startswith(f"{setting}.") or setting.startswith(f"{field}.")
            for field in (self.field, self.other)
            if field
        )

    def __str__(self) -> str:
        return f"{self.field}: {self.text}"

    @property
    def sentence(self) -> Sentence:
        """Both, for a page that may say it in another language."""
        return sentence("%(field)s: %(text)s", field=self.field, text=self.text)


@dataclass(frozen=True)
class Known:
    """What there is to be named."""

    country: str
    board: str
    stations: tuple[str, ...] | None
    """Jacks of handsets; None if the board cannot be read."""
    trunks: tuple[str, ...] | None
    """Jacks of outside lines."""
    languages: frozenset[str]
    taken: Mapping[str, Sentence]
    """Numbers of groups and access digits, with why no mailbox that is typed may be such a one."""


def known_of(settings: Settings, boards: Path = BOARDS) -> Known:
    """What there is on the board and for the languages of these settings."""
    board = read_board(settings, boards)
    return Known(
        settings.site.country,
        settings.phone.board,
        None if board is None else tuple(x.name for x in board.jacks if x.kind == "station"),
        None if board is None else tuple(x.name for x in board.jacks if x.kind == "trunk"),
        languages.available(settings.voicemail.sounds),
        _taken(settings),
    )


def _taken(settings: Settings) -> dict[str, Sentence]:
    access = {
        digits: sentence(
            "%(digits)s leads to an outside line (numbers.access_digits)", digits=digits
        )
        for digits in settings.numbers.access_digits
    }
    groups = {
        number: sentence("%(number)s is a ring group (phone.groups)", number=number)
        for number in settings.phone.groups
    }
    return access | groups


def read_board(settings: Settings, boards: Path = BOARDS) -> BoardSpec | None:
    """The board of the settings; None if there is no such board."""
    try:
        return load_board(boards / settings.phone.board / "board.toml")
    except BoardFileError:
        return None


def problems(settings: Settings, people: Sequence[Person], known: Known) -> list[Problem]:
    """Everything that is named and not there, settings first."""
    boxes = {person.mailbox for person in people}
    targets = target_problems(settings, known.country, boxes, known.stations)
    return [
        *setting_problems(settings, people, known),
        *(Problem(*found) for found in targets),
        *_people_problems(people, known),
    ]


def setting_problems(
    settings: Settings, people: Sequence[Person], known: Known
) -> Iterator[Problem]:
    """The settings that name what is not there."""
    if known.stations is None:
        there = _listed(sorted(f.parent.name for f in BOARDS.glob("*/board.toml")))
        yield Problem(
            "phone.board",
            sentence("there is no board %(board)s%(there)s", board=known.board, there=there),
        )
    postmaster = settings.site.postmaster
    if postmaster and postmaster.lower() not in {person.login for person in people}:
        yield Problem(
            "site.postmaster",
            sentence(
                "there is no %(postmaster)s here%(there)s",
                postmaster=postmaster,
                there=_listed([p.login for p in people]),
            ),
        )
    sounds = settings.voicemail.sounds
    if sounds != SOUNDS and not sounds.is_dir():  # without any pack all is spoken
        yield Problem("voicemail.sounds", sentence("there is no folder %(sounds)s", sounds=sounds))
    if text := _no_language(settings.site.language, known):
        yield Problem("site.language", text)
    if text := _no_handset(settings.panel.handset, known):
        yield Problem("panel.handset", text)
    yield from _lamp_problems(settings, known)
    yield from _language_problems(settings, known)
    mailbox = settings.panel.mailbox
    if mailbox and mailbox not in {person.mailbox for person in people}:
        whose = [f"{person.mailbox} ({person.login})" for person in people]
        yield Problem(
            "panel.mailbox",
            sentence(
                "nobody has the mailbox %(mailbox)s%(there)s", mailbox=mailbox, there=_listed(whose)
            ),
        )
    for handset in settings.calls.without_call_waiting:
        if text := _no_handset(handset, known):
            yield Problem("calls.without_call_waiting", text)
    music = settings.calls.hold_music
    if music and not Path(music).is_file():
        yield Problem(
            "calls.hold_music",
            sentence("there is no file %(music)s; a soft tone is heard instead", music=music),
        )
    yield from _incoming_problems(settings, people, known)
    yield from _number_problems(settings, known)


def _incoming_problems(
    settings: Settings, people: Sequence[Person], known: Known
) -> Iterator[Problem]:
    for line, incoming in settings.phone.incoming.items():
        name = f"phone.incoming.{line}"
        if known.trunks is not None and line not in known.trunks:
            yield Problem(
                name,
                sentence(
                    "the board %(board)s has no outside line %(line)s%(there)s",
                    board=known.board,
                    line=line,
                    there=_listed(known.trunks),
                ),
            )
        for handset in incoming.handsets:
            if text := _no_handset(handset, known):
                yield Problem(f"{name}.handsets", text)
        if incoming.mailbox and incoming.mailbox not in {p.mailbox for p in people}:
            whose = [f"{person.mailbox} ({person.login})" for person in people]
            yield Problem(
                f"{name}.mailbox",
                sentence(
                    "nobody has the mailbox %(mailbox)s%(there)s",
                    mailbox=incoming.mailbox,
                    there=_listed(whose),
                ),
            )
    yield from _fax_problems(settings, people, known)


def _fax_problems(settings: Settings, people: Sequence[Person], known: Known) -> Iterator[Problem]:
    for line, fax in settings.fax.receiving.items():
        name = f"fax.receiving.{line}"
        if known.trunks is not None and line not in known.trunks:
            yield Problem(
                name,
                sentence(
                    "the board %(board)s has no outside line %(line)s%(there)s",
                    board=known.board,
                    line=line,
                    there=_listed(known.trunks),
                ),
            )
        if fax.mailbox and fax.mailbox not in {p.mailbox for p in people}:
            whose = [f"{person.mailbox} ({person.login})" for person in people]
            yield Problem(
                f"{name}.mailbox",
                sentence(
                    "nobody has the mailbox %(mailbox)s%(there)s",
                    mailbox=fax.mailbox,
                    there=_listed(whose),
                ),
            )


def _number_problems(settings: Settings, known: Known) -> Iterator[Problem]:
    """What the number plan names and is not there, and what an emergency number hides."""
    numbers = settings.numbers
    named = {
        f"numbers.access_digits.{digits}": lines for digits, lines in numbers.access_digits.items()
    }
    for field, lines in {**named, "numbers.pulse_lines": numbers.pulse_lines}.items():
        for line in lines:
            if known.trunks is not None and line not in known.trunks:
                yield Problem(
                    field,
                    sentence(
                        "the board %(board)s has no outside line %(line)s%(there)s",
                        board=known.board,
                        line=line,
                        there=_listed(known.trunks),
                    ),
                )
    for digits in numbers.access_digits:
        if why := why_no_number(digits, known.country):
            yield Problem(f"numbers.access_digits.{digits}", why)
    for name, code in vars(settings.codes).items():
        if why := why_no_code(code):
            yield Problem(f"codes.{name}", why)
    for handset in known.stations or ():
        if why := why_no_number(handset, known.country):
            yield Problem(
                f"handset {handset}",
                sentence("nobody can call it by its number: %(why)s", why=why),
            )


def _language_problems(settings: Settings, known: Known) -> Iterator[Problem]:
    for line, incoming in settings.phone.incoming.items():
        if text := _no_language(incoming.language, known):
            yield Problem(f"phone.incoming.{line}.language", text)


def _lamp_problems(settings: Settings, known: Known) -> Iterator[Problem]:
    for kind, jacks in vars(settings.lamps).items():
        for jack in jacks:
            if jack != ALL_HANDSETS and (text := _no_handset(jack, known)):
                yield Problem(f"lamps.{kind}", text)


def _people_problems(people: Sequence[Person], known: Known) -> Iterator[Problem]:
    known = replace(known, taken={})  # that is told of the setting
    for person in people:
        for field in ("mailbox", "handset", "language", "key_map"):
            if text := why_not({field: getattr(person, field)}, known).get(field):
                yield Problem(f"people.{person.login}.{field}", text)


def why_not(fields: Mapping[str, Any], known: Known) -> dict[str, str]:
    """Which of a person's fields name what is not there, or must not be taken: field → text."""
    found = {
        "mailbox": _bad_mailbox(fields.get("mailbox"), known),
        "handset": _no_handset(fields.get("handset"), known),
        "language": _no_language(fields.get("language"), known),
        "key_map": _no_key_map(fields.get("key_map")),
    }
    return {field: text for field, text in found.items() if text}


def _bad_mailbox(mailbox: str | None, known: Known) -> str | None:
    if not mailbox:
        return None
    why = why_no_mailbox(mailbox, known.country, known.stations or ())
    return why or known.taken.get(mailbox)


def _no_handset(handset: str | None, known: Known) -> str | None:
    if not handset or known.stations is None or handset in known.stations:
        return None
    return sentence(
        "the board %(board)s has no handset jack %(handset)s%(there)s",
        board=known.board,
        handset=handset,
        there=_listed(known.stations),
    )


def _no_language(language: str | None, known: Known) -> str | None:
    if not language or language in known.languages:
        return None
    return sentence(
        "there is no sound pack for %(language)s%(there)s",
        language=language,
        there=_listed(known.languages),
    )


def _no_key_map(key_map: str | None) -> str | None:
    if not key_map or key_map in KEY_MAPS or key_map in FORMERLY:
        return None
    return sentence(
        "there is no key map %(key_map)s%(there)s",
        key_map=key_map,
        there=_listed(list(KEY_MAPS)),
    )


def _listed(there: Sequence[str] | frozenset[str]) -> str:
    words = sorted(there) if isinstance(there, frozenset) else list(there)
    if words:
        return sentence("; there are: %(names)s", names=", ".join(words))
    return sentence("; there is none")
