"""Every prompt that a script can ask for can be heard in every language.

The scripts' names are found in their source (tests/kit/prompt_names.py), the packs' are in
packs/*.txt: the recordings that Debian's asterisk-core-sounds-* 1.6.1-1 have (as gsm and wav).
"""

import pytest

from app.phone.sound import prompts, translations
from app.phone.sound.languages import GRAMMARS, grammar_of, pack_of
from tests.kit.prompt_names import by_grammar, by_scripts, in_source, recorded

OWN = {name for name in prompts.WORDS if name.startswith("switchhook/")}
WITHOUT_SAMPLES = {"ru": {"is"}}
"""Recordings that are there and say nothing."""


def unheard(language: str) -> set[str]:
    """What neither the pack nor the language's own voice says."""
    pack = pack_of(language)
    heard = recorded(language) - pack.wrong - WITHOUT_SAMPLES.get(language, set())
    heard |= {name for name, other in pack.also.items() if other in heard}
    said = by_scripts() | by_grammar(grammar_of(language))
    return {name for name in said - heard if not _words(name, language)}


def _words(name: str, language: str) -> str | None:
    if language == prompts.LANGUAGE:
        return prompts.WORDS.get(name)
    return translations.words(name, language)


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_every_prompt_of_every_script_can_be_heard(language: str) -> None:
    missing = unheard(language)
    assert missing == set(), (
        f"no words in {language} for {sorted(missing)}: add them in app/phone/sound/prompts.py "
        "(English) or app/phone/sound/translations.py"
    )


def test_the_scripts_names_are_found() -> None:
    found = in_source(
        'await line.play(*voice.say("one", *(("two",) if there else ("three",))))\n'
        "THANKS: prompts.Names = ('auth-thankyou', 'four')\n"
        "key = MENU['vm-five']; other = 'no name'; other = 'unrelated-word'\n"
        'offer = f"switchhook/to-{action}"; forgotten = f"switchhook/of-no-kind-{x}"\n'
    )
    offered = {name for name in OWN if name.startswith("switchhook/to-")}
    expected = {"one", "two", "three", "auth-thankyou", "four", "vm-five"}
    assert found == expected | offered | {"switchhook/of-no-kind-"}
    assert {"vm-intro", "im-sorry", "switchhook/claim-code", "digits/pound"} <= by_scripts()


@pytest.mark.parametrize("language", sorted(translations.TRANSLATED))
def test_each_of_our_own_prompts_is_translated(language: str) -> None:
    assert OWN - set(translations.TRANSLATED[language]) == set()


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_what_is_known_of_a_pack_is_so(language: str) -> None:
    """A recording that there is needs no words, but for one that says something else."""
    pack, here = pack_of(language), recorded(language)
    assert set(pack.words) & here == pack.wrong
    assert set(pack.also.values()) <= here
    assert not set(pack.also) & here


def test_languages_without_a_grammar_say_whole_numbers_and_times() -> None:
    assert translations.words("digits/345", "pl") == "345"
    assert translations.words("switchhook/time/15-05", "pl") == "15:05"
    assert translations.words("vm-intro", "pl") is None
    assert grammar_of("pl").at(15, 5) == ("digits/at", "switchhook/time/15-05")
    assert grammar_of("pl").date(2, 28) == ("digits/28", "digits/mon-1")
