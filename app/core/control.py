"""Ask a running service a question over its control socket: one JSON line each way."""

import json
import socket
from pathlib import Path
from typing import Any

from app.core.errors import SwitchhookError
from app.core.records import BadRecord, parse_json


class NotRunning(SwitchhookError):
    """Nobody answers at a service's socket; the text says which and what to do."""


def ask(path: Path, question: dict[str, Any], within_s: float = 10.0) -> dict[str, Any]:
    """The service's answer. Raises NotRunning."""
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(within_s)
            door.connect(str(path))
            door.sendall(json.dumps(question).encode() + b"\n")
            with door.makefile("rb") as answers:
                line = answers.readline()
    except OSError as problem:
        raise NotRunning(
            f"no answer at {path} ({problem.strerror or problem}); is the appliance running?"
        ) from problem
    if not line:
        raise NotRunning(f"the service at {path} hung up without an answer; see its log")
    try:
        answer = parse_json(line)
    except BadRecord as problem:
        raise NotRunning(f"the answer at {path} is {problem}; see the service's log") from problem
    if not isinstance(answer, dict):
        raise NotRunning(f"the answer at {path} is no object; see the service's log")
    return answer
