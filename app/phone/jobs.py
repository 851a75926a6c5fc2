"""What the phone side hands to the clerk, who has the store, the prompts and the speech.

The phone process itself never touches a database or a file of sound from the beat.
"""

from typing import Any, Protocol

from app.phone.calls.scripting import Wait


class Clerk(Protocol):
    """The clerk, in this process or in a child of it.

    Arguments and results are JSON values and bytes. The phone side itself asks two jobs:

    "sound", sound=..., start=sample, count=samples
        bytes, S16LE at 8 kHz from sample `start` on; fewer than `count` samples mean the end.
        `sound` is {"prompt": name}, {"text": text}, {"entry": id} or
        {"greeting": person, "kind": kind}.
    "directory"
        {"people": [{"person": 1, "name": "Ann", "mailbox": "201", "handset": "101" or None}],
        "default": mailbox that answers trunks whose setting names none, or "",
        "services": numbers that are answered as a mailbox is, but are none}
    """

    @property
    def pending(self) -> int:
        """Jobs asked or told that are not done yet."""
        ...

    def ask(self, job: str, **arguments: Any) -> Wait[Any]:
        """Order a job; the Wait gives its result or raises JobFailed."""
        ...

    def tell(self, job: str, **arguments: Any) -> None:
        """Order a job whose result nobody waits for; it is done after all ordered before it."""
        ...


class JobFailed(Exception):
    """The clerk could not do a job; the text is for the log, not for the caller."""
