"""Functions to be called in a process of their own, which imports them by name."""

import os

from app.operations.errors import NotFound


def what_is_said(text: str, number: int = 1) -> tuple[str, int]:
    """A result, beside something printed."""
    print("this is no answer")
    return text * number, os.getpid()


def refuse(field: str) -> None:
    """An error of ours."""
    raise NotFound(field, "there is none\n<b>")


def break_down() -> None:
    """A fault."""
    raise ZeroDivisionError("a fault of ours")


def vanish() -> None:
    """No answer."""
    os._exit(3)
