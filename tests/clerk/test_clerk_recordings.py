"""Recordings and what becomes of them: delivery, crashes, questions asked twice, full disks."""

import re
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from app.clerk.api import NotReady
from app.clerk.composer import MEASURE_AT_ONCE
from app.inbox.contents import CHUNK
from app.inbox.entries import EntryState
from app.message.sound_parts import sound_parts
from app.phone.calls.caller import Caller
from app.voicemail.jobs import RecordingResult
from tests.kit.voicemail import House, silence, tone

CARL = Caller("5551234")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def pieces(house: House, recording: int, sound: bytes, first: int = 0) -> None:
    for seq, start in enumerate(range(0, len(sound), 16_000), first):
        piece = sound[start : start + 16_000]
        house.clerk.samples(recording, seq, piece).result()


def end(house: House, recording: int, why: str = "hung up") -> RecordingResult:
    return house.clerk.end_recording(recording, why).result()


def sound_of(house: House, login: str = "anna") -> bytes:
    (entry,) = house.voicemails(login)
    part = next(sound_parts(house.kit.store.octets(entry)))
    return b"".join(part.octets)[44:]


def test_recording_that_is_delivered_has_every_sample(house: House) -> None:
    spoken = tone(7.3, hz=523)
    recording = house.begin("201", caller=CARL)
    pieces(house, recording, spoken)
    assert end(house, recording) == RecordingResult.DELIVERED
    assert sound_of(house) == spoken


def test_recording_of_several_pieces_in_the_store_is_delivered_whole(house: House) -> None:
    spoken = tone(40)
    recording = house.begin("201", caller=CARL)
    pieces(house, recording, spoken)
    assert end(house, recording) == RecordingResult.DELIVERED
    (entry,) = house.voicemails("anna")
    assert entry.size > 2 * CHUNK
    assert sound_of(house) == spoken


def test_delivered_message_has_the_head_and_size_that_the_store_says(house: House) -> None:
    house.leave("201", tone(2))
    (entry,) = house.voicemails("anna")
    text = house.kit.text(entry)
    assert len(text) == entry.size
    assert text.startswith(
        b"Return-Path: <anna@example.org>\r\nDelivered-To: anna@example.org\r\nFrom: CARL CALLER"
    )
    assert entry.dotted == 0
    assert (entry.sender, entry.state, entry.duration_s) == (
        "CARL CALLER 5551234",
        EntryState.NEW,
        2,
    )


def test_voicemail_of_owner_with_public_address_is_from_it(house: House) -> None:
    house.leave("203", tone(2))
    (entry,) = house.voicemails("cleo")
    assert b"From: CARL CALLER <cleo@cleo.example>" in house.kit.text(entry)


def test_voicemail_to_an_alias_goes_to_its_members(house: House) -> None:
    house.kit.alias("anna", "bob", "carl@elsewhere.example")
    house.leave("201", tone(2))
    assert house.voicemails("anna") == []
    assert len(house.voicemails("bob")) == 1
    assert [row.recipient for row in house.kit.queue.page()] == ["carl@elsewhere.example"]


@pytest.mark.parametrize(
    ("sound", "seconds"),
    [
        (tone(3) + silence(10), 3),
        (silence(2) + tone(1), 3),
        (tone(1) + silence(4) + tone(1) + silence(4), 6),
        (tone(2, peak=200) + silence(3), 2),
    ],
)
def test_recording_that_ends_in_silence_is_shortened(
    house: House, sound: bytes, seconds: int
) -> None:
    recording = house.begin("201")
    pieces(house, recording, sound)
    end(house, recording, "silence")
    assert [entry.duration_s for entry in house.voicemails("anna")] == [seconds]
    kept = sound_of(house)
    assert sound.startswith(kept)
    assert 0 <= len(kept) / 16_000 - seconds <= 0.32


@pytest.mark.parametrize("sound", [b"", silence(8), tone(0.9), tone(5, peak=60)])
def test_recording_that_is_too_short_is_a_missed_call(house: House, sound: bytes) -> None:
    recording = house.begin("201", caller=CARL)
    pieces(house, recording, sound)
    assert end(house, recording) == RecordingResult.MISSED_CALL
    assert house.voicemails("anna") == []
    assert house.verbs()[-1] == "missed call"
    assert house.kit.store.recordings.all() == []


def test_long_recording_is_measured_in_steps_between_which_others_are_answered(
    house: House,
) -> None:
    recording = house.begin("201", caller=CARL)
    for seq in range(3 * MEASURE_AT_ONCE):
        house.clerk.samples(recording, seq, silence(0.01))
    with pytest.raises(NotReady):
        house.jobs.end_recording(recording, "hung up")
    ended = house.kit.store.recordings.get(recording)
    house.kit.clock.advance(1)
    with pytest.raises(NotReady):  # asked again while it is under way
        house.jobs.end_recording(recording, "hung up")
    assert house.kit.store.recordings.get(recording) == ended, "it has ended once more"
    steps = 0
    while house.jobs.work():
        steps += 1
    assert steps == 3 + 1
    assert house.jobs.end_recording(recording, "hung up") == RecordingResult.MISSED_CALL


# ---- crashes


