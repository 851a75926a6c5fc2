"""A message is what was said, at the level of speech; sox judges. Nothing else is cut off."""

import io
import re
import subprocess
import time
from email import message_from_bytes
from pathlib import Path

import numpy as np
import pytest

from app.clerk.cleaning import LEAD, Cleaning, Survey
from app.clerk.trim import TAIL
from app.message.audio_formats import wave_head
from drivers.buses import PERIOD, Samples
from drivers.countries import codes, country
from drivers.models.tones import tone_periods
from drivers.tones import Tone
from tests.kit.hearing import PACK, prompt, read_wav
from tests.kit.voicemail import House

US = country("us").tones
WORDS = prompt("demo-congrats")
"""30 s of a woman who speaks."""
HUM_DBM0 = -58.0


def cleaning(*sounds: Samples, dial: Tone | None = US.dial) -> tuple[Cleaning, Samples]:
    """What becomes of these sounds, one after the other, in pieces of a second."""
    whole = np.concatenate(sounds).astype("<i2").tobytes()
    pieces = [whole[at : at + 16_000] for at in range(0, len(whole), 16_000)]
    survey = Survey(dial)
    for piece in pieces:
        survey.add(piece)
    made = b"".join(survey.cleaning().of(pieces))
    assert len(made) == 2 * survey.cleaning().samples
    return survey.cleaning(), np.frombuffer(made, "<i2")


def stats(samples: Samples) -> dict[str, float]:
    """What sox says of this sound."""
    wave = wave_head(len(samples)) + samples.astype("<i2").tobytes()
    said = subprocess.run(
        ["sox", "-t", "wav", "-", "-n", "stats"], input=wave, capture_output=True, check=True
    )
    rows = re.findall(r"^(.+?)\s+(-?[\d.]+|-inf)$", said.stderr.decode(), re.MULTILINE)
    return {name.strip(): float(value) for name, value in rows}


def speech_only(samples: Samples) -> Samples:
    """Without the pauses: windows of 20 ms that are within 20 dB of the loudest."""
    windows = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(float)
    power = (windows**2).mean(1)
    spoken: Samples = windows[power > power.max() / 100].astype(np.int16).reshape(-1)
    return spoken


def hum(seconds: float, dbm0: float = HUM_DBM0) -> Samples:
    """Noise of a quiet line, the same each time."""
    noise = np.random.default_rng(1).normal(0, 16_087 * 10 ** (dbm0 / 20), round(seconds * 8000))
    return noise.astype(np.int16)


def louder(sound: Samples, db: float) -> Samples:
    """With what is beyond the scale cut off, as a converter does."""
    changed = sound.astype(float) * 10 ** (db / 20)
    return np.clip(changed, -32_768, 32_767).astype(np.int16)


@pytest.mark.parametrize("db", [-14, -8, 0, 6])
def test_speech_of_any_level_becomes_as_loud_as_prompts_are(db: float) -> None:
    said = louder(WORDS, db)
    said[: len(said)] += hum(len(said) / 8000)
    _, made = cleaning(said)
    judged = stats(speech_only(made))
    assert judged["RMS lev dB"] == pytest.approx(-24.2, abs=1.5)  # -18 dBm0
    assert judged["Pk lev dB"] < -0.5


def test_nothing_is_clipped_that_has_sharp_peaks() -> None:
    sharp = louder(WORDS, -20)
    sharp[1000::4000] = 20_000  # clicks, which do not count for the level of speech
    change, made = cleaning(sharp)
    assert change.gain > 3
    assert 20_000 < np.abs(made.astype(int)).max() < 32_767
    assert stats(made)["Pk lev dB"] < 0


@pytest.mark.parametrize("noise", [hum(5), hum(5, -44.0), np.zeros(40_000, np.int16)])
def test_noise_alone_is_not_made_louder(noise: Samples) -> None:
    change, _ = cleaning(noise)
    assert change.gain == 1.0


