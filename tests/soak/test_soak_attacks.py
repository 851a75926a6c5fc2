"""The part of "lines first" that can be counted in line time, whatever strangers send."""

import socket
from pathlib import Path

import numpy as np

from tests.kit.world import World
from tests.soak.strangers import HOSTILE
from tests.soak.words import noise_file

CALLS = 8
LOUD = 200
DIAL_TONE_PERIODS = 10  # 100 ms


def periods_to_dial_tone(world: World, handset: str) -> int:
    """Lift it: how many periods until its ear hears something."""
    telephone = world.box.telephones[handset]
    telephone.memory.clear()
    telephone.lift()
    for period in range(1, 500):
        world.pace.period()
        if telephone.memory and int(np.abs(telephone.memory[-1]).max()) > LOUD:
            return period
    raise AssertionError(f"{handset} hears no dial tone within 5 s")


def test_eight_callers_and_a_handset_are_served_while_strangers_send_what_costs_most(
    tmp_path: Path,
) -> None:
    lines = [f"line{number}" for number in range(1, CALLS + 1)]
    with World(tmp_path, lines=(2, CALLS)) as world:
        for number, line in enumerate(lines):
            world.board(f"ring {line} from 555{number:04}")
        world.board(f"wait-for {lines[-1]} beep")
        words = noise_file(tmp_path / "words.wav", 4, 1)
        for line in lines:
            world.box.office_lines[line].say(words)

        flood = [socket.create_connection(("127.0.0.1", world.smtp_port)) for _ in range(10)]
        for client in flood:
            client.setblocking(False)
            client.send(b"EHLO x\r\n" + b"HELP\r\n" * 4000)
        for octets in HOSTILE.values():
            world.send("anna@box.test", octets)
        for client in flood:
            client.close()
        assert periods_to_dial_tone(world, "102") <= DIAL_TONE_PERIODS
        world.board("hangup 102", "time 3s", *(f"hangup {line}" for line in lines))

        voicemails = world.voicemails("anna")
        assert len([entry for entry in voicemails if entry.caller_number]) == CALLS
        assert len(world.entries("anna")) == CALLS + len(HOSTILE)
        assert not world.box.violations()
