"""Text of voicemail: word errors, work, and what is written of sounds that are no speech.

    python -m scripts.bench_transcribe       prints the figures as JSON

Needs the pack of this machine (`make packs`); without it there are no figures. What is said are the
prompts of Debian's asterisk-core-sounds-en-wav, their words those of bench_transcribe.txt: clean,
by mu-law, and by mu-law with noise 15 dB below the voice. What is no speech are tones and keys of
several levels, noise, and the hold music of asterisk-moh-opsound-wav, which `make packs` unpacks.

Goals: of 100 words 5 wrong by mu-law and 10 with noise; 0.03 s of CPU a second of speech; no word
of 10 minutes that are no speech.
"""

import json
import re
import resource
import time
import wave
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core import pack
from app.inbox.transcripts import Transcript
from app.transcript.listening import Listener
from drivers.g711 import MU_LAW, nearest_codes
from drivers.sampling import FULL_SCALE, SAMPLE_RATE, amplitude

Figures = dict[str, float]
Wave = NDArray[np.float64]

PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
WORDS = Path(__file__).with_suffix(".txt")
MUSIC = Path("build/servers/asterisk-moh-opsound-wav/usr/share/asterisk/moh")
NOISE_DB = 15.0
LOUD = 0.01 * FULL_SCALE
"""From which on a sample belongs to the voice whose level is taken."""
SAME = {
    "voice mail": "voicemail", "mail box": "mailbox", "log in": "login", "key words": "keywords",
    "for ever": "forever", "forever more": "forevermore", "re record": "rerecord",
    "good bye": "goodbye", "i'm": "i am", "i'll": "i will", "you're": "you are",
    "we'll": "we will", "that's": "that is", "don't": "do not", "can't": "cannot",
}  # fmt: skip
"""Ways to write what is the same to an ear."""
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def words(text: str) -> list[str]:
    """The words of a text as they sound."""
    plain = " ".join(re.findall(r"[a-z']+|\d", text.lower().replace("-", " ")))
    for one, other in SAME.items():
        plain = re.sub(rf"\b{one}\b", other, plain)
    return [str(DIGITS.index(word)) if word in DIGITS else word for word in plain.split()]


def errors(said: list[str], heard: list[str]) -> int:
    """Words to be put in, left out or changed: Levenshtein's distance."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, 1):
        corner, row[0] = row[0], number
        for at, other in enumerate(heard, 1):
            corner, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, corner + (word != other))
    return row[-1]


def prompts(seconds: float) -> list[tuple[Wave, list[str]]]:
    """About so many seconds of prompts, from all of the list, with their words."""
    lines = [line for line in WORDS.read_text().splitlines() if not line.startswith("#")]
    every = [(read(PROMPTS / f"{name}.wav"), words(said))
             for name, said in (line.split(": ", 1) for line in lines)]  # fmt: skip
    share = sum(len(sound) for sound, _ in every) / SAMPLE_RATE / seconds
    return list(islice(every, 0, None, max(1, round(share))))


def read(path: Path) -> Wave:
    """The samples of a WAVE file of 8 kHz."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)


_CODES = np.frombuffer(nearest_codes(MU_LAW), np.uint8)
_SAMPLES = np.array(MU_LAW, np.float64)


def by_mu_law(sound: Wave) -> Wave:
    """As it comes through the network."""
    samples = np.clip(np.rint(sound), -32768, 32767).astype(int)
    return np.asarray(_SAMPLES[_CODES[samples + 32768]])


def noisy(sound: Wave) -> Wave:
    """With noise NOISE_DB below the voice's mean power."""
    voice = sound[np.abs(sound) > LOUD]
    level = np.sqrt((voice**2).mean()) * 10 ** (-NOISE_DB / 20)
    return np.asarray(sound + np.random.default_rng(len(sound)).normal(0, level, len(sound)))


def no_speech(seconds: float) -> Iterator[Wave]:
    """Tones, keys, noise and music, each about a quarter of so many seconds."""
    quarter = seconds / 4
    each = max(2.0, quarter / 12)
    for number, hertz in enumerate(((350, 440), (480, 620), (425,), (400, 450), (1100,), (2100,))):
        yield tone(hertz, each, -24 + 6 * (number % 3))
        yield tone(hertz, each, -18, on_s=0.25)
    rng = np.random.default_rng(1)
    for level in (-6, -20, -32, -40):
        keys = [key(rng, level) for _ in range(int(quarter / 4 / 0.2))]
        yield np.concatenate(keys)
    for level in (-20, -35, -50):
        yield rng.normal(0, amplitude(level), int(quarter / 3 * SAMPLE_RATE))
    music = sorted(MUSIC.glob("*.wav"))
    for path in music:
        yield read(path)[: int(quarter / len(music) * SAMPLE_RATE)]


def tone(hertz: tuple[float, ...], seconds: float, dbm0: float, on_s: float = 1e9) -> Wave:
    """These frequencies, on for so long and off for as long."""
    at = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = sum((np.sin(2 * np.pi * hz * at) for hz in hertz), np.zeros(len(at)))
    return np.asarray(amplitude(dbm0) * sound * (at % (2 * on_s) < on_s))


def key(rng: np.random.Generator, dbm0: float) -> Wave:
    """Some key for 0.1 s, and a pause as long."""
    pair = (float(rng.choice((697, 770, 852, 941))), float(rng.choice((1209, 1336, 1477))))
    return np.concatenate((tone(pair, 0.1, dbm0), np.zeros(SAMPLE_RATE // 10)))


def figures(seconds: float = 160.0) -> Figures:
    """All figures, of so many seconds of speech in each form; {} where there is no pack."""
    folder = pack.found()
    if folder is None:
        return {}
    listener = Listener(folder)
    spoken = prompts(seconds)
    found: Figures = {}
    cpu_s = speech_s = 0.0
    for form, change in (("clean", None), ("mu_law", by_mu_law), ("noise", noisy)):
        wrong = count = 0
        for sound, said in spoken:
            begun = time.process_time()
            heard = heard_in(listener, sound if change is None else by_mu_law(change(sound)))
            cpu_s += time.process_time() - begun
            speech_s += len(sound) / SAMPLE_RATE
            wrong += errors(said, words(heard.said))
            count += len(said)
        found[f"transcribe_{form}_percent"] = round(100 * wrong / count, 1)
    found["transcribe_cpu_s"] = round(cpu_s / speech_s, 4)
    silent_s, told = 0.0, 0
    for sound in no_speech(seconds):
        silent_s += len(sound) / SAMPLE_RATE
        told += len(words(heard_in(listener, sound).said))
    found |= {"transcribe_no_speech_s": round(silent_s), "transcribe_no_speech_words": told}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, "transcribe_memory_mb": round(memory)}


def heard_in(listener: Listener, sound: Wave) -> Transcript:
    """What is written of a sound."""
    samples = np.clip(np.rint(sound), -32768, 32767).astype("<i2")
    return listener.text_of(samples.tobytes())


if __name__ == "__main__":
    print(json.dumps(figures(), indent=1))
