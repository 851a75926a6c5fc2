"""Every language: prompts of all scripts, from the real packs and voices; `make soak` takes all.

The packs of Spanish, French, Italian and Russian lie where scripts/setup unpacks them.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.clerk.levels import LEVEL_DBM0, active_power
from app.clerk.media import InlineMedia
from app.clerk.prompt_store import PromptStore
from app.clerk.speech import Speaker
from app.clerk.trim import WINDOW
from app.phone.sound import audio, translations
from app.phone.sound.languages import GRAMMARS, grammar_of
from tests.kit.prompt_names import ROOT, by_grammar, by_scripts, recorded
from tests.kit.voicemail import PACKS

UNPACKED = ROOT / "build" / "servers"
SHORTEST_S, LONGEST_S = 0.1, 25.0
PEAKY_DB = 6.0
"""What is more uneven than others stays softer, so as not to clip: by this at most."""
TAIL_MOST_MS = 250
"""Of the packs' recordings 8.1 % (en) and 9.7 % (es) end in more than 300 ms of silence."""


def folder(language: str) -> Path:
    """Where the pack of a language lies."""
    if language == "en":
        return PACKS
    package = f"asterisk-core-sounds-{language}-wav"
    sounds = UNPACKED / package / "usr" / "share" / "asterisk" / "sounds"
    if not sounds.is_dir():
        pytest.skip(f"the package {package} is not unpacked in {UNPACKED}: `scripts/setup test`")
    return sounds


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoken")


def store(language: str, cache: Path) -> PromptStore:
    return PromptStore(folder(language), Speaker(cache), InlineMedia())


def level(sound: bytes) -> float:
    """The level of speech while it is active, in dBm0."""
    values = np.frombuffer(sound, "<i2").astype(float)[: len(sound) // 2 // WINDOW * WINDOW]
    power = active_power([float(p) for p in np.mean(values.reshape(-1, WINDOW) ** 2, axis=1)])
    return audio.level(np.full(1, round(power**0.5), np.int16))


def menu(language: str) -> list[str]:
    return sorted(by_scripts() | by_grammar(grammar_of(language)))


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_prompts_are_heard_at_one_level(language: str, cache: Path) -> None:
    are_at_one_level(language, menu(language)[::8], cache)


@pytest.mark.soak
@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_every_prompt_is_heard_at_one_level(language: str, cache: Path) -> None:
    are_at_one_level(language, menu(language), cache)


def are_at_one_level(language: str, names: Sequence[str], cache: Path) -> None:
    here = store(language, cache)
    measured = {}
    for name in names:
        sound = here.prompt(name, language)
        measured[name] = len(sound) / 16_000, level(sound), _silent_ms(sound)
    odd = {
        name: found
        for name, found in measured.items()
        if not SHORTEST_S <= found[0] <= LONGEST_S
        or not LEVEL_DBM0 - PEAKY_DB <= found[1] <= LEVEL_DBM0 + 0.5
        or found[2] > TAIL_MOST_MS
    }
    assert odd == {}
    levels = sorted(found[1] for found in measured.values())
    assert levels[len(levels) // 10] >= LEVEL_DBM0 - 2, "nine of ten have the very level"


@pytest.mark.parametrize("language", sorted(GRAMMARS))
def test_the_lists_of_recordings_are_those_of_the_packs(language: str) -> None:
    (pack,) = folder(language).glob(f"{language}_*")
    there = {str(path.relative_to(pack).with_suffix("")) for path in pack.rglob("*.wav")}
    assert there == recorded(language)


def test_spanish_new_and_old_are_plural_without_the_s_in_their_name(cache: Path) -> None:
    """A plural ends in a hiss: more than half of neighbouring samples change their sign."""
    here = store("es", cache)
    plural = {
        name: _hisses(here.prompt(name, "es"))
        for name in ("vm-INBOX", "vm-INBOXs", "vm-Old", "vm-Olds", "digits/at", "digits/at_s")
    }
    assert plural == {
        "vm-INBOX": True,
        "vm-INBOXs": False,
        "vm-Old": True,
        "vm-Olds": False,
        "digits/at": True,  # a las
        "digits/at_s": False,  # a la
    }


def _hisses(sound: bytes) -> bool:
    """Whether some of its last 300 ms do, of what is not softer than the loudest by 40 dB."""
    frames = np.frombuffer(sound, "<i2").astype(float)[: len(sound) // 160 * 80].reshape(-1, 80)
    power = np.mean(frames**2, axis=1)
    last = int(np.flatnonzero(power > power.max() / 10_000)[-1])
    changes = np.mean(np.diff(np.sign(frames[max(0, last - 30) : last + 1]), axis=1) != 0, axis=1)
    return bool(np.sum(changes > 0.4) >= 8)


def test_what_russian_has_by_another_name_is_its_recording(cache: Path) -> None:
    here = store("ru", cache)
    assert here.prompt("please-try-call-later", "ru") == here.prompt("pls-try-call-later", "ru")


def test_a_recording_that_says_something_else_is_not_played(cache: Path) -> None:
    """The Russian pound is the one of weights; the key is spoken."""
    said = store("ru", cache).prompt("digits/pound", "ru")
    assert said == Speaker(cache).kept(translations.words("digits/pound", "ru") or "", "ru")


def test_a_recording_without_samples_is_spoken_and_told_once(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As is.wav of the Russian pack; here one of whose words the language is known."""
    (pack,) = folder("ru").glob("ru_*")
    ours = tmp_path / "packs" / "ru"
    ours.mkdir(parents=True)
    (ours / "digits").mkdir()
    silent = (pack / "is.wav").read_bytes()
    (ours / "hour.wav").write_bytes(silent)
    here = PromptStore(ours.parent, Speaker(cache), InlineMedia())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert here.prompt("hour", "ru") == Speaker(cache).speak("час", "ru")
    assert len(caplog.messages) == 1
    assert "hour.wav has no sound in it" in caplog.messages[0]


def _silent_ms(sound: bytes) -> int:
    """How long it is silent at its end: softer than its loudest sample by 40 dB."""
    values = np.abs(np.frombuffer(sound, "<i2").astype(int))
    return int(len(values) - 1 - np.flatnonzero(values > values.max() / 100)[-1]) // 8
