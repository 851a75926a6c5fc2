"""Texts spoken by espeak-ng, made 8 kHz and kept on disk so that each is spoken only once.

The voice is the one that is most like the pack's of that language, the level that of all prompts.

espeak-ng 1.51 exits with 0 when it has said nothing: without a dictionary, and with voices that
have no words for numbers (cv, he, tk: "345" is 0.4 s of silence). What is silent, far too short for
its text, or spoken by a voice that leaves the text's digits out is no speech: not kept, also not
when an earlier version has kept it.
"""

import contextlib
import hashlib
import io
import logging
import os
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from app.clerk.levels import LEVEL_DBM0, levelled
from app.clerk.media import MediaFailed, Source
from app.clerk.trim import loud_samples
from app.core.process import end_with
from app.core.text import speakable
from app.message import audio_formats
from app.phone.sound.languages import pack_of
from drivers.sampling import SAMPLE_RATE

log = logging.getLogger(__name__)

TEXT_LIMIT = 2_000  # characters spoken of one text
TIME_LIMIT_S = 20.0  # for one run of the synthesizer; a Pi speaks 50 times faster than life
WORDS_A_MINUTE = 150
KEEP_OCTETS = 64 * 1024 * 1024  # of spoken texts on disk
SHORTEST_MS = 20  # of sound for each letter or digit; speech has 70 and more


class NoSpeech(MediaFailed):
    """The synthesizer is missing, failed or said nothing; the text says which."""


class Speaker:
    """Speaks texts. `cache` is a directory of our own; `program` the synthesizer."""

    def __init__(self, cache: Path, program: str = "espeak-ng") -> None:
        self._cache = cache
        self._program = program

    def kept(self, text: str, language: str) -> bytes | None:
        """The text as S16LE at 8 kHz if it was spoken before."""
        text = speakable(text)
        path = self._path(text, language)
        try:
            sound = path.read_bytes()
        except FileNotFoundError:
            return None
        if is_speech(sound, text):
            with contextlib.suppress(OSError):  # what was used last is kept longest
                os.utime(path)
            return sound
        path.unlink(missing_ok=True)
        return None

    def speak(self, text: str, language: str) -> bytes:
        """Speak the text, as S16LE at 8 kHz, and keep it. Raises NoSpeech."""
        text = speakable(text)[:TEXT_LIMIT]
        digits = "".join(c for c in text if c.isdecimal())
        if digits and digits != text and not is_speech(self._run(digits, language), digits):
            raise NoSpeech(f"voice {language} leaves numbers out")
        sound = levelled(self._run(text, language))
        if not is_speech(sound, text):
            raise NoSpeech(f"voice {language} said nothing, or next to nothing, of {text!r}")
        self._keep(self._path(text, language), sound)
        return sound

    def once(self, text: str, languages: Sequence[str], _: Source) -> Iterator[bytes]:
        """A text of somebody's mail, in the first of these languages that can say it.

        Like `conversion`, but nothing of it is kept on the disk. Raises NoSpeech.
        """
        text = speakable(text)[:TEXT_LIMIT]
        for language in dict.fromkeys(languages):
            sound = self._run(text, language)
            if is_speech(sound, text):
                yield sound
                return
        raise NoSpeech(f"no voice of {', '.join(languages)} says {text[:40]!r}")

    def conversion(self, text: str, language: str, _: Source) -> Iterator[bytes]:
        """speak() in the form that app.clerk.media wants."""
        yield self.speak(text, language)

    def _path(self, text: str, language: str) -> Path:
        said = f"{_voice(language)} {WORDS_A_MINUTE} {LEVEL_DBM0}\n{text[:TEXT_LIMIT]}"
        return self._cache / f"{hashlib.sha256(said.encode()).hexdigest()}.s16"

    def _run(self, text: str, language: str) -> bytes:
        voice = _voice(language)
        command = [self._program, "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command,
                input=text.encode(),
                capture_output=True,
                timeout=TIME_LIMIT_S,
                check=True,
                preexec_fn=partial(end_with, os.getpid()),
            )
            # its WAVE header claims about 2 GB, as it is written before the length is known
            return b"".join(audio_formats.samples(io.BytesIO(done.stdout)))
        except FileNotFoundError as missing:
            raise NoSpeech(f"{self._program} is not installed (package espeak-ng)") from missing
        except (OSError, subprocess.SubprocessError, audio_formats.UnknownSound) as problem:
            raise NoSpeech(f"{self._program}: {problem}") from problem

    def _keep(self, kept: Path, sound: bytes) -> None:
        """Losing the cache costs time only, so a full disk is no reason to stay silent."""
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            self._make_room(len(sound))
            fresh = kept.with_suffix(f".{os.getpid()}")
            fresh.write_bytes(sound)
            fresh.replace(kept)
        except OSError as problem:
            log.warning("spoken text not kept in %s: %s", self._cache, problem)

    def _make_room(self, octets: int) -> None:
        files = sorted((path.stat().st_mtime, path) for path in self._cache.glob("*.s16"))
        used = octets + sum(path.stat().st_size for _, path in files)
        for _, path in files:
            if used <= KEEP_OCTETS:
                return
            used -= path.stat().st_size
            path.unlink()


def is_speech(sound: bytes, text: str) -> bool:
    """Whether this sound (S16LE at 8 kHz) can be all of this text: loud and long enough."""
    signs = sum(c.isalnum() for c in text)
    return loud_samples(sound) >= signs * SHORTEST_MS * SAMPLE_RATE // 1000


def _voice(language: str) -> str:
    return pack_of(language).voice
