"""Extensions and lines: every jack of the board, whose it is or who answers it, and how it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.config.paths import Paths
from app.core.control import NotRunning
from app.core.sentences import sentence
from app.core.told import heard
from app.inbox.people import Person
from app.inbox.people_names import PersonName
from app.operations.actor import Actor, Role, require_role
from app.operations.box import Box, find_person
from app.operations.errors import OperationError
from app.operations.references import known_of, why_not
from app.operations.running import phone_status
from app.store.database import Tx


@dataclass(frozen=True)
class LineStatus:
    """One jack."""

    name: str
    kind: str
    """"station" or "trunk"."""
    state: str
    call: str
    """State of its call; "" if there is none."""
    message_waiting: bool | None
    """None: it is an outside line."""
    fault: str
    """What is wrong with it; "" if nothing is."""
    working: bool
    """Whether its chip works; an outside line that is not plugged in is no fault of the box."""


@dataclass(frozen=True)
class Lines:
    """All jacks, or why nothing is known of them."""

    lines: tuple[LineStatus, ...] = ()
    lost_periods: int = 0
    """Periods of 10 ms since the phone service's start that came too late."""
    xruns: int = 0
    """Stops of a stream of the PCM port since then; slots are proved after each."""
    slot_failures: int = 0
    """Proofs that a line's slot did not pass."""
    problem: str = ""
    loudspeaker_fault: str = ""
    """What is wrong with the loudspeaker; "" if nothing is, or there is none."""


@dataclass(frozen=True)
class Extension:
    """A jack for a handset."""

    jack: str
    """Its name, which is the number to dial."""
    person: PersonName | None
    """Whose it is; None: it rings with outside lines, and nobody's lamp shows messages."""
    status: LineStatus | None
    """None while the phone service does not run."""


@dataclass(frozen=True)
class OutsideLine:
    """A line towards the exchange."""

    jack: str
    rings: tuple[str, ...]
    """Jacks that ring at a call; empty: all."""
    mailbox: str
    """Number of the mailbox that answers; "" if nobody has one."""
    answers: Person | None
    """Whose mailbox that is; None: nobody's, which `settings check` tells, too."""
    by_default: bool
    """No setting names the mailbox."""
    status: LineStatus | None
    to: str
    """Where its calls go instead: a number of ours, or "attendant"; "": its handsets ring."""
    night_to: str
    """The same while it is night; "": as by day."""
    language: str
    """In which its callers are spoken to; "": in that of whom they reach."""
    fax_mailbox: str
    """Number of the mailbox that faxes come into; "": it takes none."""


@dataclass(frozen=True)
class Group:
    """Several handsets that are called by one number."""

    number: str
    handsets: tuple[str, ...]
    order: str
    """"all", "in turn" or "round"."""
    seconds: int
    """How long each of them rings, or all together."""
    then: str
    """Where a call goes that nobody has answered; "": to the mailbox of the line."""


@dataclass(frozen=True)
class Switchboard:
    """All jacks of the board, and the people without a handset."""

    board: str
    extensions: tuple[Extension, ...]
    outside: tuple[OutsideLine, ...]
    without_handset: tuple[PersonName, ...]
    groups: tuple[Group, ...]
    problem: str
    """Why the states of the jacks are not known; "" if they are."""


def read_lines(paths: Paths) -> Lines:
    """What the phone service says of its lines."""
    try:
        answer = phone_status(paths)
    except NotRunning as problem:
        return Lines(problem=problem.text)
    lines = tuple(
        LineStatus(
            name,
            line["kind"],
            line["state"],
            line["call"],
            line.get("message_waiting"),
            heard(line.get("fault_told"), line["fault"] or ""),
            line["working"],
        )
        for name, line in answer["lines"].items()
    )
    speaker = answer.get("loudspeaker") or {"fault": ""}
    return Lines(
        lines,
        int(answer["lost_periods"]),
        int(answer.get("xruns", 0)),
        int(answer.get("slot_failures", 0)),
        loudspeaker_fault=speaker["fault"],
    )


def list_lines(box: Box, actor: Actor, paths: Paths) -> Switchboard:
    """Every jack, as it is wired and set, and as it is now. Raises NotAllowed."""
    require_role(actor, Role.PHONE, "see extensions and lines")
    known, found = known_of(box.settings), read_lines(paths)
    states = {one.name: one for one in found.lines}
    people = box.people.names()
    of_handset = {person.handset: person for person in people if person.handset}
    return Switchboard(
        known.board,
        tuple(Extension(x, of_handset.get(x), states.get(x)) for x in known.stations or ()),
        tuple(_outside(box, x, states) for x in known.trunks or ()),
        tuple(person for person in people if not person.handset),
        tuple(
            Group(number, tuple(one.handsets), one.order, one.seconds, one.then)
            for number, one in sorted(box.settings.phone.groups.items())
        ),
        found.problem
        or (
            "" if known.stations is not None else sentence("no board %(board)s", board=known.board)
        ),
    )


def give_handset(box: Box, actor: Actor, jack: str, login: str) -> None:
    """Give a handset to a person, from whoever has it, or to nobody (`login` is "").

    Raises NotFound, NotAllowed, and OperationError (field "handset") for what is no jack.
    """
    require_role(actor, Role.PHONE, "give handsets to people")
    known = known_of(box.settings)
    if text := why_not({"handset": jack or "-"}, known).get("handset"):
        raise OperationError("handset", text)
    person = find_person(box, login) if login else None
    before = box.people.by_handset(jack)

    def work(tx: Tx) -> None:
        by, door = actor.login, actor.door
        if before is not None:
            box.people.change(tx, before.id, by=by, door=door, handset=None)
        if person is not None:
            box.people.change(tx, person.id, by=by, door=door, handset=jack)

    if before != person:
        box.db.now(work)


def _outside(box: Box, jack: str, states: Mapping[str, LineStatus]) -> OutsideLine:
    setting, fax = box.settings.phone.incoming.get(jack), box.settings.fax.receiving.get(jack)
    mailbox = setting.mailbox if setting is not None else ""
    answers = box.people.by_mailbox(mailbox) if mailbox else box.people.answers_lines()
    return OutsideLine(
        jack,
        () if setting is None else tuple(setting.handsets),
        mailbox or (answers.mailbox if answers is not None else ""),
        answers,
        by_default=not mailbox,
        status=states.get(jack),
        to="" if setting is None else setting.to,
        night_to="" if setting is None else setting.night_to,
        language="" if setting is None else setting.language,
        fax_mailbox="" if fax is None else fax.mailbox,
    )
