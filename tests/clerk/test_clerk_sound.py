"""Sound as it comes: WAVE files of many kinds, other rates, packs, speech."""

import io
import math
import os
import stat
import struct
import subprocess
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.clerk import playback, speech
from app.clerk.cleaning import Survey
from app.clerk.levels import levelled
from app.clerk.media import InlineMedia, MediaFailed
from app.clerk.playback import Playback
from app.clerk.prompt_store import PromptStore
from app.clerk.speech import NoSpeech, Speaker
from app.message import audio_formats
from app.message.resample import Values, resampled
from app.phone.jobs import MessageAudio
from app.phone.sound import prompts
from app.phone.sound.languages import grammar_of
from app.voicemail import key_maps, menu
from tests.kit.voicemail import PACKS, House, silence, tone


def sox(*arguments: str | Path, sound: bytes) -> bytes:
    """What sox makes of S16LE at 8 kHz."""
    raw = ["sox", "-D", "-t", "raw", "-r", "8000", "-e", "signed", "-b", "16", "-c", "1", "-"]
    return subprocess.run([*raw, *arguments], input=sound, capture_output=True, check=True).stdout


def read(wav: bytes) -> Values:
    return array("h", b"".join(audio_formats.samples(io.BytesIO(wav))))


def difference(a: Values, b: Values) -> int:
    """The largest difference, away from the edges; lengths may differ by a few."""
    assert abs(len(a) - len(b)) <= 4
    count = min(len(a), len(b)) - 200
    return max(abs(a[n] - b[n]) for n in range(200, count))


# ---- WAVE


@pytest.mark.parametrize(
    ("options", "off"),
    [
        (("-e", "signed", "-b", "16"), 0),
        (("-e", "unsigned", "-b", "8"), 256),
        (("-e", "mu-law", "-b", "8"), 520),
        (("-e", "a-law", "-b", "8"), 520),
        (("-e", "signed", "-b", "16", "-c", "2"), 1),
    ],
)
def test_what_sox_writes_is_read(options: tuple[str, ...], off: int) -> None:
    spoken = tone(1, hz=700, peak=16_000)
    wav = sox("-t", "wav", *options, "-", sound=spoken)
    assert difference(read(wav), array("h", spoken)) <= off


@pytest.mark.parametrize("law", ["mu-law", "a-law"])
def test_g711_tables_are_those_of_sox(law: str) -> None:
    codes = bytes(range(256))
    raw = ["sox", "-t", "raw", "-r", "8000", "-e", law, "-b", "8", "-c", "1", "-"]
    decoded = subprocess.run(
        [*raw, "-t", "raw", "-e", "signed", "-b", "16", "-"], input=codes, capture_output=True
    ).stdout
    tag = audio_formats.MU_LAW if law == "mu-law" else audio_formats.A_LAW
    wav = (
        b"RIFF\0\0\0\0WAVEfmt "
        + struct.pack("<IHHIIHH", 16, tag, 1, 8000, 8000, 1, 8)
        + struct.pack("<4sI", b"data", 256)
        + codes
    )
    assert read(wav) == array("h", decoded)


@pytest.mark.parametrize("rate", [11_025, 16_000, 22_050, 44_100, 48_000])
def test_other_rates(rate: int) -> None:
    spoken = tone(1, hz=700, peak=16_000)
    wav = sox("-t", "wav", "-", "rate", "-v", str(rate), sound=spoken)
    assert difference(read(wav), array("h", spoken)) <= 200


@pytest.mark.parametrize(
    "wav",
    [
        b"",
        b"RIFF",
        b"not a wave file, but long enough for one",
        b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd",
        b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f",
        b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH", 16, 0x31, 1, 8000, 1625, 65, 0),
        b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0\x01\0\x01\0",
        b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<IHHIIHH4sI", 16, 1, 9, 8000, 0, 18, 16, b"data", 0),
    ],
)
def test_what_is_no_sound_we_know(wav: bytes) -> None:
    with pytest.raises(audio_formats.UnknownSound):
        read(wav)


def test_a_file_cut_off_gives_what_is_there() -> None:
    wav = sox("-t", "wav", "-", sound=tone(1))
    assert read(wav[:5045]).tobytes() == tone(1)[:5000]


# ---- resampling


@pytest.mark.parametrize("size", [1, 7, 1000, 100_000])
def test_resampling_does_not_depend_on_the_pieces(size: int) -> None:
    values = array("h", [n * 7919 % 20_000 - 10_000 for n in range(3000)])
    cut = [values[at : at + size] for at in range(0, len(values), size)]
    whole = b"".join(p.tobytes() for p in resampled([values], 22_050, 8000))
    assert b"".join(p.tobytes() for p in resampled(cut, 22_050, 8000)) == whole
    assert len(whole) // 2 == 3000 * 8000 // 22_050


