"""Work done in a short-lived child, so that the process that stays keeps no code for it.

Reading the settings needs pydantic, a first start needs the store: each some ten megabytes that a
service would carry for as long as the box runs. A child does it and sends plain values back. They
travel as pickles, through a pipe that only this process and its own child have.
"""

import os
import pickle
import sys
from collections.abc import Callable
from typing import TypeVar, cast

import click

from app.core.errors import SwitchhookError
from app.core.text import visible_lines

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
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != 0:
            sys.exit(code)
        return cast(T, pickle.loads(result))

    return wait


def _answer(work: Callable[[], object], errors: Errors, writable: int) -> int:
    """In the child: do the work, send its result, flush what was printed; the exit code."""
    try:
        result = work()
    except errors as problem:
        click.echo(f"switchhook: {visible_lines(str(problem))}", err=True)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    with open(writable, "wb") as answer:
        pickle.dump(result, answer)
    sys.stdout.flush()
    return 0
