"""A telephone that is rung from a page: "call me and play it", "call me and record it"."""

from typing import Any

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.inbox.greetings import COMPANY, COMPANYS
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotFound, OperationError
from app.operations.greetings import OF_THE_COMPANY, GreetingKind, who_has_greetings
from app.operations.inbox import entry_for

PHONE_WITHIN_S = 3.0
"""Seconds that the phone service may take for an answer; it takes a period, 10 ms."""


def play_by_telephone(box: Box, actor: Actor, entry: int, paths: Paths) -> str:
    """Ring the handset of a message's owner; whoever lifts it hears the message, without a PIN.

    The handset's jack. Raises NotFound, and OperationError if there is none, or it cannot be rung.
    """
    found = entry_for(box, actor, entry)
    person = box.people.by_id(found.person)
    if person is None or not person.handset:
        raise OperationError("handset", "no telephone is assigned to this box")
    question = {"ask": "play", "handset": person.handset, "mailbox": person.mailbox, "entry": entry}
    _ask(paths, question)
    return person.handset


def record_greeting_by_phone(
    box: Box, actor: Actor, login: str | None, kind: GreetingKind, paths: Paths
) -> str:
    """Ring the actor's own handset; whoever lifts it records a greeting, without a PIN.

    `login` is whose greeting it is, None the company's. The handset's jack. Raises NotFound,
    NotAllowed, and OperationError if the actor has no handset, or it cannot be rung.
    """
    whose = who_has_greetings(box, actor, login)
    if whose == COMPANY and kind not in OF_THE_COMPANY:
        raise NotFound(
            "kind", "the company has no greeting of the kind %(value)s", value=kind.value
        )
    at = box.people.by_id(actor.person) if actor.person is not None else None
    if at is None or not at.handset:
        raise OperationError("handset", "no telephone is assigned to you")
    owner = at if whose == COMPANY else box.people.by_id(whose)
    assert owner is not None
    greeting = f"{COMPANYS}{kind.value}" if whose == COMPANY else kind.value
    question = {"ask": "record", "handset": at.handset, "mailbox": owner.mailbox}
    _ask(paths, {**question, "greeting": greeting})
    return at.handset


def _ask(paths: Paths, question: dict[str, Any]) -> None:
    """Have the phone service do this. Raises OperationError if it does not."""
    try:
        answer = ask(paths.phone_control, question, PHONE_WITHIN_S)
    except NotRunning as problem:
        raise OperationError("", problem.text) from problem
    if error := answer.get("error"):
        raise OperationError("", str(error))
