"""The front panel's operations: what its LEDs need of the store, and what its buttons do.

Whoever stands at the panel is an administrator: they could also take the box away.
"""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.device import first_boot
from app.inbox.audit import AuditEvent
from app.inbox.destinations import Destinations
from app.inbox.greetings import Greetings
from app.inbox.limits import Limits, PersonLimits
from app.inbox.people import People, Person
from app.inbox.presence import Presence, presence_words
from app.inbox.quota import fullness, percent
from app.inbox.store import Store
from app.inbox.templates import Templates
from app.operations.actor import Actor, Role, require_admin
from app.operations.errors import OperationError
from app.operations.tasks import EraseBox, ShutDown
from app.operations.tasks import ask as ask_for_task
from app.store.condition import State, StoreCondition
from app.store.database import Database
from app.voicemail.key_maps import DEFAULT, key_map
from app.voicemail.menu import Action, Menu
from drivers.panel_spec import LOUDSPEAKER

PANEL = Actor("panel", "panel", frozenset({Role.SYSTEM}))
"""Who presses a button."""

PlayerAction = Literal["repeat", "pause", "next", "delete"]
"""What can be wanted while messages are played."""

KEYS = {
    "repeat": Action.REPEAT,
    "pause": Action.PAUSE,
    "next": Action.NEXT,
    "delete": Action.DELETE,
}
"""What each is in the menu on the handset (app/voicemail/aloud.py), by its standard keys."""

STUCK_SHOWN = 5
"""Destinations that are named; an LED shows no number."""
PHONE_WITHIN_S = 2.0


@dataclass(frozen=True)
class StoreFacts:
    """What the panel shows of the store."""

    unheard: int = 0
    """Unheard voicemails."""
    stuck: tuple[str, ...] = ()
    """Where mail waits that could not be delivered; "the smarthost" for all of it."""
    nearly_full: tuple[str, ...] = ()
    """Whose mailboxes are nearly full, by login."""
    full: tuple[str, ...] = ()
    """Whose mailboxes are full."""
    night: bool = False
    """Whether callers hear the night's greetings."""
    away: Mapping[str, bool] = field(default_factory=dict)
    """By the jack of each person's handset, whether its person is anything but in."""


def answers(control: Path) -> bool:
    """Whether a service listens at its control socket."""
    with socket.socket(socket.AF_UNIX) as door:
        try:
            door.connect(str(control))
        except OSError:
            return False
    return True


def is_damaged(paths: Paths) -> bool:
    """Whether damage of the store is known; costs a look at a name."""
    return StoreCondition(paths.database).damage().state is State.DAMAGED


def is_on_trial(machine: Path = Path("/")) -> bool:
    """Whether the version that runs is on trial after an update, and has not proved itself yet."""
    try:
        started_with = (machine / "proc/cmdline").read_text()
    except OSError:
        return False
    return "switchhook.trial" in started_with and not (machine / "run/proved").exists()


class PanelBox:
    """What the panel uses of a store that is open, with these greetings and limits."""

    def __init__(self, db: Database, greetings: Greetings, defaults: Limits) -> None:
        self.db, self.greetings = db, greetings
        self.store, self.people = Store(db, db.clock), People(db, db.clock)
        self._destinations = Destinations(db)
        self._limits = PersonLimits(Templates(db, self.store.audit_log), defaults)

    def facts(self, mailbox: str) -> StoreFacts:
        """What is there now; `mailbox` is whose voicemail counts, "" everybody's.

        Costs a few rows a person. Raises StoreDamaged and StoreFailed.
        """
        people = self.people.all()
        mine = [person for person in people if mailbox in ("", person.mailbox)]
        room = [(person.login, self._room(person)) for person in people]
        down = self._destinations.down(STUCK_SHOWN)
        said = self.people.presences.all()
        return StoreFacts(
            sum(self.store.unheard(person.id)[0] for person in mine),
            tuple(one.name or "the smarthost" for one in down),
            tuple(login for login, words in room if words == "nearly full"),
            tuple(login for login, words in room if words == "full"),
            self.greetings.night,
            {
                person.handset: person.id in said and said[person.id].presence is not Presence.IN
                for person in people
                if person.handset is not None
            },
        )

    def _room(self, person: Person) -> str:
        used, voicemails = self.store.used(person.id), self.store.voicemails(person.id)
        return fullness(percent(self._limits.of(person), used, voicemails))


