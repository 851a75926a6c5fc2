"""Numbers, times and counts in each language: the names of the recordings that say them.

packs/*.txt name the recordings that Debian's asterisk-core-sounds-* 1.6.1-1 have (as gsm and wav).
"""

from pathlib import Path

import pytest

from app.phone.sound import prompts, translations
from app.phone.sound.languages import GRAMMARS, grammar_of

PACKS = Path(__file__).parent / "packs"
OWN = {name for name in prompts.WORDS if name.startswith("switchhook/")}


def as_names(said: str) -> tuple[str, ...]:
    """Digits by their last part, other prompts as they are."""
    return tuple(f"digits/{w}" if "vm-" not in w and "/" not in w else w for w in said.split())


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("es", 0, "0"),
        ("es", 21, "21"),
        ("es", 31, "30 and 1"),
        ("es", 100, "hundred"),
        ("es", 101, "100-and 1"),
        ("es", 345, "300 40 and 5"),
        ("es", 500, "500"),
        ("es", 1000, "thousand"),
        ("es", 2026, "2 thousand 26"),
        ("es", 21_100, "20-and 1M thousand hundred"),
        ("fr", 21, "20 et 1"),
        ("fr", 71, "60 et 11"),
        ("fr", 75, "60 15"),
        ("fr", 80, "80"),
        ("fr", 81, "80 1"),
        ("fr", 91, "80 11"),
        ("fr", 345, "3 hundred 40 5"),
        ("fr", 1100, "thousand hundred"),
        ("fr", 2000, "2 thousand"),
        ("it", 21, "21"),
        ("it", 28, "28"),
        ("it", 23, "20 3"),
        ("it", 100, "hundred"),
        ("it", 345, "3 hundred 40 5"),
        ("it", 1001, "thousand 1"),
        ("it", 3000, "3 thousands"),
        ("ru", 22, "20 2"),
        ("ru", 345, "345"),
        ("de", 345, "345"),
        ("en", 345, "3 hundred 40 5"),
    ],
)
def test_number_is_put_together_as_its_language_counts(
    language: str, value: int, said: str
) -> None:
    assert grammar_of(language).number(value) == as_names(said)


@pytest.mark.parametrize(
    ("language", "hour", "minute", "said"),
    [
        ("fr", 15, 5, "at 15 oclock 5"),
        ("fr", 21, 21, "at 20 et 1F oclock 20 et 1F"),
        ("fr", 0, 0, "at 0 oclock"),
        ("es", 15, 5, "at 3 and 5 p-m"),
        ("es", 13, 0, "at_s 1F p-m"),
        ("es", 0, 31, "at 12 and 30 and 1 a-m"),
        ("it", 15, 5, "at hours 15 e 5"),
        ("it", 1, 0, "at hours ore-una"),
        ("it", 0, 28, "at hours ore-mezzanotte e 28"),
        ("ru", 15, 5, "at 15 0 5"),
        ("ru", 22, 0, "at 20 2 0 0"),
        ("de", 15, 5, "at switchhook/time/15-05"),
        ("en", 15, 5, "at 3 oh 5 p-m"),
    ],
)
def test_time_is_said_by_the_clock_of_its_language(
    language: str, hour: int, minute: int, said: str
) -> None:
    assert grammar_of(language).at(hour, minute) == as_names(said)


@pytest.mark.parametrize(
    ("language", "month", "day", "said"),
    [
        ("es", 2, 28, "28 es-de mon-1"),
        ("fr", 2, 1, "h-1 mon-1"),
        ("fr", 12, 21, "20 et 1 mon-11"),
        ("it", 2, 28, "28 mon-1"),
        ("ru", 2, 28, "20 h-8 mon-1"),
        ("de", 2, 28, "28 mon-1"),
        ("en", 2, 28, "mon-1 20 h-8"),
    ],
)
def test_date_stands_in_the_order_of_its_language(
    language: str, month: int, day: int, said: str
) -> None:
    grammar = grammar_of(language)
    assert grammar.day(month, day, weekday=6, days_ago=7) == as_names(said)
    assert grammar.day(month, day, weekday=6, days_ago=1) == ("digits/yesterday",)


@pytest.mark.parametrize(
    ("language", "value", "said"),
    [
        ("es", 0, "vm-youhaveno vm-messages vm-INBOXs"),
        ("es", 1, "vm-youhave 1M vm-message vm-INBOX"),
        ("es", 21, "vm-youhave 20-and 1M vm-messages vm-INBOXs"),
        ("fr", 0, "vm-youhave vm-no vm-INBOX vm-message"),
        ("fr", 2, "vm-youhave 2 vm-INBOX vm-messages"),
        ("it", 0, "vm-youhave vm-no vm-nuovo vm-message"),
        ("it", 1, "vm-youhave un vm-nuovo vm-message"),
        ("it", 8, "vm-youhave 8 vm-nuovi vm-messages"),
        ("ru", 0, "vm-youhave vm-no vm-newx vm-messagex2"),
        ("ru", 1, "vm-youhave 1n vm-newn vm-message"),
        ("ru", 3, "vm-youhave 3 vm-newx vm-messagex1"),
        ("ru", 11, "vm-youhave 11 vm-newx vm-messagex2"),
        ("ru", 12, "vm-youhave 12 vm-newx vm-messagex2"),
        ("ru", 22, "vm-youhave 20 2n vm-newx vm-messagex1"),
        ("de", 1, "vm-youhave 1 vm-INBOX vm-message"),
        ("en", 0, "vm-youhave vm-no vm-INBOX vm-messages"),
    ],
)
def test_count_agrees_with_what_is_counted(language: str, value: int, said: str) -> None:
    assert grammar_of(language).have(value, "message", "new") == as_names(said)


@pytest.mark.parametrize("language", sorted(set(GRAMMARS) - {"en"}))
def test_every_name_is_recorded_in_the_pack_or_has_words_in_the_language(language: str) -> None:
    recorded = set((PACKS / f"{language}.txt").read_text().split())
    grammar = grammar_of(language)
    said = {name for name in prompts.WORDS if "/" not in name}
    for value in (*range(1300), 2000, 21_100, 999_999):
        said |= {*grammar.number(value), *grammar.have(value, "e-mail", "new")}
        said |= {*grammar.have(value, "message", "old"), *grammar.many("message", "new")}
    for minute in range(24 * 60):
        said |= set(grammar.at(*divmod(minute, 60)))
    for day in range(12 * 31):
        said |= set(grammar.date(day // 31 + 1, day % 31 + 1))
    said |= {name for ago in range(7) for name in grammar.day(1, 1, ago, ago)}
    unsaid = {name for name in said - recorded if translations.words(name, language) is None}
    assert unsaid == set()


@pytest.mark.parametrize("language", sorted(translations.TRANSLATED))
def test_each_of_our_own_prompts_is_translated(language: str) -> None:
    few = set() if language == "ru" else {"switchhook/e-mails-few"}
    assert OWN - set(translations.TRANSLATED[language]) == few


def test_languages_without_a_grammar_say_whole_numbers_and_times() -> None:
    assert translations.words("digits/345", "pl") == "345"
    assert translations.words("switchhook/time/15-05", "pl") == "15:05"
    assert translations.words("vm-intro", "pl") is None
