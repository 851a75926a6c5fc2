"""Before and after the services start: what a first start lacks, and the one screen."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from app.appliance import Inbox, board_spec, open_inbox
from app.commands.common import DOOR, console
from app.commands.supervision import StartError, check_port, check_tools, services_of
from app.config.paths import Paths
from app.config.settings import Settings, annotated
from app.operations.actor import Actor, Role
from app.operations.people import NewPerson, add_person
from app.phone.sound.dsp import SpandspMissing, library

SAMPLE_PEOPLE = (
    NewPerson("anna", "Anna Lindqvist", "201", "101", admin=True),
    NewPerson("ben", "Ben Okafor", "202", "102"),
)
BY = "first start"
"""Who added the sample people, as the history names it."""


def prepare(paths: Paths) -> dict[str, Any]:
    """Make what a first start lacks.

    Gives {"services": service folders to start, "fresh": {login: [password, PIN]} made just now}.

    Raises StartError, or another of commands/errors.py's OURS, naming what is in the way.
    """
    check_tools()
    _check_library()
    paths.make()
    if not paths.settings_file.exists():
        paths.settings_file.write_text(annotated())
    settings = paths.settings()
    handsets = [line.name for line in board_spec(settings).lines if line.kind == "station"]
    check_port("POP3", settings.mail.listen, settings.mail.pop3_port)
    check_port("SMTP", settings.mail.listen, settings.mail.smtp_port)
    inbox = open_inbox(paths, settings)
    try:
        fresh = {} if inbox.people.all() else _add_sample_people(inbox, handsets)
    finally:
        inbox.db.close()
    return {"services": services_of(settings.phone.board), "fresh": fresh}


def _check_library() -> None:
    try:
        library()
    except SpandspMissing as missing:
        raise StartError(f"{missing} (scripts/setup run does)") from missing


def _add_sample_people(inbox: Inbox, handsets: Collection[str]) -> dict[str, list[str]]:
    """Two people to try things with, as far as the board has telephones for them."""
    actor = Actor(BY, DOOR, frozenset({Role.ADMIN}))
    fresh = {}
    for person in SAMPLE_PEOPLE:
        if person.handset not in handsets:
            person = replace(person, handset=None)
        added = add_person(inbox, actor, person)
        fresh[person.login] = [added.password, added.pin]
    return fresh


def show(paths: Paths, fresh: dict[str, list[str]], took: float) -> None:
    """The one screen: addresses, people, what to try first; it `took` so many seconds."""
    settings = paths.settings()
    ports = json.loads(paths.mail_ports.read_text())
    host = settings.mail.listen
    lines = [
        f"Switchhook runs on the {settings.phone.board} board (ready after {took:.1f} s)",
        "",
        f"  POP3  {host}:{ports['pop3']}      SMTP  {host}:{ports['smtp']}",
        f"  store {paths.database}",
        f"  logs  {paths.logs}      settings {paths.settings_file}",
        "",
        *_people(paths, settings, fresh),
        "",
        "Try this in another terminal: `make board`, then",
        *_first_call(settings),
        "",
        f"or fetch mail: curl --user anna:PASSWORD pop3://{host}:{ports['pop3']}",
        "Ctrl-C ends it.",
    ]
    console.print("\n".join(lines), markup=False)


def _people(paths: Paths, settings: Settings, fresh: dict[str, list[str]]) -> list[str]:
    inbox = open_inbox(paths, settings)
    lines = ["  person   handset  mailbox  password          PIN"]
    for person in inbox.people.all():
        password, pin = fresh.get(person.login, ["(set)", "(set)"])
        lines.append(
            f"  {person.login:<8} {person.handset or '-':<8} {person.mailbox:<8}"
            f" {password:<17} {pin}"
        )
    inbox.db.close()
    if fresh:
        lines.append("  Passwords and PINs were made just now and are shown this once.")
    else:
        lines.append(
            "  Forgotten? .venv/bin/python -m app people passwd anna (or: people pin anna)"
        )
    return lines


def _first_call(settings: Settings) -> list[str]:
    words = settings.voicemail.sounds / "en_US_f_Allison" / "demo-congrats.wav"
    return [
        '    ring line1 from 5551234 "MARTA KOVACS"     a call comes in; the handsets ring',
        "    wait-for line1 beep                         nobody lifts: voicemail answers",
        f"    say line1 {words}",
        "    hangup line1",
        "    settle",
        "    lift 101",
        "    wait-for 101 stutter                        there is a message for anna",
        "    dial 101 201                                her mailbox; then her PIN and #",
    ]
