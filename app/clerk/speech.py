"""Texts spoken by espeak-ng, made 8 kHz and kept on disk so that each is spoken only once."""

import hashlib
import io
import logging
import os
import subprocess
from pathlib import Path

from app.message import audio_formats

log = logging.getLogger(__name__)

TEXT_LIMIT = 2_000  # characters spoken of one text
TIME_LIMIT_S = 20.0  # for one run of the synthesizer; a Pi speaks 50 times faster than life
WORDS_A_MINUTE = 150
VOICES = {"en": "en-us"}  # a language's voice where it is not called like the language
KEEP_OCTETS = 64 * 1024 * 1024  # of spoken texts on disk


class NoSpeech(Exception):
    """The synthesizer is missing or failed; the text says which."""


class Speaker:
    """Speaks texts. `cache` is a directory of our own; `program` the synthesizer."""

    def __init__(self, cache: Path, program: str = "espeak-ng") -> None:
        self._cache = cache
        self._program = program

    def speak(self, text: str, language: str) -> bytes:
        """The text as S16LE at 8 kHz. Raises NoSpeech."""
        text = text[:TEXT_LIMIT]
        voice = VOICES.get(language, language)
        name = hashlib.sha256(f"{voice} {WORDS_A_MINUTE}\n{text}".encode()).hexdigest()
        kept = self._cache / f"{name}.s16"
        try:
            return kept.read_bytes()
        except FileNotFoundError:
            sound = self._synthesize(text, voice)
        self._keep(kept, sound)
        return sound

    def _synthesize(self, text: str, voice: str) -> bytes:
        command = [self._program, "-v", voice, "-s", str(WORDS_A_MINUTE), "--stdin", "--stdout"]
        try:
            done = subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=TIME_LIMIT_S, check=True
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
