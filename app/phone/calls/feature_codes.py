"""What the box does for who dials a feature code: one function a feature, by its name.

The codes are NumberPlan.codes (the settings' section codes); a code whose name is not here is
nobody's number. A further feature is a field there and a line in FEATURES.
"""

from collections.abc import Callable, Mapping

from app.phone.calls.line import Line
from app.phone.calls.reaching import Reaching
from app.phone.jobs import Prompt


async def say_slot(line: Line, slot: str) -> None:
    """The slot's number, twice."""
    for _ in range(2):
        await line.pause(0.4)
        await line.play(Prompt(f"digits/{slot}"))


def _own_mailbox(call: Reaching, _: str) -> None:
    """The mailbox of who owns the handset; from a handset of nobody's its number is asked for."""
    call.visit(call.own_mailbox())


def _any_mailbox(call: Reaching, _: str) -> None:
    call.visit("")


def _park(call: Reaching, _: str) -> None:
    call.park(say_slot)


FEATURES: Mapping[str, Callable[[Reaching, str], None]] = {
    "own_mailbox": _own_mailbox,
    "any_mailbox": _any_mailbox,
    "pick_up": Reaching.pick_up,
    "park": _park,
    "fetch": Reaching.fetch,
    "flash": lambda call, _: call.flash_outside(),
}
