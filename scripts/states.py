"""Draws the state tables of app and drivers into docs/states.md.

    python -m scripts.states            writes docs/states.md

tests/house/test_house_states.py fails while the page is not what this prints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.bringup.session import STEP_ACTIONS
from app.core.fsm import Actions, Table
from app.core.timers import Timer
from app.imap.net.states import IMAP_ACTIONS
from app.mail.fetch.states import FETCH_ACTIONS
from app.mail.outbound.client_states import CLIENT_ACTIONS
from app.mail.pop3.states import POP3_ACTIONS
from app.mail.smtp.states import SMTP_ACTIONS
from app.panel.gestures import RESET_ACTIONS
from app.phone.calls.call import CALL_ACTIONS
from app.phone.calls.handset import HANDSET_ACTIONS
from app.phone.lines.dialler import DIALLER_ACTIONS
from app.phone.lines.display_ring import DISPLAY_ACTIONS
from app.phone.lines.first_answer import FIRST_ACTIONS
from app.phone.lines.message_waiting import VMWI_ACTIONS
from app.phone.lines.ringer import RINGER_ACTIONS
from app.phone.lines.second_caller import SECOND_ACTIONS
from app.phone.lines.station import STATION_ACTIONS
from app.phone.lines.trunk import TRUNK_ACTIONS
from drivers.chip import REPAIR_ACTIONS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "states.md"

HEAD = """\
# States