def test_what_would_alias_is_filtered_out() -> None:
    high = array("h", [round(16_000 * math.sin(math.tau * 5000 / 22_050 * n)) for n in range(9000)])
    (out, _) = resampled([high], 22_050, 8000)
    assert max(map(abs, out[100:])) < 16_000 / 300  # 50 dB down


# ---- how long a recording is


def extent(pieces: list[bytes]) -> tuple[int, int]:
    survey = Survey()
    for piece in pieces:
        survey.add(piece)
    return survey.spoken, survey.cleaning(whole=True).samples


def test_recording_is_kept_up_to_its_last_sound_and_a_little() -> None:
    assert extent([]) == (0, 0)
    assert extent([silence(3)]) == (0, 2400)
    assert extent([tone(1), silence(1)]) == (8000, 10_400)
    assert extent([silence(0.5), tone(0.5), silence(0.1)]) == (4000, 8800)
    assert extent([tone(0.01)] * 100)[0] == 8000


# ---- packs and speech


def prompt_store(directory: Path, program: str = "espeak-ng", packs: Path = PACKS) -> PromptStore:
    return PromptStore(packs, Speaker(directory / "spoken", program), InlineMedia())


def test_a_prompt_is_the_packs_recording(tmp_path: Path) -> None:
    recorded = levelled((PACKS / "en_US_f_Allison" / "vm-intro.wav").read_bytes()[44:])
    assert prompt_store(tmp_path).prompt("vm-intro", "en") == recorded
    assert prompt_store(tmp_path).prompt("vm-intro", "xx") == recorded


def test_what_no_pack_has_is_spoken_once(tmp_path: Path) -> None:
    spoken = prompt_store(tmp_path).prompt("switchhook/locked", "en")
    assert 2 < len(spoken) / 16_000 < 8
    assert max(map(abs, array("h", spoken))) > 5000
    assert len(list((tmp_path / "spoken").iterdir())) == 1
    assert prompt_store(tmp_path, "no-such-program").prompt("switchhook/locked", "en") == spoken


def test_without_any_pack_everything_is_spoken(tmp_path: Path) -> None:
    here = prompt_store(tmp_path, packs=tmp_path / "none")
    assert len(here.prompt("digits/7", "en")) > 2000
    assert len(here.prompt("vm-intro", "en")) > 32_000


def test_synthesizer_that_is_missing_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(NoSpeech, match="package espeak-ng"):
        Speaker(tmp_path, "no-such-program").speak("hello", "en")


def program(tmp_path: Path, script: str) -> str:
    path = tmp_path / "synthesizer"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_synthesizer_that_fails_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(NoSpeech, match="status 3"):
        Speaker(tmp_path, program(tmp_path, "exit 3")).speak("hello", "en")


# ---- speech that says nothing

SPOKEN = "spoken"


def wav_of(sound: bytes) -> bytes:
    """Sound as the synthesizer writes it: its header claims about 2 GB."""
    head = struct.pack(
        "<4sI8sIHHIIHH", b"RIFF", 0x7FFFF024, b"WAVEfmt ", 16, 1, 1, 8000, 16_000, 2, 16
    )
    return head + struct.pack("<4sI", b"data", 0x7FFFF000) + sound


def saying(tmp_path: Path, sounds: dict[str, bytes]) -> str:
    """A synthesizer with these voices; each says the same of every text."""
    for voice, sound in sounds.items():
        (tmp_path / f"{voice}.wav").write_bytes(wav_of(sound))
    return program(tmp_path, f'cat >/dev/null; exec cat "{tmp_path}/$2.wav"')


@pytest.mark.parametrize("said", [b"", silence(3), silence(1) + tone(0.02) + silence(1)])
def test_voice_that_says_nothing_is_noticed_and_english_is_kept_instead(
    tmp_path: Path, said: bytes
) -> None:
    here = prompt_store(tmp_path, saying(tmp_path, {"tk": said, "en-us+f3": tone(2)}))
    assert here.spoken("three words more", "tk") == levelled(tone(2))
    assert len(list((tmp_path / SPOKEN).iterdir())) == 1


def test_spoken_texts_beyond_the_limit_on_disk_are_forgotten_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "KEEP_OCTETS", 5 * 16_000)
    speaker = Speaker(tmp_path / SPOKEN, saying(tmp_path, {"en-us+f3": tone(2)}))
    texts, known = ("first", "second", "third"), set[Path]()
    for at, text in enumerate(texts):
        speaker.speak(text, "en")
        (fresh,) = set((tmp_path / SPOKEN).iterdir()) - known
        os.utime(fresh, (at, at))
        known.add(fresh)
    assert [text for text in texts if speaker.kept(text, "en")] == ["second", "third"]


