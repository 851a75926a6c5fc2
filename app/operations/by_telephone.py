"""A message played on its owner's telephone, which is rung for it: "call me and play it"."""

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import OperationError
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
    try:
        answer = ask(paths.phone_control, question, PHONE_WITHIN_S)
    except NotRunning as problem:
        raise OperationError("", str(problem)) from problem
    if error := answer.get("error"):
        raise OperationError("", str(error))
    return person.handset
