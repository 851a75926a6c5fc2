"""What `make demo` tells is so: its own steps, at free pace, and what was heard meanwhile."""

import poplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from drivers.buses import Samples
from scripts import demo_steps
from tests.kit.hearing import SAME, at_8_khz, likeness, read_wav
from tests.kit.world import PINS, World


class WorldStage:
    """The world of the journeys as the demo's stage."""

    def __init__(self, world: World, folder: Path) -> None:
        self.folder, self.pin = folder, PINS["anna"]
        self.told: list[str] = []
        self._world = world

    def tell(self, text: str) -> None:
        self.told.append(text)

    def board(self, *lines: str) -> None:
        self._world.board(*lines)

    def wait(self, line: str) -> None:
        self._world.board(line)

    @contextmanager
    def pop3(self) -> Iterator[poplib.POP3]:
        client = self._world.pop3("anna")
        yield client
        client.quit()

    def send(self, subject: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "ben@box.test", "anna@box.test", subject
        mail.set_content("One line.\n")
        self._world.send("anna@box.test", mail.as_bytes(), sender="ben@box.test")

    def subjects(self) -> list[str]:
        return [f"{entry.kind}, {entry.subject}" for entry in self._world.entries("anna")]

    def removed_by(self) -> str:
        row = next(r for r in reversed(self._world.history("anna")) if r.verb == "removed")
        return f"{row.by} through {row.door}"


@pytest.fixture
def stage(world: World, tmp_path: Path) -> WorldStage:
    folder = tmp_path / "demo"
    folder.mkdir()
    return WorldStage(world, folder)


def test_demo_anna_hears_all_of_the_message_that_the_mail_program_fetched(
    stage: WorldStage, words: Path
) -> None:
    demo_steps.a_caller_leaves_a_message(stage, words)
    uidls = demo_steps.a_mail_program_fetches_both(stage, words)
    demo_steps.the_owner_hears_it_by_telephone(stage, words)
    demo_steps.the_owner_deletes_by_telephone(stage, uidls)

    wanted: Samples = at_8_khz(words)
    assert likeness(wanted, read_wav(stage.folder / demo_steps.VOICEMAIL_WAV)) > SAME
    assert likeness(wanted, read_wav(stage.folder / demo_steps.HEARD_BY_ANNA)) > SAME
    assert len(uidls) == 2
    assert stage.told[-2:] == [
        "POP3 lists 1 message now, it listed 2; the tone is steady.",
        "The history says: removed by anna through phone.",
    ]


def test_demo_message_not_heard_is_an_error(stage: WorldStage, words: Path) -> None:
    demo_steps.a_caller_leaves_a_message(stage, words)
    greeting = stage.folder / demo_steps.HEARD_BY_CALLER
    with pytest.raises(demo_steps.NotAsTold, match="Anna heard 0 of"):
        demo_steps.check_heard(at_8_khz(words), greeting, "Anna")