def test_spoken_text_that_is_used_is_kept_before_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "KEEP_OCTETS", 5 * 16_000)
    speaker = Speaker(tmp_path / SPOKEN, saying(tmp_path, {"en-us+f3": tone(2)}))
    for at, text in enumerate(("first", "second")):
        speaker.speak(text, "en")
        for fresh in (tmp_path / SPOKEN).iterdir():
            os.utime(fresh, (at, at)) if fresh.stat().st_mtime > 10 else None
    assert speaker.kept("first", "en")
    speaker.speak("third", "en")
    assert [bool(speaker.kept(text, "en")) for text in ("first", "second")] == [True, False]


@pytest.mark.parametrize("voice", ["he", "cv", "tk"])
def test_number_in_a_voice_without_numbers_is_said_in_english(tmp_path: Path, voice: str) -> None:
    assert prompt_store(tmp_path).spoken("345", voice) == Speaker(tmp_path).speak("345", "en")


def test_text_with_digits_in_a_voice_without_numbers_is_no_speech(tmp_path: Path) -> None:
    text = "שלום 345"  # shalom, and the number is left out of 1.4 s of sound
    with pytest.raises(NoSpeech, match="leaves numbers out"):
        Speaker(tmp_path).speak(text, "he")
    assert Speaker(tmp_path).speak(text.split()[0], "he")


@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "ru", "ja", "zh", "pl", "en"])
def test_voice_that_speaks_is_believed(tmp_path: Path, language: str) -> None:
    for text in ("1", "345", "2 x 17", "CARL CALLER"):
        assert Speaker(tmp_path).speak(text, language)


def test_text_without_letters_and_digits_may_be_silent(tmp_path: Path) -> None:
    prompt_store(tmp_path).spoken("...", "en")


def test_silence_that_an_earlier_version_has_kept_is_spoken_anew(tmp_path: Path) -> None:
    good = prompt_store(tmp_path).spoken("345", "de")
    (kept,) = (tmp_path / SPOKEN).iterdir()
    kept.write_bytes(silence(0.4))
    assert prompt_store(tmp_path).spoken("345", "de") == good
    assert kept.read_bytes() == good


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Bé 7x", ("letters/b", "letters/e", "digits/7", "letters/x")),
        ("Thank you.", ("auth-thankyou",)),
        ("message 12", ("vm-message", "digits/1", "digits/2")),
        ("٣", ("digits/3",)),
    ],
)
def test_text_without_a_synthesizer_is_said_with_recordings(
    tmp_path: Path, text: str, said: tuple[str, ...]
) -> None:
    pack = PACKS / "en_US_f_Allison"
    recorded = b"".join(levelled((pack / f"{name}.wav").read_bytes()[44:]) for name in said)
    assert prompt_store(tmp_path, "no-such-program").spoken(text, "de") == recorded


def test_text_that_nothing_can_say_fails(tmp_path: Path) -> None:
    with pytest.raises(MediaFailed):
        prompt_store(tmp_path, "no-such-program", tmp_path / "none").spoken("hello", "en")


def test_recording_of_another_rate_in_a_pack_is_played(tmp_path: Path) -> None:
    (tmp_path / "packs" / "de").mkdir(parents=True)
    wav = sox("-t", "wav", "-", "rate", "16000", sound=tone(1))
    (tmp_path / "packs" / "de" / "vm-intro.wav").write_bytes(wav)
    found = prompt_store(tmp_path, packs=tmp_path / "packs").prompt("vm-intro", "de")
    assert difference(array("h", found), array("h", levelled(tone(1)))) <= 200


@pytest.mark.parametrize(
    ("language", "name", "words"),
    [
        ("de", "switchhook/e-mails", "E-Mails"),
        ("es", "switchhook/e-mails", "correos electrónicos"),
        ("fr", "switchhook/e-mail", "courriel"),
        ("it", "switchhook/e-mails", "messaggi di posta elettronica"),
        ("ru", "switchhook/e-mails-few", "электронных письма"),
        ("ru", "digits/345", "345"),
        ("de", "switchhook/time/15-05", "15:05"),
    ],
)
def test_what_a_pack_lacks_is_spoken_in_its_language(
    tmp_path: Path, language: str, name: str, words: str
) -> None:
    (tmp_path / "packs" / language).mkdir(parents=True)
    here = prompt_store(tmp_path, packs=tmp_path / "packs")
    assert here.prompt(name, language) == Speaker(tmp_path).speak(words, language)


