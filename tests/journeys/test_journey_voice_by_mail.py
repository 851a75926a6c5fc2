"""A voicemail that another system sends by mail is heard on our handset [RFC 3801]."""

from email.message import EmailMessage

from tests.kit.hearing import prompt, prompt_file
from tests.kit.world import World


def voice_mail(name: str) -> bytes:
    """What another voice mail system sends: one sound, marked as a voice message."""
    message = EmailMessage()
    message["From"] = "Dora Distant <5550199@vpim.far.test>"
    message["To"] = "anna@box.test"
    message["Subject"] = "Voice Message"
    message["Message-Context"] = "voice-message"
    message["Content-Duration"] = "4"
    message.set_content("A message was left for you.\n")
    message.add_attachment(
        prompt_file(name).read_bytes(), maintype="audio", subtype="wav", filename="msg.wav"
    )
    return message.as_bytes().replace(b"\n", b"\r\n")


def test_it_lights_the_lamp_and_is_heard_and_gone_when_deleted(world: World) -> None:
    world.send("anna@box.test", voice_mail("tt-weasels"))
    assert world.lamps() == {"101": "lit", "102": "dark"}
    visit = world.dial_in("101", "anna", tone="stutter")
    visit.hears("vm-youhave")
    world.board("dial 101 1")
    visit.hears(prompt("tt-weasels"))
    world.board("dial 101 7")
    visit.hears("vm-deleted")
    world.board("hangup 101")
    assert world.fetch("anna") == []
    assert world.lamps() == {"101": "dark", "102": "dark"}