def test_noise_between_the_words_stays_soft() -> None:
    noisy = louder(WORDS, -20) + hum(len(WORDS) / 8000, -44.0)
    change, _ = cleaning(hum(1, -44.0), noisy)
    assert change.gain == 1.0
    change, made = cleaning(louder(WORDS, -20) + hum(len(WORDS) / 8000, -60.0), hum(1, -60.0))
    assert 3 < change.gain < 5
    assert stats(made[-1200:])["RMS lev dB"] < -50  # -44 dBm0


def test_silence_before_and_after_is_cut_off_and_no_word() -> None:
    word = prompt("vm-goodbye")
    loud = np.flatnonzero(np.abs(word.astype(int)) >= 128)
    change, _ = cleaning(hum(3), word, hum(4))
    assert change.begins == pytest.approx(24_000 + loud[0] - LEAD, abs=160)
    assert change.ends == pytest.approx(24_000 + loud[-1] + TAIL, abs=160)


def lasting(tone: Tone, seconds: float) -> Samples:
    rows = tone_periods(tone)
    return rows[np.arange(round(seconds * 100)) % len(rows)].reshape(-1)


@pytest.mark.parametrize("code", codes())
@pytest.mark.parametrize("seconds", [1.5, 20.0])
def test_dial_tone_after_the_words_is_cut_off(code: str, seconds: float) -> None:
    dial, words = country(code).tones.dial, WORDS[: 8000 * 2]
    change, _ = cleaning(words, hum(0.5), lasting(dial, seconds), dial=dial)
    assert 8000 * 1.5 < change.ends <= len(words) + 4000 + 2 * PERIOD


def test_dial_tone_alone_is_nothing_said() -> None:
    survey = Survey(US.dial)
    survey.add(lasting(US.dial, 5).astype("<i2").tobytes())
    assert survey.spoken == 0 and survey.cleaning().samples <= TAIL


def test_nothing_is_cut_off_the_end_of_words_or_of_another_tone() -> None:
    for path in sorted(PACK.glob("*.wav"))[::23]:
        said = read_wav(path)
        loud = np.flatnonzero(np.abs(said.astype(int)) >= 128)
        for code in ("us", "de"):
            change, _ = cleaning(said, dial=country(code).tones.dial)
            assert change.ends >= min(len(said), loud[-1] + TAIL - 160), path.name
    other = Tone((440.0,))
    change, _ = cleaning(WORDS[:16_000], lasting(other, 3))
    assert change.ends == 16_000 + 24_000


def test_dial_tone_in_the_midst_stays() -> None:
    change, _ = cleaning(lasting(US.dial, 3), WORDS[:16_000])
    assert change.begins == 0 and change.ends > 24_000 + 12_000


def test_message_in_the_inbox_is_clean_for_mail_and_handset_alike(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.config = type(house.config)(
        **{f: getattr(house.config, f) for f in house.config.__slots__ if f != "cleaned"}
    )
    house.restart()
    sound = np.concatenate(
        [hum(2), louder(WORDS, -12), hum(1), lasting(US.dial, 8), lasting(US.reorder, 3.5)]
    )
    house.leave("201", b"")
    recording = house.begin("201")
    octets = sound.astype("<i2").tobytes()
    for seq, at in enumerate(range(0, len(octets), 16_000)):
        house.clerk.samples(recording, seq, octets[at : at + 16_000]).result()
    house.clerk.end_recording(recording, "hung up").result()
    entry = house.voicemails("anna")[-1]
    assert entry.duration_s == pytest.approx(len(WORDS) / 8000, abs=1)
    mail = message_from_bytes(house.kit.text(entry))
    (part,) = [p for p in mail.walk() if p.get_content_type() == "audio/wav"]
    wave = part.get_payload(decode=True)
    assert isinstance(wave, bytes)
    made = read_wav(io.BytesIO(wave))
    assert stats(speech_only(made))["RMS lev dB"] == pytest.approx(-24.2, abs=1.5)


def test_minute_of_speech_costs_little() -> None:
    minute = np.resize(WORDS, 60 * 8000)
    before = time.process_time()
    cleaning(minute)
    assert time.process_time() - before < 1.0  # 0.13 s on the machine where this was written
