"""Where sounds come from: the sound pack of a language, else another pack, else the synthesizer.

A pack is a folder such as en_US_f_Allison (Debian's asterisk-core-sounds-en-wav) in the layout of
Asterisk: vm-intro.wav, digits/7.wav. "en" finds the folder "en", else the first "en_...".
A prompt that the pack of a language lacks is spoken in that language if its words are known, and so
is one whose recording says nothing, or something else (app/phone/sound/languages). All of them are
made alike: the same level, no silence around (levels.py).
A file of 8 kHz is read at once; other rates, and speech, are made by app/clerk/media.py. Where one
way to a sound fails the next is tried; the last are words, digits and letters that a pack has.
"""

import io
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

from app.clerk.levels import levelled
from app.clerk.media import (
    LONGEST,
    SPEECH_S,
    Conversion,
    InlineConversion,
    Media,
    MediaFailed,
    Source,
)
from app.clerk.speech import Speaker
from app.clerk.spelling import recorded
from app.message import audio_formats
from app.phone.sound import prompts, translations
from app.phone.sound.languages import pack_of

log = logging.getLogger(__name__)

KEEP_OCTETS = 4 * 1024 * 1024  # of prompts in memory: 260 s
PLAIN_HEAD = 4096  # octets of a file in which its samples begin, if it is read at once
PLAIN_LIMIT = 4 * 1024 * 1024  # octets of a file that is read at once; a worker reads longer ones
LAST_RESORT = prompts.LANGUAGE


class Making(Protocol):
    """A sound that is being made: the part of a Conversion that is used here."""

    def piece(self, start: int, count: int) -> bytes:
        """See Conversion."""
        ...


Way = Callable[[], Making | bytes | None]
"""A way to a sound: the sound, or its making; None if this way leads nowhere."""


