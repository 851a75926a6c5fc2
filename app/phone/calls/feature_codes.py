"""What the box does for who dials a feature code: one function a feature, by its name.

The codes are NumberPlan.codes (the settings' section codes); a code whose name is not here is
nobody's number. A further feature is a field there and a line in FEATURES.
"""

from collections.abc import Callable, Mapping

from app.phone.calls.reaching import Reaching


def _own_mailbox(call: Reaching) -> None:
    """The mailbox of who owns the handset; from a handset of nobody's its number is asked for."""
    call.visit(call.own_mailbox())


def _any_mailbox(call: Reaching) -> None:
    call.visit("")


FEATURES: Mapping[str, Callable[[Reaching], None]] = {
    "own_mailbox": _own_mailbox,
    "any_mailbox": _any_mailbox,
}
