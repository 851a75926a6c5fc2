"""The steps of `make demo`, whatever they are played on: the running appliance, or a test.

A stage is one box with Anna at handset 101, mailbox 201, and an outside line "line1"; nobody has
called yet. scripts/demo.py plays the steps at real pace, tests/journeys/test_journey_demo.py plays
them at free pace, so that what the demo tells is what is tested. Files are left in the stage's
folder.
"""

import email.policy
import poplib
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

import numpy as np

from drivers.buses import SAMPLE_RATE, Samples
from drivers.models.comparison import find
from drivers.models.sound import load_wav

HEARD_BY_CALLER, HEARD_BY_ANNA = "heard-by-caller.wav", "heard-by-anna.wav"
VOICEMAIL_WAV = "voicemail.wav"
LOOK_EACH = "500ms"
"""Line time between two looks at what Anna has heard."""
HEARD_WITHIN_S = 60.0
"""Line time from pressing 1 to the message's end."""
PIECE_S = 1.5
"""The words are looked for in pieces, so that a period lost on a busy machine spoils one only."""
CLEAR = 0.9
"""Likeness from which a piece counts as heard: the same sound through G.711 has 0.98 and more."""


class NotAsTold(Exception):
    """Something that the demo tells has not happened; the text says what."""


class Stage(Protocol):
    """One box as the steps see it."""

    folder: Path
    pin: str

    def tell(self, text: str) -> None:
        """Say what happens."""

    def board(self, *lines: str) -> None:
        """Operate the virtual board, line by line. Raises HardwareError or OperatorError."""

    def wait(self, line: str) -> None:
        """The same with one line that is not worth telling."""

    def pop3(self) -> AbstractContextManager[poplib.POP3]:
        """Anna's mail program, logged in; QUIT at the end."""

    def send(self, subject: str) -> None:
        """Ben sends Anna an e-mail."""

    def subjects(self) -> list[str]:
        """Kind and subject of what is in Anna's inbox."""

    def removed_by(self) -> str:
        """Who removed something last, and through which door."""


def pieces_heard(words: Samples, heard: Samples) -> tuple[int, int]:
    """(found, all): how many pieces of the words, PIECE_S long, are in what was heard."""
    size = round(PIECE_S * SAMPLE_RATE)
    count = max(1, len(words) // size)
    pieces = np.array_split(words, count)
    return sum(find(piece, heard)[0] >= CLEAR for piece in pieces), count


def check_heard(words: Samples, path: Path, who: str) -> None:
    """Whether all of the words are in this WAV, but for one piece. Raises NotAsTold."""
    found, count = pieces_heard(words, load_wav(path))
    if found < max(1, count - 1):
        raise NotAsTold(f"{who} heard {found} of {count} pieces of the words: {path}")


def a_caller_leaves_a_message(stage: Stage, words: Path) -> None:
    """Outside line → handsets ring → voicemail."""
    stage.tell("Marta calls on the outside line; nobody lifts.")
    stage.board(
        'ring line1 from 5551234 "MARTA KOVACS"',
        "wait-for 101 ringing",
        "wait-for line1 answered",
        _file_line("hear line1", stage.folder / HEARD_BY_CALLER),
        "wait-for line1 beep",
    )
    stage.tell("She has heard the greeting and the beep, and speaks.")
    stage.board(_file_line("say line1", words), "hangup line1", "settle")
    for subject in stage.subjects():
        stage.tell(f"In Anna's inbox: {subject}")


def a_mail_program_fetches_both(stage: Stage, words: Path) -> list[str]:
    """One inbox: voicemail and e-mail come out of the same POP3 door; their UIDLs.

    Raises NotAsTold.
    """
    stage.send("Lunch on Friday?")
    stage.tell("Ben has sent Anna an e-mail.")
    with stage.pop3() as client:
        for number in range(1, client.stat()[0] + 1):
            octets = b"\r\n".join(client.retr(number)[1]) + b"\r\n"
            stage.tell(f"POP3 message {number}: {_keep(stage.folder, octets)}")
        uidls = _uidls(client)
    check_heard(load_wav(words), stage.folder / VOICEMAIL_WAV, "The mail program")
    return uidls


def the_owner_hears_it_by_telephone(stage: Stage, words: Path) -> None:
    """Stutter tone, mailbox, PIN, and the message from its first word to its last.

    Raises NotAsTold.
    """
    stage.tell("Anna lifts her handset: stutter dial tone says there is a message.")
    heard = stage.folder / HEARD_BY_ANNA
    stage.board(
        "lift 101",
        _file_line("hear 101", heard),
        "wait-for 101 stutter",
        "dial 101 201",
        "wait-for 101 speech",
        f"dial 101 {stage.pin}#",
        "wait-for 101 speech",
        "dial 101 1",
    )
    stage.tell("She listens (1): the message begins at once.")
    _wait_until(stage, lambda: _has_ended(load_wav(words), heard))
    check_heard(load_wav(words), heard, "Anna")
    stage.tell("She has heard all of Marta's words.")


def the_owner_deletes_by_telephone(stage: Stage, uidls: list[str]) -> None:
    """What is deleted at one door is gone at all. Raises NotAsTold."""
    stage.tell("She deletes it (7).")
    stage.board("dial 101 7", "wait-for 101 speech", "dial 101 #", "hangup 101")
    stage.board("settle", "lift 101", "wait-for 101 dial-tone", "hangup 101")
    with stage.pop3() as client:
        left = _uidls(client)
    if len(left) != len(uidls) - 1:
        raise NotAsTold(f"the deleted voicemail is still there: POP3 lists {left}")
    stage.tell(f"POP3 lists {len(left)} message now, it listed {len(uidls)}; the tone is steady.")
    stage.tell(f"The history says: removed by {stage.removed_by()}.")


def _file_line(verb: str, path: Path) -> str:
    return f"{verb} {shlex.quote(str(path))}"


def _uidls(client: poplib.POP3) -> list[str]:
    return [line.decode().split()[1] for line in client.uidl()[1]]


def _keep(folder: Path, octets: bytes) -> str:
    """Leave a fetched message, and its sound, in the folder; what it is."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    name = "voicemail" if message["Message-Context"] else "mail"
    (folder / f"{name}.eml").write_bytes(octets)
    for part in message.walk():
        if part.get_content_type() == "audio/wav":
            sound = part.get_payload(decode=True)
            assert isinstance(sound, bytes)
            (folder / VOICEMAIL_WAV).write_bytes(sound)
    return f"{message['Subject']} → {name}.eml"


def _has_ended(words: Samples, heard: Path) -> bool:
    """Whether the last of these words has been heard."""
    last = words[-round(PIECE_S * SAMPLE_RATE) :]
    return find(last, load_wav(heard))[0] >= CLEAR


def _wait_until(stage: Stage, so: Callable[[], bool]) -> None:
    """Let line time pass until it is so, HEARD_WITHIN_S at most."""
    looks = round(HEARD_WITHIN_S * 1000 / int(LOOK_EACH.removesuffix("ms")))
    for _ in range(looks):
        if so():
            return
        stage.wait(f"time {LOOK_EACH}")
