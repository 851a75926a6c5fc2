"""What a line does, in one word: for whoever shows it to people or to other programs."""

from collections.abc import Mapping
from typing import Any

NOT_RUNNING = "not running"
LINE_STATES = ("idle", "ringing", "in use", "unplugged", "fault", NOT_RUNNING)
"""All that `line_state` says."""

_WORDS = {
    "on hook": "idle",
    "idle": "idle",
    "ringing": "ringing",
    "between bursts": "ringing",
    "dead": "unplugged",
    "down": NOT_RUNNING,
}


def line_state(line: Mapping[str, Any]) -> str:
    """One of LINE_STATES, of a line in the phone service's status; `down` is still to come up."""
    if line["fault"] and not line["working"]:
        return "fault"
    return _WORDS.get(line["state"], "in use")