def turn_night(box: PanelBox, actor: Actor) -> bool:
    """From the day's to the night's greetings, or back; whether it is night now.

    Raises NotAllowed, and OperationError if it cannot be kept.
    """
    from app.operations.greetings import set_night  # sound formats: not for as long as we run

    night = not box.greetings.night
    set_night(box, actor, night)
    return night


def turn_presence(box: PanelBox, actor: Actor, handset: str) -> Presence:
    """Who is in and has this handset goes out; who is anything else is in again. What holds now.

    Raises NotAllowed, and OperationError if the handset is nobody's.
    """
    require_admin(actor, "say whether other people can be reached")
    person = box.people.by_handset(handset)
    if person is None:
        raise OperationError("", "the handset %(handset)s is nobody's", handset=handset)
    owner, presences = person.id, box.people.presences
    now = Presence.OUT if presences.of(owner).presence is Presence.IN else Presence.IN
    box.db.now(
        lambda tx: presences.set(
            tx, owner, now, None, actor.login, actor.door, presence_words(now, None)
        )
    )
    return now


def acknowledge(box: PanelBox, actor: Actor, faults: Iterable[str]) -> None:
    """Write into the history that somebody knows of these faults. Raises NotAllowed."""
    require_admin(actor, "acknowledge faults")
    events = [AuditEvent(None, None, fault) for fault in sorted(faults)]
    box.db.now(
        lambda tx: box.store.audit_log.write(
            tx, "fault acknowledged", actor.door, actor.login, events
        )
    )


def play_messages(actor: Actor, paths: Paths, handset: str, mailbox: str) -> None:
    """Ring a handset; who lifts it hears the voicemails of this mailbox, without a PIN.

    While they are played there already: the same message again. A loudspeaker plays them at once;
    while it does, it is stopped for a while, and then goes on. Raises NotAllowed, and
    OperationError if no mailbox is set, or it cannot be played there.
    """
    require_admin(actor, "hear other people's messages")
    if not mailbox:
        raise OperationError("panel.mailbox", "it names no mailbox to be played")
    try:
        again: PlayerAction = "pause" if handset == LOUDSPEAKER else "repeat"
        press_for_player(actor, paths, handset, again)
    except OperationError:
        _ask_phone(paths, {"ask": "play", "handset": handset, "mailbox": mailbox})


def player_key(action: Action) -> str:
    """The key of an action on a handset that plays messages aloud, which has the usual map."""
    key = key_map(DEFAULT).key(Menu.PLAYING, action)
    assert key is not None, action
    return key


def press_for_player(actor: Actor, paths: Paths, handset: str, action: PlayerAction) -> None:
    """What a key of the owner's menu does, while messages are played on this handset.

    Raises NotAllowed, and OperationError if nothing is played there.
    """
    require_admin(actor, "change other people's messages")
    _ask_phone(paths, {"ask": "press", "handset": handset, "key": player_key(KEYS[action])})


def _ask_phone(paths: Paths, question: dict[str, str]) -> None:
    try:
        answer = ask(paths.phone_control, question, PHONE_WITHIN_S)
    except NotRunning as problem:
        raise OperationError("", problem.text) from problem
    if error := answer.get("error"):
        raise OperationError("", str(error))


def shut_down(actor: Actor, paths: Paths) -> None:
    """Shut the box down, so that its power may be taken away. Raises NotAllowed, OperationError."""
    require_admin(actor, "shut the box down")
    _ask_machine(paths, actor, ShutDown())


def erase(actor: Actor, paths: Paths) -> None:
    """Erase the box at its next start, which is now. Raises NotAllowed, OperationError."""
    require_admin(actor, "erase the box")
    _ask_machine(paths, actor, EraseBox())


def _ask_machine(paths: Paths, actor: Actor, work: ShutDown | EraseBox) -> None:
    """Whoever does it says the outcome to nobody: what can be known before is refused here."""
    if not first_boot.done(paths).exists():
        raise OperationError("", "this is the virtual board, a program of somebody's machine")
    try:
        ask_for_task(paths, actor, work)
    except NotRunning as problem:
        raise OperationError("", problem.text) from problem
