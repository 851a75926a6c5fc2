"""docs/install.md, typed into a new box: its commands as printed, and what it promises of a call.

The guest is on the virtual board, as a card without settings is; its jacks are those of the page.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scripts.image.work import PROJECT
from tests.kit.guest import READY_S, SLOW, Guest
from tests.kit.guest_load import owner_of
from tests.kit.hearing import at_8_khz, spoken
from tests.kit.running import until

pytestmark = pytest.mark.boot

PAGE = (PROJECT / "docs" / "install.md").read_text()
WORDS = "words.8k.wav"
CALLER = "5551234"
SERVICES = "/run/switchhook/services"


@dataclass(frozen=True)
class Typed:
    """A command of the page, and the lines that it shows as its answer."""

    command: str
    shown: tuple[str, ...]


def commands_of(page: str) -> list[Typed]:
    """What stands behind `$` in the page's console blocks, in order."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.splitlines()
            found.append(Typed(command, tuple(shown)))
    return found


def as_shown(typed: Typed, said: str) -> re.Match[str] | None:
    """Whether the answer is what the page shows; `…` is anything, also several lines."""
    pieces = ["\n".join(typed.shown), said]
    shown, text = ("\n".join(" ".join(line.split()) for line in p.splitlines()) for p in pieces)
    pattern = ".*?".join(re.escape(piece.strip(" ")) for piece in shown.split("…"))
    return re.match(pattern, text, re.DOTALL)


class Owner:
    """The reader of the page, at the console and at the telephones."""

    def __init__(self, guest: Guest) -> None:
        self.guest, self.admin = guest, owner_of(guest)
        self.answers: dict[str, str] = {}

    def secrets_of_anna(self) -> tuple[str, str]:
        """Password and PIN, as `people add` has shown them."""
        (said,) = (said for typed, said in self.answers.items() if "people add anna" in typed)
        found = re.search(r"Password: (\S+)\s+PIN: (\d+)", said)
        assert found is not None, said
        return found[1], found[2]


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owner]:
    """A new box, on which everything that the page says was typed."""
    folder = tmp_path_factory.mktemp("guide")
    guest = Guest(folder)
    at_8_khz(spoken("Please call me back about the boat on Friday.", folder / "words.wav"))
    guest.put_file_on_card(folder / WORDS)
    with guest:
        owner = Owner(guest)
        guest.log_in(owner.admin.console)
        guest.run(f"s6-svwait -U -t {READY_S * 1000} {SERVICES}/phone {SERVICES}/mail", READY_S)
        for typed in commands_of(PAGE):
            code, said = guest.tried(typed.command, within_s=200)
            until_well = typed.command.endswith("health")
            if until_well and code != 0:  # a service that was just started again
                until(lambda t=typed: guest.tried(t.command)[0] == 0, within_s=120 * SLOW)  # type: ignore[misc]
                code, said = guest.tried(typed.command)
            assert code == 0, f"{typed.command}: {said}"
            assert as_shown(typed, said), f"{typed.command} does not answer as shown:\n{said}"
            owner.answers[typed.command] = said
        yield owner


def test_page_has_commands_to_type() -> None:
    typed = [one.command for one in commands_of(PAGE)]
    assert len(typed) >= 6 and typed[0].startswith("switchhook people add anna")


def test_settings_are_known_to_the_telephones_without_a_restart_by_hand(owner: Owner) -> None:
    for command, said in owner.answers.items():
        if "settings set" in command:
            assert "started again: phone" in said or "not yet" in said, said


def test_first_call_is_in_the_mailbox_of_whom_the_page_adds(owner: Owner) -> None:
    password, pin = owner.secrets_of_anna()
    owner.guest.run(f"cp /run/card/{WORDS} /tmp/ && chmod 644 /tmp/{WORDS}")
    owner.guest.at_the_board(
        f"ring line1 from {CALLER}", "wait-for 101 ringing within 60s",
        "wait-for line1 beep within 90s", f"say line1 /tmp/{WORDS}", "hangup line1", "settle",
    )  # fmt: skip
    until(lambda: len(owner.guest.fetch("anna", password)) == 1, within_s=120 * SLOW)
    (message,) = (
        email.message_from_bytes(octets, policy=email.policy.default)
        for octets in owner.guest.fetch("anna", password)
    )
    assert [p for p in message.walk() if p.get_content_type() == "audio/wav"]
    assert owner.guest.fetch(owner.admin.login, owner.admin.password) == []
    owner.guest.at_the_board(
        "lift 101", "wait-for 101 stutter within 30s", "dial 101 201", "time 4s",
        f"dial 101 {pin}#", "time 10s", "hangup 101",
    )  # fmt: skip


def test_removing_it_by_pop3_makes_the_dial_tone_steady(owner: Owner) -> None:
    password, _ = owner.secrets_of_anna()
    with owner.guest.mailbox("anna", password) as box:
        for number in range(1, box.stat()[0] + 1):
            box.dele(number)
    owner.guest.at_the_board(
        "settle", "lift 101", "wait-for 101 dial-tone within 30s", "hangup 101"
    )
