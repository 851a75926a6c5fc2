"""Setting up a new box, step by step: which steps there are, which are done, and trying it out.

A step is saved by the operations that pages have for it anyway; here it is only noted as done, so
that whoever is interrupted goes on where they were.
"""

import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from app.config.paths import Paths
from app.core.records import BadRecord, parse_json
from app.operations.actor import Actor, require_admin
from app.operations.box import Box, find_person
from app.operations.errors import NotFound, OperationError

STEPS = ("language", "country", "lines", "network", "domain", "people", "test")
DISMISSED = "dismissed"
WITHIN_S = 20


@dataclass(frozen=True)
class FirstStep:
    """One step."""

    name: str
    done: bool


@dataclass(frozen=True)
class FirstSteps:
    """All of them."""

    steps: tuple[FirstStep, ...]
    dismissed: bool

    @property
    def wanted(self) -> bool:
        """Whether an administrator is to be asked still."""
        return not self.dismissed and not all(step.done for step in self.steps)

    @property
    def next(self) -> str:
        """The first step that is not done; "" if all are."""
        return next((step.name for step in self.steps if not step.done), "")


def first_steps(box: Box, actor: Actor) -> FirstSteps:
    """How far this box has been set up. Raises NotAllowed."""
    require_admin(actor, "set the box up")
    done = box.store.first_steps.done()
    return FirstSteps(tuple(FirstStep(name, name in done) for name in STEPS), DISMISSED in done)


def step_done(box: Box, actor: Actor, name: str) -> FirstSteps:
    """Note that a step is done, or passed over; DISMISSED: that none is to be asked any more.

    Raises NotFound or NotAllowed.
    """
    require_admin(actor, "set the box up")
    if name not in (*STEPS, DISMISSED):
        raise NotFound(
            "step",
            "there is no step %(name)s; there are: %(steps)s",
            name=name,
            steps=", ".join(STEPS),
        )
    box.db.now(lambda tx: box.store.first_steps.note(tx, name, actor.login))
    return first_steps(box, actor)


def begin_again(box: Box, actor: Actor) -> FirstSteps:
    """Ask for all steps once more; nothing that is set changes. Raises NotAllowed."""
    require_admin(actor, "set the box up")
    box.db.now(lambda tx: box.store.first_steps.begin_again(tx))
    return first_steps(box, actor)


def send_first_mail(box: Box, actor: Actor, paths: Paths, login: str) -> str:
    """Send somebody a mail by the box's own SMTP, as a client of the LAN would; their address.

    Raises NotFound, NotAllowed, and OperationError with what the server said.
    """
    require_admin(actor, "send a mail to try the box out")
    person = find_person(box, login)
    to = box.delivery.sender_of(person)
    now = datetime.now(UTC)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = to, to, "The first mail of this box"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(domain=to.rpartition("@")[2])
    mail.set_content(
        "This mail went in by SMTP, as a mail of any program in the LAN does.\n"
        "Your mail program fetches it by POP3, and My Switchhook shows it.\n"
    )
    host, port = _smtp(box, paths)
    try:
        with smtplib.SMTP(host, port, timeout=WITHIN_S) as client:
            client.send_message(mail, to, [to])
    except (OSError, smtplib.SMTPException) as problem:
        raise OperationError(
            "login", "the mail service did not take it: %(problem)s", problem=problem
        ) from problem
    return to


def _smtp(box: Box, paths: Paths) -> tuple[str, int]:
    """Where the mail service listens now. Raises OperationError."""
    try:
        port = int(parse_json(paths.mail_ports.read_bytes())["smtp"])
    except (OSError, BadRecord, KeyError, TypeError, ValueError) as problem:
        raise OperationError(
            "login", "the mail service does not run, so nothing can be sent; its log says why"
        ) from problem
    listen = box.settings.mail.listen
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen, listen), port
