"""Work done in a short-lived child, so that the process that stays keeps no code for it.

Reading the settings takes pydantic, a first start takes the store: each some ten megabytes that a
service would carry for as long as the box runs. A child does it and hands over plain values.
"""

import os
import pickle
import sys
from collections.abc import Callable
from typing import TypeVar, cast

import click

T = TypeVar("T")


def in_child(work: Callable[[], T]) -> T:
    """The result of `work` (plain values, dataclasses), done in a child of this process.

    An error raised on purpose is printed by the child, and this process exits as the child did.
    Call it before threads and loops are started.
    """
    return beside(work)()


def beside(work: Callable[[], T]) -> Callable[[], T]:
    """Begin `work` as in_child() does and go on; what is returned waits for its result."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        os._exit(_answer(work, writable))
    os.close(writable)

    def wait() -> T:
        with open(readable, "rb") as answer:
            told = answer.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code != 0:
            sys.exit(code)
        return cast(T, pickle.loads(told))

    return wait


def _answer(work: Callable[[], object], writable: int) -> int:
    """In the child: do the work, send its result, flush what was printed; the exit code."""
    from app.commands.plainly import ours

    try:
        result = work()
    except ours() as problem:
        click.echo(f"switchhook: {problem}", err=True)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    with open(writable, "wb") as answer:
        pickle.dump(result, answer)
    sys.stdout.flush()
    return 0
