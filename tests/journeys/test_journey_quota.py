"""An inbox that fills: its owner is warned by mail and by telephone, and callers are recorded."""

import smtplib
from pathlib import Path

import numpy as np
import pytest

from app.clerk.media import InlineMedia
from app.clerk.prompt_store import PromptStore
from app.clerk.speech import Speaker
from drivers.buses import Samples
from tests.kit.hearing import PACK
from tests.kit.letters import letter, parsed
from tests.kit.world import World

LINE_TO_BEN = '[phone.incoming]\nline2 = { handsets = ["102"], mailbox = "202" }\n'
QUOTA = 2_000_000


def prompt(world: World, name: str) -> Samples:
    """The samples of a prompt that no sound pack has, as this box speaks it."""
    store = PromptStore(PACK.parent, Speaker(world.paths.spoken), InlineMedia())
    return np.frombuffer(store.prompt(name, "en"), "<i2").astype(np.int16)


def warnings(world: World) -> list[str]:
    """Subjects of the warnings that Ben's mail program fetches."""
    messages = map(parsed, world.fetch("ben"))
    subjects = [str(message["Subject"]) for message in messages]
    return [subject for subject in subjects if subject.startswith("Your inbox is")]


def test_owner_of_a_filling_inbox_is_warned_and_callers_still_leave_a_message(
    tmp_path: Path, words: Path
) -> None:
    with World(tmp_path, more_settings=LINE_TO_BEN) as world:
        world.command("template", "set", "small", "--quota-mb", "2", "--voicemails", "9")
        world.command("people", "change", "ben", "--template", "small")
        world.send("ben@box.test", letter(1_500_000))
        assert warnings(world) == []
        world.send("ben@box.test", letter(200_000))
        assert warnings(world) == ["Your inbox is 85% full"]
        visit = world.dial_in("102", "ben", tone="dial-tone")
        visit.hears(prompt(world, "switchhook/nearly-full"))
        visit.hears("vm-youhave")
        world.board("hangup 102")

        world.send("ben@box.test", letter(290_000))
        assert warnings(world) == ["Your inbox is 85% full", "Your inbox is 99% full"]
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            world.send("ben@box.test", letter(20_000))
        assert refused.value.recipients["ben@box.test"][0] == 452
        world.leave_message(words, line="line2")
        assert len(world.voicemails("ben")) == 1
        assert len(warnings(world)) == 2, "what was said is not said again"
        visit = world.dial_in("102", "ben")
        visit.hears(prompt(world, "switchhook/full"))
        visit.hears("vm-youhave")
        world.board("hangup 102")

        client = world.pop3("ben")
        for number in range(1, client.stat()[0] + 1):
            client.dele(number)
        client.quit()
        world.send("ben@box.test", letter(20_000))
        assert warnings(world) == []
        world.command("template", "set", "small", "--quota-mb", "1")
        world.send("ben@box.test", letter(800_000))
        assert warnings(world) == ["Your inbox is 82% full"], "the template holds for him at once"