class PromptStore:
    """Prompts, spoken texts and sound files as S16LE at 8 kHz.

    The methods raise NotReady while a sound is being made and MediaFailed if none can be made.
    """

    def __init__(self, packs: Path, speaker: Speaker, media: Media) -> None:
        self._packs, self._speaker, self._media = packs, speaker, media
        self._recent: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, _Making] = {}

    def prompt(self, name: str, language: str) -> bytes:
        """A prompt by its name."""
        return self._once((name, language), lambda: self._ways_to_prompt(name, language))

    def spoken(self, text: str, language: str) -> bytes:
        """A text, spoken."""
        return self._once((None, text, language), lambda: self._ways_to_text(text, language))

    def file(self, path: Path) -> bytes:
        """A sound file; it is read each time, because an owner may replace it."""
        return self._made((path,), lambda: iter([partial(self._file, path)]))

    def kept_file(self, path: Path) -> bytes:
        """A sound file that is played again and again; it is read once, until it is changed.

        Raises MediaFailed if it cannot be had.
        """
        try:
            changed = path.stat().st_mtime_ns
        except OSError as problem:
            raise MediaFailed(f"{path}: {problem.strerror}") from problem
        return self._once((path, changed), lambda: iter([partial(self._file, path)]))

    def _once(self, key: Hashable, ways: Callable[[], Iterator[Way]]) -> bytes:
        found = self._recent.pop(key, None)
        self._recent[key] = found if found is not None else self._made(key, ways)
        while sum(map(len, self._recent.values())) > KEEP_OCTETS and len(self._recent) > 1:
            self._recent.popitem(last=False)
        return self._recent[key]

    def _made(self, key: Hashable, ways: Callable[[], Iterator[Way]]) -> bytes:
        making = self._making.setdefault(key, _Making(ways()))
        try:
            sound = making.sound()
        except MediaFailed:
            del self._making[key]
            raise
        del self._making[key]
        return sound

    def _ways_to_prompt(self, name: str, language: str) -> Iterator[Way]:
        known = pack_of(language)
        if name not in known.wrong:
            for called in (name, known.also.get(name)):
                if called is not None:
                    yield partial(self._recording, called, language)
        own_words = translations.words(name, language) if self._pack(language) else None
        if own_words is not None:
            yield partial(self._speech, own_words, language)
        if language != LAST_RESORT:
            yield partial(self._recording, name, LAST_RESORT)
        log.info("no pack in %s has %s: spoken", self._packs, name)
        yield from self._ways_to_text(prompts.words(name), LAST_RESORT)

    def _ways_to_text(self, text: str, language: str) -> Iterator[Way]:
        for tried in dict.fromkeys((language, LAST_RESORT)):
            yield partial(self._speech, text, tried)
        yield partial(self._words_of_a_pack, text)

    def _speech(self, text: str, language: str) -> Conversion | bytes:
        kept = self._speaker.kept(text, language)
        if kept is not None:
            return kept
        return self._media.convert(
            partial(self._speaker.conversion, text, language), silent_for_s=SPEECH_S
        )

    def _recording(self, name: str, language: str) -> "_Levelled | None":
        pack = self._pack(language)
        if pack is None or ".." in name.split("/") or name.startswith("/"):
            return None
        path = pack / f"{name}.wav"
        return _Levelled(self._file(path), path) if path.exists() else None

    def _pack(self, language: str) -> Path | None:
        exact = self._packs / language
        if exact.is_dir():
            return exact
        return next(iter(sorted(self._packs.glob(f"{language}_*"))), None)

    def _file(self, path: Path) -> Conversion:
        try:
            with path.open("rb") as file:
                head = file.read(PLAIN_HEAD)
                small = os.fstat(file.fileno()).st_size <= PLAIN_LIMIT
                if small and audio_formats.is_plain(io.BytesIO(head)):
                    return InlineConversion(_file_sound, [head, file.read(PLAIN_LIMIT)])
        except OSError as problem:
            raise MediaFailed(f"{path} cannot be read: {problem}") from problem
        return self._media.convert(partial(_sound_of_path, path))

    def _words_of_a_pack(self, text: str) -> bytes | None:
        """The text of single recordings; those are plain files, which are there at once."""
        sounds = []
        for name in recorded(text, self._has_recording):
            found = self._recording(name, LAST_RESORT)
            if isinstance(found, _Levelled) and found.at_once:
                sounds.append(found.piece(0, LONGEST))
        return b"".join(sounds) or None

    def _has_recording(self, name: str) -> bool:
        pack = self._pack(LAST_RESORT)
        return pack is not None and (pack / f"{name}.wav").exists()


class _Levelled:
    """A recording of a pack, as soon as it is read: at the level of all, without silence around."""

    def __init__(self, read: Conversion, path: Path) -> None:
        self._read, self._path = read, path
        self.at_once = isinstance(read, InlineConversion)

    def piece(self, start: int, count: int) -> bytes:
        """See Conversion; `start` and `count` are octets. MediaFailed if nothing is heard in it."""
        sound = levelled(self._read.piece(0, LONGEST))
        if not sound:
            raise MediaFailed(f"{self._path} has no sound in it; what it should say is spoken")
        return sound[start : start + count]


class _Making:
    """The ways to one sound, tried one after the other."""

    def __init__(self, ways: Iterator[Way]) -> None:
        self._ways = ways
        self._way: Way | None = None
        self._now: Making | bytes | None = None
        self._failure = "there is no way to make it"

    def sound(self) -> bytes:
        """The whole sound. Raises NotReady, and MediaFailed when no way has led to it."""
        while True:
            if self._way is None:
                self._way = next(self._ways, None)
            if self._way is None:
                raise MediaFailed(self._failure)
            try:
                sound = self._go(self._way)
            except MediaFailed as problem:
                log.warning("%s", problem)
                self._failure, sound = str(problem), None
            if sound is not None:
                return sound
            self._way = self._now = None

    def _go(self, way: Way) -> bytes | None:
        if self._now is None:
            self._now = way()
        if self._now is None or isinstance(self._now, bytes):
            return self._now
        return self._now.piece(0, LONGEST)


def _file_sound(file: Source) -> Iterator[bytes]:
    return audio_formats.samples(file)


def _sound_of_path(path: Path, _: Source) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from audio_formats.samples(file)
