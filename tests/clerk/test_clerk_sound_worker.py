"""The process that decodes a message: facts of its sound, samples from any place, refusals."""

import json
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from app.clerk.sound_worker import NO_SOUND, PEAK, PEAKS_MOST, facts, samples
from app.message.audio_formats import wave_head
from tests.kit import foreign_voicemail as foreign
from tests.kit.foreign_sound import encoded
from tests.kit.voicemail import silence, tone

SOUND = silence(0.5) + tone(0.5, peak=8000)
WAVE = wave_head(len(SOUND) // 2) + SOUND


def run(octets: bytes, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "app.clerk.sound_worker", *arguments]
    return subprocess.run(command, input=octets, capture_output=True, check=False)


def test_worker_tells_how_long_a_voicemail_is_and_how_loud_where() -> None:
    told = json.loads(run(foreign.freeswitch(foreign.wav(WAVE)), "facts").stdout)
    assert told["samples"] == 8000
    assert told["peaks"][:5] == [0] * 5 and all(7000 < peak <= 8001 for peak in told["peaks"][5:])
    assert len(told["peaks"]) == 10


@pytest.mark.parametrize("start", [0, 1, 4001, 8000, 9000])
def test_worker_gives_the_samples_from_any_place_on(start: int) -> None:
    done = run(foreign.freeswitch(foreign.wav(WAVE)), "samples", str(start))
    assert (done.returncode, done.stdout) == (0, SOUND[2 * start :])


def test_worker_decodes_what_other_systems_send(tmp_path: Path) -> None:
    path = tmp_path / "plain.wav"
    path.write_bytes(WAVE)
    mail = foreign.freeswitch(foreign.wav(encoded("wav49", path)))
    told = json.loads(run(mail, "facts").stdout)
    assert 7900 < told["samples"] < 8400 and max(told["peaks"]) > 5000


def test_worker_says_that_there_is_nothing_to_hear() -> None:
    done = run(b"Subject: x\r\n\r\nno sound\r\n", "facts")
    assert (done.returncode, done.stdout, done.stderr) == (NO_SOUND, b"", b"")


def test_long_sound_has_no_more_peaks_than_a_short_one() -> None:
    piece = tone(1.0)
    told = json.loads(facts(piece for _ in range(601)))
    assert told["samples"] == 601 * 8000
    assert PEAKS_MOST // 2 < len(told["peaks"]) <= PEAKS_MOST
    assert facts(iter([])) == b'{"samples": 0, "peaks": []}'


def test_pieces_of_any_length_give_the_same() -> None:
    whole = array("h", [3, -5] * PEAK).tobytes()
    for size in (1, 2, 7):
        cut = [whole[at : at + 2 * size] for at in range(0, len(whole), 2 * size)]
        assert b"".join(samples(iter(cut), 11)) == whole[22:]
        assert facts(iter(cut)) == facts(iter([whole]))
