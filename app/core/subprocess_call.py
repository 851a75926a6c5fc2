"""Work done in a short-lived child, so that the process that stays keeps no code for it.

Reading the settings needs pydantic, a first start needs the store: each some ten megabytes that a
service would carry for as long as the box runs. A child does it and sends plain values back. They
travel as pickles, through a pipe that only this process and its own child have.
"""

import os
import pickle
import signal
import sys
from collections.abc import Callable
from typing import TypeVar, cast

from app.core.errors import SwitchhookError
from app.core.text import visible_lines

A = TypeVar("A")
T = TypeVar("T")


Errors = tuple[type[Exception], ...]


def in_child(work: Callable[[], T], errors: Errors = (SwitchhookError,)) -> T:
    """The result of `work` (plain values, dataclasses), done in a child of this process.

    One of `errors` is printed as one line by the child, and this process exits as the child did.
    Call it before threads and loops are started.
    """
    return beside(work, errors)()


def beside(work: Callable[[], T], errors: Errors = (SwitchhookError,)) -> Callable[[], T]:
    """Begin `work` as in_child() does and go on; what is returned waits for its result."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        os._exit(_answer(work, errors, writable))
    os.close(writable)

    def wait() -> T:
        with open(readable, "rb") as answer:
            result = answer.read()
        code = _ended(child)
        if code != 0:
            sys.exit(code)
        return cast(T, pickle.loads(result))

    return wait


def in_two_steps(
    first: Callable[[], T], then: Callable[[T, A], None], errors: Errors = (SwitchhookError,)
) -> tuple[T, Callable[[A], None]]:
    """The result of `first`, and what does the rest in the same child, which still has its code.

    in_child() says how. What is returned gives a plain value to `then`, waits until it is done and
    the child has ended. If it is never called, the child ends with this process at the latest.
    """
    said_to, says = os.pipe()
    heard_from, answers = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(says)
        os.close(heard_from)
        os._exit(_two_answers(first, then, errors, said_to, answers))
    os.close(said_to)
    os.close(answers)
    hears = open(heard_from, "rb")  # noqa: SIM115 - until the second answer
    try:
        result = cast(T, pickle.load(hears))
    except EOFError:
        sys.exit(_ended(child) or 1)

    def rest(value: A) -> None:
        with hears, open(says, "wb") as words:
            pickle.dump(value, words)
        code = _ended(child)
        if code != 0:
            sys.exit(code)

    return result, rest


def _two_answers(
    first: Callable[[], T], then: Callable[[T, A], None], errors: Errors, heard: int, says: int
) -> int:
    """In the child of in_two_steps(); the exit code."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches both of us: no trace from here
        signal.signal(ending, signal.SIG_DFL)
    kept: list[T] = []

    def work() -> T:
        kept.append(first())
        return kept[0]

    code = _answer(work, errors, says)
    if code:
        return code
    with open(heard, "rb") as words:
        try:
            value = pickle.load(words)
        except EOFError:  # there is no second step
            return 0
    return _answer(lambda: then(kept[0], value), errors, os.open(os.devnull, os.O_WRONLY))


def _ended(child: int) -> int:
    """The exit code of a child, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _answer(work: Callable[[], object], errors: Errors, writable: int) -> int:
    """In the child: do the work, send its result, flush what was printed; the exit code."""
    try:
        result = work()
    except errors as problem:
        print(f"switchhook: {visible_lines(str(problem))}", file=sys.stderr, flush=True)
        return 1
    except SystemExit as ended:  # of a child of its own, which has said why
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    try:
        with open(writable, "wb") as answer:
            pickle.dump(result, answer)
    except BrokenPipeError:  # who has asked has failed meanwhile, and has said why
        return 1
    sys.stdout.flush()
    return 0
