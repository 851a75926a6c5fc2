"""An alias sends mail and voicemail on; what cannot go on comes back."""

from io import BytesIO
from pathlib import Path

from app.inbox.entries import EntryState, Kind
from drivers.buses import Samples
from tests.kit.hearing import SAME, likeness, read_wav
from tests.kit.letters import LETTER, parsed, wav_of
from tests.kit.sink import Sink
from tests.kit.world import World

ELSEWHERE = "anna@far.test"
FIRST_RETRY_S = 300
LIT, DARK = {"101": "lit", "102": "dark"}, {"101": "dark", "102": "dark"}


def test_without_the_own_name_everything_goes_elsewhere_and_nothing_stays(
    wide_world: World, sink: Sink, words: Path, words_at_8_khz: Samples
) -> None:
    world = wide_world
    world.alias("anna", ELSEWHERE)
    world.leave_message(words)
    world.send("anna@box.test", LETTER)

    voicemail, mail = sink.caught
    assert voicemail.recipients == mail.recipients == (ELSEWHERE,)
    message = parsed(voicemail.octets)
    assert message["Message-Context"] == "voice-message"
    assert message["X-CallingTelephoneNumber"] == "5551234"
    assert likeness(words_at_8_khz, read_wav(BytesIO(wav_of(message)))) > SAME
    assert mail.octets.endswith(LETTER), "head and body stay as they were"

    assert world.fetch("anna") == []
    assert world.lamps() == DARK
    gone = world.entries("anna", EntryState.BIN)
    assert [entry.kind for entry in gone] == [Kind.VOICEMAIL, Kind.EMAIL]
    assert [entry.removed_door for entry in gone] == ["forward", "forward"]
    assert world.inbox.queue.page() == []


def test_with_the_own_name_both_get_it(wide_world: World, sink: Sink, words: Path) -> None:
    world = wide_world
    world.alias("anna", "anna", ELSEWHERE)
    world.leave_message(words)
    world.send("anna@box.test", LETTER)
    assert [mail.recipients for mail in sink.caught] == [(ELSEWHERE,), (ELSEWHERE,)]
    voicemail, mail = map(parsed, world.fetch("anna"))
    assert voicemail["Message-Context"] == "voice-message"
    assert mail["Subject"] == "The boat"
    assert wav_of(voicemail) == wav_of(parsed(sink.caught[0].octets))
    assert world.lamps() == LIT


def test_a_voicemail_that_is_refused_elsewhere_comes_back_with_a_notice(
    wide_world: World, sink: Sink, words: Path, words_at_8_khz: Samples
) -> None:
    world = wide_world
    world.alias("anna", ELSEWHERE)
    sink.answers[ELSEWHERE] = "550 5.1.1 nobody of that name"
    world.leave_message(words)

    assert sink.caught == []
    voicemail, notice = map(parsed, world.fetch("anna"))
    assert voicemail["X-CallingTelephoneNumber"] == "5551234"
    assert likeness(words_at_8_khz, read_wav(BytesIO(wav_of(voicemail)))) > SAME
    assert notice["Subject"] == f"Not delivered: {voicemail['Subject']}"
    assert notice["Return-Path"] == "<>"
    text = next(notice.iter_parts()).get_content()
    assert ELSEWHERE in text
    assert "550 5.1.1 nobody of that name" in text
    assert world.lamps() == LIT
    world.board("lift 101", "wait-for 101 stutter within 2s")
    assert world.inbox.queue.page() == []


def test_a_voicemail_that_is_put_off_goes_at_the_next_try(
    wide_world: World, sink: Sink, words: Path
) -> None:
    world = wide_world
    world.alias("anna", ELSEWHERE)
    sink.answers[ELSEWHERE] = "451 4.7.1 come again"
    world.leave_message(words)
    assert world.fetch("anna") == []
    (waiting,) = world.inbox.queue.page()
    assert (waiting.attempts, waiting.reply) == (1, "451 4.7.1 come again")
    assert [entry.state for entry in world.entries("anna", EntryState.LEAVING)] == [
        EntryState.LEAVING
    ]

    del sink.answers[ELSEWHERE]
    world.later(FIRST_RETRY_S - 30)
    assert sink.connections == 1, "it waits its time"
    world.later(31)
    (mail,) = sink.caught
    assert parsed(mail.octets)["Message-Context"] == "voice-message"
    assert (sink.connections, world.inbox.queue.page()) == (2, [])
    assert world.fetch("anna") == []
    assert world.entries("anna", EntryState.LEAVING) == []
    assert world.lamps() == DARK
