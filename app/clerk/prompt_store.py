"""Where sounds come from: the sound pack of a language, else another pack, else the synthesizer.

A pack is a folder such as en_US_f_Allison (Debian's asterisk-core-sounds-en-wav) in the layout of
Asterisk: vm-intro.wav, digits/7.wav. "en" finds the folder "en", else the first "en_...".
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from pathlib import Path

from app.clerk.speech import Speaker
from app.message import audio_formats
from app.phone.sound import prompts

log = logging.getLogger(__name__)

KEEP_OCTETS = 4 * 1024 * 1024  # of prompts in memory: 260 s
LAST_RESORT = "en"


class PromptStore:
    """Prompts and spoken texts as S16LE at 8 kHz."""

    def __init__(self, packs: Path, speaker: Speaker) -> None:
        self._packs = packs
        self._speaker = speaker
        self._recent: OrderedDict[Hashable, bytes] = OrderedDict()

    def prompt(self, name: str, language: str) -> bytes:
        """A prompt by its name. Raises NoSpeech if it is neither recorded nor can be spoken."""
        return self._once((name, language), lambda: self._find_prompt(name, language))

    def spoken(self, text: str, language: str) -> bytes:
        """A text, spoken. Raises NoSpeech."""
        return self._once((None, text, language), lambda: self._speaker.speak(text, language))

    def _once(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        found = self._recent.pop(key, None)
        self._recent[key] = found if found is not None else make()
        while sum(map(len, self._recent.values())) > KEEP_OCTETS and len(self._recent) > 1:
            self._recent.popitem(last=False)
        return self._recent[key]

    def _find_prompt(self, name: str, language: str) -> bytes:
        for tried in dict.fromkeys((language, LAST_RESORT)):
            recorded = self._recording(name, tried)
            if recorded is not None:
                return recorded
        log.info("no pack in %s has %s: spoken", self._packs, name)
        return self._speaker.speak(prompts.words(name), LAST_RESORT)

    def _recording(self, name: str, language: str) -> bytes | None:
        pack = self._pack(language)
        if pack is None or ".." in name.split("/") or name.startswith("/"):
            return None
        return read_file(pack / f"{name}.wav")

    def _pack(self, language: str) -> Path | None:
        exact = self._packs / language
        if exact.is_dir():
            return exact
        return next(iter(sorted(self._packs.glob(f"{language}_*"))), None)


def read_file(path: Path) -> bytes | None:
    """A sound file as S16LE at 8 kHz; None if it is not there or cannot be played (logged)."""
    try:
        with path.open("rb") as file:
            return b"".join(audio_formats.samples(file))
    except FileNotFoundError:
        return None
    except (OSError, audio_formats.UnknownSound) as problem:
        log.warning("%s cannot be played: %s", path, problem)
        return None
