"""Tasks as pages use them: asked for, waited for where they are short, else shown."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response

from app.core.control import NotRunning
from app.core.told import Told
from app.operations.errors import OperationError
from app.operations.tasks import KINDS, TaskState, Work, ask, read_task, result_of
from app.operations.uploads import keep_upload
from app.web.web import Visit

LOOK_S = 0.1
"""Between two looks at how a task is."""
SOON_S = 3.0
"""Seconds in which a long task is waited for, in case it is refused at once."""
SHORT_S = 75.0
"""Seconds that a short one may take: services are started again in it."""


async def begun(visit: Visit, work: Work) -> TaskState | None:
    """How a long task is soon after it was asked for; None: it has not even begun.

    Raises OperationError if it is refused, or nobody takes it.
    """
    return await _asked(visit, work, SOON_S)


async def finished(visit: Visit, work: Work) -> TaskState:
    """How a short task went. Raises OperationError if it was refused, or takes too long."""
    state = await _asked(visit, work, SHORT_S)
    if state is None or state.runs:
        raise OperationError(
            "", "this takes longer than a page can wait; look again in a while whether it is done"
        )
    return state


async def _asked(visit: Visit, work: Work, within_s: float) -> TaskState | None:
    paths, clock = visit.web.paths, visit.web.clock
    try:
        number = ask(paths, visit.actor, work)
    except NotRunning as problem:
        raise OperationError("", problem.text) from problem
    kind = next(name for name, one in KINDS.items() if isinstance(work, one))
    last = clock.monotonic() + within_s
    found: TaskState | None = None
    while clock.monotonic() < last:
        state = read_task(paths, kind)
        if state is not None and state.number == number:
            found = state
            if not state.runs:
                break
        await asyncio.sleep(LOOK_S)
    if found is not None and found.outcome == "refused":
        raise OperationError(found.field, found.text)
    if found is not None and found.outcome == "lost":
        raise OperationError("", "it has ended without a word; the log of the system may tell why")
    return found


async def uploaded(
    visit: Visit,
    kind: str,
    page: Callable[[Visit, OperationError | None], Response],
    then: str,
    work: Work | None,
) -> Response:
    """Keep the file that came for a task, and ask for `work` if any; then go to the page `then`."""
    try:
        file = visit.files.get("file")
        if file is None:
            raise OperationError("file", "no file was chosen")
        await asyncio.to_thread(keep_upload, visit.web.paths, visit.actor, kind, file.path)
        if work is not None:
            await begun(visit, work)
    except OperationError as problem:
        return page(visit, problem)
    return visit.redirect(then)


def said_by(visit: Visit, state: TaskState) -> str:
    """What a task that is done has told, as a sentence of its own in the reader's language."""
    found = result_of(state, Told) or Told("")
    text = visit.say(found.text, **found.sentence.values)
    return f"{text[:1].upper()}{text[1:]}."


def tasks(visit: Visit, *kinds: str) -> dict[str, TaskState | None]:
    """How the last task of each kind is, for a page that shows it."""
    return {kind.replace("-", "_"): read_task(visit.web.paths, kind) for kind in kinds}


def running(answer: Response, *states: TaskState | None) -> Response:
    """The page, which a browser loads again by itself while one of these is under way."""
    if any(state is not None and state.runs for state in states):
        answer.headers["refresh"] = "3"
    return answer
