"""A caller leaves a message; its owner fetches it with a mail program."""

import wave
from datetime import UTC, datetime
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

from drivers.buses import Samples
from drivers.models.fsk import CallerId
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import parsed, wav_of
from tests.kit.world import World


def head(message: EmailMessage) -> dict[str, str]:
    """The fields that have no random part."""
    left_out = {"message-id", "date", "content-type"}
    return {key: value for key, value in message.items() if key.lower() not in left_out}


def test_a_caller_leaves_a_message_and_its_owner_fetches_it_by_pop3(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for 101 ringing", "time 4s")
    for telephone in world.box.telephones.values():
        shown = telephone.caller_id
        assert shown is not None
        assert (shown.number, shown.name) == ("5551234", "CARL CALLER")

    caller = world.listen("line1")
    world.board("wait-for line1 answered")
    for prompt in ("vm-theperson", "digits/2", "digits/0", "digits/1", "vm-isunavail", "vm-intro"):
        caller.hears(prompt)
    world.board("wait-for line1 beep", f"say line1 {words}")
    hung_up_at = world.clock.now()
    world.board("hangup line1")

    client = world.pop3("anna")
    assert client.stat()[0] == 1
    (_, lines, _) = client.retr(1)
    octets = b"\r\n".join(lines) + b"\r\n"
    assert client.list()[1] == [b"1 %d" % len(octets)]
    message = parsed(octets)
    assert head(message) == {
        "Return-Path": "<anna@box.test>",
        "Delivered-To": "anna@box.test",
        "From": "CARL CALLER <voicemail@box.test>",
        "To": "Anna Lindqvist <anna@box.test>",
        "Subject": "Voicemail from CARL CALLER 5551234 (0:05)",
        "MIME-Version": "1.0",
        "Message-Context": "voice-message",
        "Content-Duration": "5",
        "X-CallingTelephoneNumber": "5551234",
        "X-VoiceMessageSenderName": "CARL CALLER",
        "X-VoiceMessageDuration": "5",
    }
    assert message["Message-ID"].endswith(".voicemail@box.test>")
    date = message["Date"].datetime
    assert abs(date - datetime.fromtimestamp(hung_up_at, UTC)).total_seconds() <= 1

    text, sound = message.iter_parts()
    assert (text.get_content_type(), sound.get_content_type()) == ("text/plain", "audio/wav")
    assert "CARL CALLER 5551234" in text.get_content()
    assert sound["Content-Duration"] == "5"
    assert f"voicemail-{date:%Y%m%d-%H%M%S}-5551234-" in (sound.get_filename() or "")

    recorded = read_wav(BytesIO(wav_of(message)))
    assert likeness(words_at_8_khz, recorded) > SAME
    with wave.open(BytesIO(wav_of(message))) as wav:
        seconds = wav.getnframes() / wav.getframerate()
    spoken = len(words_at_8_khz) / 8000
    assert spoken - 0.1 < seconds < spoken + 0.5
    assert world.lamps() == {"101": "lit", "102": "dark"}
    assert world.box.violations() == []


def test_a_handset_that_nobody_answers_leads_to_its_owners_voicemail(
    world: World, words: Path, words_at_8_khz: Samples
) -> None:
    world.board("lift 101", "wait-for 101 dial-tone", "dial 101 102", "wait-for 102 ringing")
    world.board("wait-for 101 ringback", "wait-for 101 beep")
    shown = world.box.telephones["102"].caller_id
    assert isinstance(shown, CallerId)
    assert (shown.number, shown.name) == ("101", "Anna Lindqvist")
    world.board(f"say 101 {words}", "hangup 101")
    (message,) = map(parsed, world.fetch("ben"))
    assert message["X-CallingTelephoneNumber"] == "101"
    assert message["X-VoiceMessageSenderName"] == "Anna Lindqvist"
    assert message["Subject"] == "Voicemail from Anna Lindqvist 101 (0:05)"
    assert likeness(words_at_8_khz, read_wav(BytesIO(wav_of(message)))) > SAME
    assert world.lamps() == {"101": "dark", "102": "lit"}
    assert world.fetch("anna") == []


def test_a_caller_who_says_nothing_leaves_nothing_but_a_line_in_the_history(world: World) -> None:
    world.board('ring line1 from 5551234 "CARL CALLER"', "wait-for line1 beep", "hangup line1")
    assert world.fetch("anna") == []
    assert world.store.recordings.all() == []
    assert world.lamps() == {"101": "dark", "102": "dark"}
    (missed,) = [row for row in world.history("anna") if row.verb == "missed call"]
    assert (missed.door, missed.by) == ("phone", "line1")
    assert missed.detail.startswith("CARL CALLER 5551234, 0.0 s recorded")
