"""E-mail beside voicemail: whose lamp it lights, and what a full inbox still takes."""

import smtplib
from pathlib import Path

import pytest

from drivers.models.operator_verbs import WaitFailed
from tests.kit.letters import LETTER, letter, parsed
from tests.kit.world import World

QUOTA = 20_000
LINE_TO_BEN = '[phone.incoming]\nline2 = { handsets = ["102"], mailbox = "202" }\n'


def test_e_mail_lights_no_lamp_and_is_fetched_by_pop3(world: World) -> None:
    world.send("anna@box.test", LETTER)
    assert world.lamps() == {"101": "dark", "102": "dark"}
    world.board("lift 101", "wait-for 101 dial-tone within 1s")
    with pytest.raises(WaitFailed):
        world.board("wait-for 101 stutter within 3s")
    world.board("hangup 101")
    visit = world.dial_in("101", "anna", tone="dial-tone")
    for name in ("vm-youhave", "vm-no", "vm-messages", "vm-youhave", "digits/1", "vm-INBOX"):
        visit.hears(name)
    world.board("hangup 101")
    (message,) = map(parsed, world.fetch("anna"))
    assert message["Subject"] == "The boat"
    assert message.get_content() == "It has come back.\r\n"


def refusal(world: World, size: int = 0) -> tuple[int, bytes]:
    """What RCPT for Ben is answered, for a mail of this announced size."""
    with world.smtp() as client:
        client.ehlo()
        client.mail("carl@far.test", [f"SIZE={size}"] if size else [])
        return client.rcpt("ben@box.test")


def test_full_inbox_refuses_mail_and_records_a_caller(tmp_path: Path, words: Path) -> None:
    with World(tmp_path, more_settings=LINE_TO_BEN) as world:
        ben = world.person("ben").id
        world.inbox.db.now(lambda tx: world.inbox.people.change(tx, ben, quota=QUOTA))
        assert refusal(world, QUOTA + 1)[0] == 452
        assert refusal(world, QUOTA // 2)[0] == 250
        with world.smtp() as client:  # one mail may overdraw when its size was not announced
            client.ehlo()
            client.mail("carl@far.test")
            assert client.rcpt("ben@box.test")[0] == 250
            assert client.data(letter(QUOTA + QUOTA // 40))[0] == 250
        assert world.store.used(ben) > QUOTA

        code, text = refusal(world)
        assert (code, text[:5]) == (452, b"4.2.2")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            world.send("ben@box.test", LETTER)

        world.leave_message(words, line="line2")
        (voicemail,) = world.voicemails("ben")
        assert voicemail.caller_number == "5551234"
        assert world.lamps() == {"101": "dark", "102": "lit"}

        caller = world.listen("line2")
        world.board("ring line2 from 5551234")
        caller.hears("vm-mailboxfull")
        caller.hears("vm-goodbye")
        assert len(world.voicemails("ben")) == 1
