"""A function called in a short-lived process of its own, which takes its memory with it.

    apart(app.config.plain.text_of, paths)

As app/core/subprocess_call.py, but from a process with threads, of which fork would copy one: it is
started anew. Function, arguments, result and error travel as pickles through pipes that only this
process and its own child have; the function is one of a module, and none of them needs more than
the standard library and this program to be read.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from app.core.errors import SwitchhookError

P = ParamSpec("P")
T = TypeVar("T")

PROGRAM = Path(__file__).resolve().parents[2]
LONGEST_S = 300.0
"""Seconds that a call may take."""


class ApartFailed(SwitchhookError):
    """The process of its own did not answer; what it said is in the text."""


def apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of the function. Raises what it raises, and ApartFailed."""
    asked = pickle.dumps((function.__module__, function.__qualname__, args, kwargs))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.core.apart"],
            cwd=PROGRAM,
            input=asked,
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        raise ApartFailed(
            f"{function.__qualname__} took longer than {LONGEST_S:.0f} s"
        ) from problem
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-2000:]
        raise ApartFailed(f"{function.__qualname__} failed: {said}")
    result, error = pickle.loads(done.stdout)
    if error is not None:
        raise error
    return cast(T, result)


def main() -> None:
    """In the child: do what stands on the standard input."""
    module, name, args, kwargs = pickle.load(sys.stdin.buffer)
    function: Any = getattr(import_module(module), name)
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is printed is no answer
    result, error = None, None
    try:
        result = function(*args, **kwargs)
    except SwitchhookError as problem:
        error = problem
    with open(out, "wb") as answer:
        answer.write(pickle.dumps((result, error)))


if __name__ == "__main__":
    main()