def test_without_a_pack_of_its_language_a_prompt_is_english(tmp_path: Path) -> None:
    said = prompt_store(tmp_path).prompt("switchhook/e-mails", "fr")
    assert said == Speaker(tmp_path).speak("e-mails", "en")


def test_a_text_is_no_option_and_no_command(tmp_path: Path) -> None:
    for text in ("-f /etc/passwd", "$(touch x)", "--version"):
        assert len(prompt_store(tmp_path).spoken(text, "en")) > 2000


def test_a_prompt_name_stays_within_the_pack(tmp_path: Path) -> None:
    (tmp_path / "packs" / "en").mkdir(parents=True)
    (tmp_path / "secret.wav").write_bytes(sox("-t", "wav", "-", sound=tone(1)))
    here = prompt_store(tmp_path, packs=tmp_path / "packs")
    for name in ("../../secret", str(tmp_path / "secret")):
        assert here.prompt(name, "en") != tone(1)


def every_prompt() -> list[str]:
    said = [
        name
        for keys in key_maps.KEY_MAPS.values()
        for where in menu.Menu
        for name in menu.offers(keys, where, list(menu.Action))
    ]
    return sorted(set(prompts.WORDS) | set(said))


def test_the_pack_has_all_prompts_but_our_own() -> None:
    missing = [
        name for name in every_prompt() if not (PACKS / "en_US_f_Allison" / f"{name}.wav").exists()
    ]
    assert missing == [name for name in every_prompt() if name.startswith("switchhook/")]
    assert set(missing) <= set(prompts.WORDS), "each of our own has its words"


# ---- days


@pytest.mark.parametrize(
    ("days_ago", "said"),
    [
        (0, "today"),
        (1, "yesterday"),
        (2, "day-6"),
        (6, "day-6"),
        (7, "mon-1 20 h-8"),
        (-3, "mon-1 20 h-8"),
    ],
)
def test_days(days_ago: int, said: str) -> None:
    expected = tuple(f"digits/{word}" for word in said.split())
    assert grammar_of("en").day(2, 28, 6, days_ago) == expected


def test_signs_that_can_be_dialled() -> None:
    assert prompts.digits("+1*2#x") == ("digits/1", "digits/star", "digits/2", "digits/pound")


# ---- playing messages


def test_a_message_can_be_played_from_anywhere(tmp_path: Path) -> None:
    house = House(tmp_path)
    spoken = tone(5, hz=523)
    house.leave("201", spoken)
    (entry,) = house.voicemails("anna")
    for start, count in ((0, 16_000), (16_000, 16_000), (39_990, 100), (8000, 1), (50_000, 10)):
        heard = house.jobs.sound(MessageAudio(entry.id), start, count)
        assert heard == spoken[start * 2 : (start + count) * 2]


MESSAGE = [
    b"Content-Type: audio/basic\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    *[b"\x2a" * 1000] * 40,
]


def test_messages_heard_last_stay_decoded() -> None:
    here = Playback(InlineMedia())
    heard = [here.samples(content, MESSAGE, 0, 8000) for content in (1, 2)]
    assert [here.samples(content, (), 0, 8000) for content in (1, 2)] == heard


def test_message_larger_than_what_is_kept_is_played_on_and_the_one_before_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(playback, "KEEP_OCTETS", 20_000)
    here = Playback(InlineMedia())
    here.samples(1, MESSAGE, 0, 8000)
    for start in range(0, 40_000, 8000):
        assert len(here.samples(2, MESSAGE if start == 0 else (), start, 8000)) == 16_000
    with pytest.raises(MediaFailed):
        here.samples(1, (), 8000, 8000)


def test_a_message_is_read_only_as_far_as_it_is_played() -> None:
    read_so_far = 0

    def message() -> Iterator[bytes]:
        nonlocal read_so_far
        yield b"Content-Type: audio/basic\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        for _ in range(1000):
            read_so_far += 1
            yield b"\x2a\x55\n" * 400

    playback = Playback(InlineMedia())
    assert len(playback.samples(1, message(), 0, 8000)) == 16_000
    assert read_so_far < 20
    assert len(playback.samples(1, iter(()), 4000, 8000)) == 16_000, "kept by content"


def test_a_message_without_sound() -> None:
    with pytest.raises(MediaFailed, match="no sound"):
        Playback(InlineMedia()).samples(1, [b"Subject: x\r\n\r\nhello\r\n"], 0, 10)


@pytest.mark.parametrize(
    ("name", "said"), [("digits/77", "77"), ("vm-of-no-pack", "vm of no pack"), ("a/b/c-d", "c d")]
)
def test_prompt_without_words_is_spoken_as_the_last_part_of_its_name(name: str, said: str) -> None:
    assert prompts.words(name) == said
