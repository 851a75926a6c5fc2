"""The languages whose sound packs are known: a module each, with grammar and missing words.

A module has GRAMMAR, how the language counts and tells the time by names of recordings that its
pack really has; WORDS, what the language's own voice says where the pack lacks a recording that the
grammar needs; WRONG, recordings that say something else than their name, in whose place WORDS are
spoken; ALSO, recordings that the pack has by another name; and VOICE, the synthesizer's voice that
is most like the pack's. Facts are of Debian's
asterisk-core-sounds-* 1.6.1-1. Pitch was measured (median): Allison 205 to 211 Hz, June 205, the
Russian voice 222; espeak-ng 208 with its variant f3, 98 to 104 without.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.phone.sound import prompts
from app.phone.sound.grammar import Grammar
from app.phone.sound.languages import en, es, fr, generic, it, ru

GRAMMARS: Mapping[str, Grammar] = {
    "en": en.GRAMMAR,
    "es": es.GRAMMAR,
    "fr": fr.GRAMMAR,
    "it": it.GRAMMAR,
    "ru": ru.GRAMMAR,
}


@dataclass(frozen=True, slots=True)
class Pack:
    """What is to be known of a language's sound pack."""

    voice: str
    """What the synthesizer's voice beside it is called [espeak-ng -v]."""
    words: Mapping[str, str] = field(default_factory=dict)
    wrong: frozenset[str] = frozenset()
    also: Mapping[str, str] = field(default_factory=dict)


PACKS: Mapping[str, Pack] = {
    "en": Pack(en.VOICE),
    "es": Pack(es.VOICE, es.WORDS),
    "fr": Pack(fr.VOICE, fr.WORDS),
    "it": Pack(it.VOICE, it.WORDS),
    "ru": Pack(ru.VOICE, ru.WORDS, ru.WRONG, ru.ALSO),
}


def grammar_of(language: str | None) -> Grammar:
    """The grammar of a language [ISO 639-1]; None, a language not known, is the words' own."""
    return GRAMMARS.get(language or prompts.LANGUAGE, generic.GRAMMAR)


def pack_of(language: str) -> Pack:
    """What is known of the sound pack of a language [ISO 639-1]."""
    return PACKS.get(language) or Pack(voice=language)
