"""What the chips of all lines measure now, with what the telephone service knows of each line."""

from dataclasses import dataclass
from typing import Any

from app.config.paths import Paths
from app.core.control import NotRunning, ask
from app.core.records import BadRecord, from_json
from app.core.told import heard
from app.operations.actor import Actor, Role, require_role
from app.operations.errors import NotAllowed
from app.operations.running import ASK_WITHIN_S, phone_status
from drivers.ports import LineReading


@dataclass(frozen=True)
class JackReading:
    """One jack."""

    jack: str
    kind: str
    """"station" or "trunk"."""
    state: str
    call: str
    """State of its call; "" if there is none."""
    fault: str
    """What is wrong with it; "" if nothing is."""
    faults: int
    """How often it had one since the telephone service's start."""
    reading: LineReading | None
    """None: its chip does not answer."""
    problem: str = ""
    """Why there is no reading."""


@dataclass(frozen=True)
class BoardReading:
    """All jacks."""

    jacks: tuple[JackReading, ...]
    lost_periods: int
    """Periods of 10 ms that the sound stream lost since start: overruns and underruns."""
    xruns: int
    """Stops of a stream of the PCM port since then."""


def read_readings(actor: Actor, paths: Paths) -> BoardReading:
    """Ask the running telephone service. Raises NotRunning and NotAllowed."""
    require_role(actor, Role.PHONE, "measure lines")
    status = phone_status(paths)
    measured = ask(paths.phone_control, {"ask": "lines"}, ASK_WITHIN_S).get("lines")
    if not isinstance(measured, dict):
        raise NotRunning("the telephone service that runs is older than this program; restart it")
    jacks = tuple(
        _jack(name, line, measured.get(name, {})) for name, line in status["lines"].items()
    )
    return BoardReading(jacks, int(status["lost_periods"]), int(status.get("xruns", 0)))


def readings_or_none(actor: Actor, paths: Paths) -> BoardReading | None:
    """See read_readings; None if the service does not tell, or the actor may not know."""
    try:
        return read_readings(actor, paths)
    except (NotRunning, NotAllowed):
        return None


def _jack(name: str, line: dict[str, Any], measured: dict[str, Any]) -> JackReading:
    fault = heard(line.get("fault_told"), line["fault"] or "")
    known = name, line["kind"], line["state"], line["call"], fault, line["faults"]
    if "problem" in measured:
        return JackReading(*known, None, str(measured["problem"]))
    try:
        return JackReading(*known, from_json(LineReading, measured, f"the reading of {name}"))
    except BadRecord as problem:
        raise NotRunning(f"the telephone service says of {name}: {problem}") from problem
