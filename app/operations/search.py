"""Finding messages by what they say, whoever sent them and wherever in the inbox they lie."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.inbox.entries import Entry, EntryState
from app.inbox.transcripts import Transcript
from app.operations.actor import Actor
from app.operations.box import Box, person_for
from app.operations.errors import OperationError
from app.operations.inbox import LISTED, texts_of
from app.store.errors import StoreError

log = logging.getLogger(__name__)

QUESTION_LIMIT = 200
"""Characters of a question."""


@dataclass(frozen=True)
class Found:
    """What a question has found."""

    entries: tuple[Entry, ...]
    """The newest first."""
    more: bool
    """Whether there are older ones than these."""
    progress: float
    """How much of the box can be found so far, from 0 to 1: less than 1 while an old store is
    gone through for the first time."""
    said: Mapping[int, Transcript] = field(default_factory=dict)
    """What is said in voicemails, as text, where it has been written down; by entry."""


def search_inbox(
    box: Box,
    actor: Actor,
    login: str,
    question: str,
    removed: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> Found:
    """A person's newest entries that have all words of a question in sender, subject or text.

    What has arrived just now is found, too. `removed` looks in the bin instead; `before`: of
    entries with smaller numbers. Raises NotFound, NotAllowed, and OperationError for a question
    that is too long (field "question").
    """
    person = person_for(box, actor, login)
    if len(question) > QUESTION_LIMIT:
        raise OperationError(
            "question",
            "a question has at most %(question_limit)s characters",
            question_limit=QUESTION_LIMIT,
        )
    try:
        box.search.catch_up()
    except StoreError as problem:  # no room for what is new: what is older is found all the same
        log.warning("the search index does not follow the store: %s", problem)
    states = (EntryState.BIN,) if removed else LISTED
    found = box.search.find(person.id, question, states, limit + 1, before)
    entries = tuple(found[:limit])
    progress = box.search.progress()
    return Found(entries, len(found) > limit, progress, texts_of(box, entries))