What can happen to a line, a call or a session, and what follows. This page is drawn from the
tables that the programs run by (`python -m scripts.states`); the head of `app/core/fsm.py` explains
how a table is read. An event that a state does not list is refused: lines and calls log it,
protocols answer it.
"""


@dataclass(frozen=True)
class Drawn:
    """One machine of the page: its heading, the file of its table, and what it says in general."""

    title: str
    file: str
    about: str
    actions: Actions[Any, Any, Any]


MACHINES = (
    Drawn(
        "A call",
        "app/phone/calls/states.py",
        "Who is connected to what. The caller is a handset or an outside line.",
        CALL_ACTIONS,
    ),
    Drawn(
        "A handset with two calls",
        "app/phone/calls/handset_states.py",
        "What flashes, keys and hanging up mean: hold, transfer, three-way, call waiting.",
        HANDSET_ACTIONS,
    ),
    Drawn(
        "A handset's line",
        "app/phone/lines/station.py",
        "The hook of one telephone, its dial pulses, and what it hears when its call is over.",
        STATION_ACTIONS,
    ),
    Drawn(
        "Ringing a handset",
        "app/phone/lines/ringer.py",
        "The cadence, and caller ID in its silences.",
        RINGER_ACTIONS,
    ),
    Drawn(
        "Showing a second caller",
        "app/phone/lines/second_caller.py",
        "Caller ID on call waiting: an alerting signal, the telephone's answer, data.",
        SECOND_ACTIONS,
    ),
    Drawn(
        "A handset's message lamp",
        "app/phone/lines/message_waiting.py",
        "When VMWI may be sent.",
        VMWI_ACTIONS,
    ),
    Drawn(
        "An outside line",
        "app/phone/lines/trunk_states.py",
        "Ringing and supervision of one line of the telephone office.",
        TRUNK_ACTIONS,
    ),
    Drawn(
        "Answering for caller ID",
        "app/phone/lines/first_answer.py",
        "Japan: a line is answered for the data, hung up, and only then rings.",
        FIRST_ACTIONS,
    ),
    Drawn(
        "Ringing for a number display",
        "app/phone/lines/display_ring.py",
        "Japan: a handset is rung in short bursts for the data, and only then rings.",
        DISPLAY_ACTIONS,
    ),
    Drawn(
        "Dialling on an outside line",
        "app/phone/lines/dialler.py",
        "What happens between seizing a line and the last digit that is sent.",
        DIALLER_ACTIONS,
    ),
    Drawn(
        "A line chip",
        "drivers/chip.py",
        "Its repair after it lost its settings or does not answer.",
        REPAIR_ACTIONS,
    ),
    Drawn(
        "A POP3 session",
        "app/mail/pop3/states.py",
        "One connection of a mail client that fetches; commands that change nothing are no events.",
        POP3_ACTIONS,
    ),
    Drawn(
        "An SMTP session",
        "app/mail/smtp/states.py",
        "One connection of a client or server that sends.",
        SMTP_ACTIONS,
    ),
    Drawn(
        "An outgoing SMTP conversation",
        "app/mail/outbound/client_states.py",
        "One connection to a server that mail is given to.",
        CLIENT_ACTIONS,
    ),
    Drawn(
        "A session that fetches mail elsewhere",
        "app/mail/fetch/states.py",
        "One connection to the POP3 server of an account of somebody here.",
        FETCH_ACTIONS,
    ),
    Drawn(
        "A session with an IMAP server",
        "app/imap/net/states.py",
        "The inbox that lies on somebody else's server. One command at a time.",
        IMAP_ACTIONS,
    ),
    Drawn(
        "A factory reset at the front panel",
        "app/panel/gestures.py",
        "The reset button is held for ten seconds, then pressed once more.",
        RESET_ACTIONS,
    ),
    Drawn(
        "A step of the bring-up",
        "app/bringup/session.py",
        "One experiment at a new line hat, as a technician is led through it (`lines bring-up`).",
        STEP_ACTIONS,
    ),
)


def page() -> str:
    """The whole of docs/states.md."""
    return "\n".join([HEAD, *(_section(machine) for machine in MACHINES)])


def _section(machine: Drawn) -> str:
    table = machine.actions.table
    return "\n".join(
        [
            f"## {machine.title}",
            "",
            f"{machine.about} Table `{table.kind}` in `{machine.file}`.",
            "",
            *_diagram(table),
            "",
            *_states(table),
            *_moves(machine.actions),
            "",
        ]
    )


def _diagram(table: Table[Any, Any]) -> list[str]:
    """A mermaid state diagram; events with the same way share an arrow."""
    names = {state: f"s{number}" for number, state in enumerate(table.rows)}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state}" as {name}' for state, name in names.items()]
    lines.append(f"    [*] --> {names[table.start]}")
    for state, row in table.rows.items():
        ways: dict[Any, list[str]] = {}
        for event, target in row.on.items():
            ways.setdefault(target, []).append(str(event))
        lines += [f"    {names[state]} --> {names[t]}: {', '.join(e)}" for t, e in ways.items()]
        if not row.on:
            lines.append(f"    {names[state]} --> [*]")
    return [*lines, "```"]


def _states(table: Table[Any, Any]) -> list[str]:
    """Meanings and timers, where a state has either."""
    said = [
        f"| {state} | {row.meaning} | {_timer(row.timer, row.due)} |"
        for state, row in table.rows.items()
        if row.meaning or row.timer is not None
    ]
    return ["| state | meaning | timer |", "|---|---|---|", *said, ""] if said else []


def _timer(timer: Timer | None, due: Any) -> str:
    return "" if timer is None else f"{timer.name}, {timer.ms:,} ms: {due}"


def _moves(actions: Actions[Any, Any, Any]) -> list[str]:
    lines = ["| state | event | next state | action |", "|---|---|---|---|"]
    for state, row in actions.table.rows.items():
        done = {event: _words(action) for event, action in actions.by_state[state].items()}
        ways = {**row.on, **{event: "*stays*" for event in sorted(row.stay & done.keys())}}
        lines += [f"| {state} | {e} | {to} | {done.get(e, '')} |" for e, to in ways.items()]
        if ignored := sorted(str(event) for event in row.stay - done.keys()):
            lines.append(f"| {state} | {', '.join(ignored)} | *stays* | |")
    return lines


def _words(action: Any) -> str:
    """A function's name as words: Call._give_dial_tone is "give dial tone"."""
    return str(action.__name__).strip("_").replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
