"""Tests of a line, and a flash to its exchange, by the telephone service: other lines go on."""

from dataclasses import dataclass

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.core.errors import SwitchhookError
from app.core.records import BadRecord, from_json
from app.core.told import heard
from app.operations.actor import Actor, Role, require_role
from drivers.findings import Finding

TEST_WITHIN_S = 45.0
"""The longest test takes 15 s; lines that ring or answer late get more."""
FLASH_WITHIN_S = 3.0
"""It is begun in the next period, 10 ms."""


class NotFlashed(SwitchhookError):
    """No flash can be given on a line now; the text says why."""


class NotTested(SwitchhookError):
    """A line cannot be tested now; the text says why, and what to do."""


@dataclass(frozen=True)
class LineTestResult:
    """What a test has found, in the order in which it was measured."""

    found: list[Finding]
    why: str
    """Why it did not come to its end; "" if it did."""


def run_line_test(
    actor: Actor, paths: Paths, jack: str, lift_s: int = 0, dials: bool = True
) -> LineTestResult:
    """Test a line that is not in use; a handset is waited for so many seconds to be lifted.

    Raises NotTested, NotRunning and NotAllowed.
    """
    require_role(actor, Role.PHONE, "test lines")
    question = {"ask": "test", "line": jack, "lift_s": lift_s, "dials": dials}
    answer = ask(paths.phone_control, question, TEST_WITHIN_S + lift_s)
    if "error" in answer:
        raise NotTested(heard(answer.get("told"), str(answer["error"])))
    try:
        return from_json(LineTestResult, answer, f"the test of {jack}")
    except BadRecord as problem:
        raise NotRunning(f"the telephone service says: {problem}") from problem


def flash_line(actor: Actor, paths: Paths, jack: str) -> None:
    """Ask the exchange of an outside line for a service, in the call that a handset has on it.

    Raises NotFlashed, NotRunning and NotAllowed.
    """
    require_role(actor, Role.PHONE, "flash on an outside line")
    answer = ask(paths.phone_control, {"ask": "flash", "line": jack}, FLASH_WITHIN_S)
    if "error" in answer:
        raise NotFlashed(heard(answer.get("told"), str(answer["error"])))