def test_recording_cut_off_by_a_power_cut_keeps_what_was_committed(house: House) -> None:
    recording, began_at = house.begin("201", caller=CARL), house.kit.clock.now()
    pieces(house, recording, tone(4))
    house.kit.db.close()
    restarted = House(house.directory, fresh=False)
    assert restarted.recover() == 1
    (entry,) = restarted.voicemails("anna")
    assert entry.duration_s == 4
    assert sound_of(restarted) == tone(4)
    (date,) = re.findall(rb"^Date: (.+)\r", restarted.kit.text(entry), re.M)
    assert parsedate_to_datetime(date.decode()).timestamp() == began_at + 4
    assert restarted.kit.store.recordings.all() == []
    assert restarted.recover() == 0


def test_recording_that_a_line_is_feeding_is_not_finished_at_a_start(house: House) -> None:
    recording = house.begin("201")
    pieces(house, recording, tone(2))
    house.restart()
    assert house.recover(frozenset({recording})) == 0
    pieces(house, recording, tone(2), first=2)
    end(house, recording)
    assert [entry.duration_s for entry in house.voicemails("anna")] == [4]


def test_recording_that_cannot_be_finished_does_not_stop_the_others(house: House) -> None:
    for mailbox, line in (("202", "line1"), ("201", "line2")):
        pieces(house, house.begin(mailbox, line=line), tone(2))
    third = house.begin("203", line="line3")
    house.kit.db.now(lambda tx: house.kit.store.recordings.add_samples(tx, third, 0, b"odd"))
    assert house.recover() == 3
    assert len(house.voicemails("anna")) == len(house.voicemails("bob")) == 1
    assert [left.id for left in house.kit.store.recordings.all()] == [third]


def test_jobs_done_twice_do_no_harm(house: House) -> None:
    recording = house.begin("201", caller=CARL)
    again = house.jobs.begin_recording(recording, "201", "line1", CARL).recording
    assert again == recording, "begun twice before the first sample"
    pieces(house, recording, tone(2))
    house.restart()  # the clerk died after it had kept them, before it answered
    pieces(house, recording, tone(3))
    assert end(house, recording) == RecordingResult.DELIVERED
    house.restart()
    assert end(house, recording) == RecordingResult.GONE
    pieces(house, recording, tone(1), first=9)
    assert sound_of(house) == tone(3)
    assert house.kit.db.reader().execute("SELECT count(*) FROM sample").fetchone() == (0,)


def test_recording_that_begins_on_a_line_ends_the_one_before(house: House) -> None:
    left = house.begin("201", line="line1", caller=Caller("5551111"))
    pieces(house, left, tone(2))
    other = house.begin("201", line="line2", caller=Caller("5552222"))
    fresh = house.begin("201", line="line1", caller=Caller("5553333"))
    assert len({left, other, fresh}) == 3
    assert [entry.caller_number for entry in house.voicemails("anna")] == ["5551111"]


def test_recording_left_without_a_sample_is_not_the_next_callers(house: House) -> None:
    house.begin("201", line="line1", caller=Caller("5551111"))  # its answer may have been lost
    recording = house.begin("201", line="line1", caller=Caller("5552222"))
    pieces(house, recording, tone(2))
    assert end(house, recording) == RecordingResult.DELIVERED
    assert [entry.caller_number for entry in house.voicemails("anna")] == ["5552222"]
    calls = house.kit.store.missed_calls(house.kit.person("anna").id)
    assert [call.caller_number for call in calls] == ["5551111"]


def test_recording_that_could_not_be_delivered_is_tried_again(house: House) -> None:
    recording = house.begin("201")
    pieces(house, recording, tone(2))
    house.kit.db.now(lambda tx: tx.execute("ALTER TABLE content RENAME TO away"))
    assert end(house, recording) == RecordingResult.KEPT
    assert house.voicemails("anna") == []
    house.kit.db.now(lambda tx: tx.execute("ALTER TABLE away RENAME TO content"))
    house.kit.clock.advance(2)
    house.clerk.dispatch()
    assert len(house.voicemails("anna")) == 1


def test_recording_for_a_person_removed_meanwhile_goes_to_the_postmaster(house: House) -> None:
    recording = house.begin("202")
    pieces(house, recording, tone(2))
    bob = house.kit.person("bob").id
    house.kit.db.now(lambda tx: house.kit.people.remove(tx, bob))
    end(house, recording)
    assert len(house.voicemails("anna")) == 1


def test_recording_that_is_unknown_takes_no_samples_and_is_gone(house: House) -> None:
    pieces(house, 4711, tone(1))
    assert end(house, 4711) == RecordingResult.GONE
    assert house.kit.db.reader().execute("SELECT count(*) FROM sample").fetchone() == (0,)


@pytest.mark.parametrize(("why", "marked"), [("hung up", None), ("line failed", "yes")])
def test_recording_of_a_line_that_failed_is_kept_and_marked(
    house: House, why: str, marked: str | None
) -> None:
    recording = house.begin("201")
    house.clerk.samples(recording, 0, tone(1)).result()
    house.clerk.samples(recording, 1, tone(0.5)).result()
    house.clerk.end_recording(recording, why, 2).result()
    (entry,) = house.voicemails("anna")
    assert entry.duration_s == 2
    mail = message_from_bytes(house.kit.text(entry))
    assert mail["X-VoiceMessage-Broken-Off"] == marked


def test_message_on_a_box_whose_clock_was_never_set_has_no_date(house: House) -> None:
    house.kit.clock.step(-house.kit.clock.now())
    house.leave("201")
    mail = message_from_bytes(house.kit.text(house.voicemails("anna")[0]))
    assert mail["Date"] is None and "1970" not in mail.as_string()
