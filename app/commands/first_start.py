"""Before and after the services start: what a first start lacks, and the one screen."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.appliance import Inbox, board_spec, has_board_page, open_inbox, opened_or_why
from app.commands.common import DOOR
from app.commands.errors import OURS
from app.commands.output import say
from app.commands.supervision import StartError, check_port, check_tools, services_of
from app.config import services
from app.config.annotated import annotated
from app.config.paths import Paths
from app.config.ports import PORTS, ports_text
from app.config.settings import Settings
from app.core import files
from app.core.records import parse_json
from app.core.subprocess_call import beside
from app.device.identity import CONSOLE_USER, new_console_password
from app.operations.actor import Actor, Role
from app.operations.kept_secrets import take_in
from app.operations.people import NewPerson, add_person
from app.operations.setup_page import setup_page
from app.phone.sound import spandsp

SAMPLE_PEOPLE = (
    NewPerson("anna", "Anna Lindqvist", "201", "101", admin=True, first_use=False),
    NewPerson("ben", "Ben Okafor", "202", "102", first_use=False),
)
LINES = ("box", "phone")
"""Services whose plans are made at each start: the others' may be an earlier start's."""
BY = "first start"
"""Who added the sample people, as the history names it."""


def prepare(paths: Paths, memory: Path | None = None) -> dict[str, Any]:
    """Make what a first start lacks; `memory` tells, outside of the folder, of a box in it.

    Gives {"services": service folders to start, "fresh": {login: [password, PIN]} made just now,
    "console": the console's password if it was, "trouble": why the store cannot be used, "" if it
    can}: the telephones work without it.

    Raises StartError, or another of commands/errors.py's OURS, naming what is in the way.
    """
    check_tools()
    _check_library()
    paths.make()
    restored = _restored(paths)
    if restored:
        say("the backup that was restored is in its place")
    if not paths.settings_file.exists():
        files.write(paths.settings_file, annotated())
    settings = paths.settings()
    handsets = [line.name for line in board_spec(settings).jacks if line.kind == "station"]
    certified = beside(
        lambda: _certify(paths, settings), OURS
    )  # its certificate is checked meanwhile
    inbox, trouble = opened_or_why(paths, settings, memory)
    try:
        for name, words in PORTS.items():
            port = getattr(settings.mail, f"{name}_port")
            check_port(words, settings.mail.listen, port, f"mail.{name}_port")
        for name, port in (("http", settings.web.http_port), ("https", settings.web.https_port)):
            check_port(name.upper(), settings.web.listen, port, f"web.{name}_port")
        fresh = {}
        if inbox is not None and not inbox.people.all():
            fresh = _add_sample_people(inbox, handsets)
    finally:
        if inbox is not None:
            inbox.db.close()
    take_in(Actor(BY, DOOR, frozenset({Role.SYSTEM})), paths, open_inbox)
    made = services.NAMES if restored else (*LINES, *services.stale(paths, ("mail", "admin")))
    services.prepare(paths, paths.settings(), made)  # passwords have been taken out of them now
    certified()
    return {
        "services": services_of(settings.phone.board),
        "fresh": fresh,
        "console": _console_password(paths),
        "trouble": trouble,
    }


def _certify(paths: Paths, settings: Settings) -> None:
    from app.device.certify import certify

    certify(paths, settings)


def _restored(paths: Paths) -> bool:
    """Whether a backup was put in its place; what does that is loaded if one lies there."""
    if not (paths.var / "restore").exists():
        return False
    from app.device import restore

    return restore.change_over(paths)


def _console_password(paths: Paths) -> str:
    """The console's password if it had none until now, else ""."""
    if (paths.etc / "shadow").exists():
        return ""
    return new_console_password(paths.etc / "shadow")


def _check_library() -> None:
    try:
        spandsp.check()
    except spandsp.SpandspMissing as missing:
        raise StartError(f"{missing} (scripts/setup run does)") from missing


def _add_sample_people(inbox: Inbox, handsets: Collection[str]) -> dict[str, list[str]]:
    """Two people to try things with, as far as the board has telephones for them."""
    actor = Actor(BY, DOOR, frozenset({Role.SYSTEM}))
    fresh = {}
    for person in SAMPLE_PEOPLE:
        if person.handset not in handsets:
            person = replace(person, handset=None)
        added = add_person(inbox, actor, person)
        fresh[person.login] = [added.password, added.pin]
    return fresh


def show(paths: Paths, prepared: dict[str, Any], took: float) -> None:
    """The one screen: addresses, people, what to try first; it `took` so many seconds.

    `prepared` is what prepare() gave. In trouble the store cannot be used, and that is said instead
    of the people.
    """
    fresh, trouble = prepared["fresh"], prepared["trouble"]
    settings = paths.settings()
    ports = parse_json(paths.mail_ports.read_text())
    host = settings.mail.listen
    lines = [
        f"Switchhook runs on the {settings.phone.board} board (ready after {took:.1f} s)",
        "",
        f"  mail  {host}: {ports_text(ports)}",
        f"  mail programs set themselves up by {setup_page(paths, settings)}",
        *_pages(paths, settings),
        f"  store {paths.database}",
        f"  TLS   certificate authority {paths.keys / 'ca.crt'}",
        f"  logs  {paths.logs}      settings {paths.settings_file}",
        *_console_words(paths, prepared["console"]),
        "",
        *(_trouble(trouble) if trouble else _people(paths, settings, fresh)),
        "",
        "Try this in another terminal: `make board`, then",
        *_first_call(settings),
        "",
        f"or fetch mail: curl --user anna:PASSWORD pop3://{host}:{ports['pop3']}",
        "Ctrl-C ends it.",
    ]
    say(*lines)


def _console_words(paths: Paths, password: str) -> list[str]:
    words = [f"  serial console {paths.console} (`make console` needs no terminal program)"]
    if password:
        words.append(f"    if the store is broken: login {CONSOLE_USER}, password {password}")
    return words


def _pages(paths: Paths, settings: Settings) -> list[str]:
    """Where people log in, and where the virtual board is operated, if it is one."""
    if not paths.web_ports.exists():
        return []  # a port that is taken: the log says so
    here = f"http://127.0.0.1:{parse_json(paths.web_ports.read_text())['http']}"
    found = [f"  pages {here}/login   log in by name and password"]
    if has_board_page(settings):
        found.append(f"  board {here}/board   lift, dial, speak and hear in a browser")
    return found


def _trouble(trouble: str) -> list[str]:
    return [
        f"  ATTENTION: {trouble}",
        "  Telephones work: callers are recorded, and get to the inboxes when the store is there.",
        "  Mail waits with whoever sends it. A damaged store is mended, while this runs, by",
        "  .venv/bin/python -m app inbox repair",
    ]


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
