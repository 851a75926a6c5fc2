"""Ask a running service a question over its control socket: one JSON line each way."""

import json
import socket
from pathlib import Path
from typing import Any

from app.core.errors import SwitchhookError
from app.core.records import BadRecord, parse_json
from app.core.sentences import sentence


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
            sentence(
                "no answer at %(path)s (%(why)s); is the appliance running?",
                path=path,
                why=problem.strerror or problem,
            )
        ) from problem
    if not line:
        raise NotRunning(
            sentence("the service at %(path)s hung up without an answer; see its log", path=path)
        )
    try:
        answer = parse_json(line)
    except BadRecord as problem:
        raise NotRunning(
            sentence(
                "the answer at %(path)s is %(what)s; see the service's log", path=path, what=problem
            )
        ) from problem
    if not isinstance(answer, dict):
        raise NotRunning(
            sentence("the answer at %(path)s is no object; see the service's log", path=path)
        )
    return answer
