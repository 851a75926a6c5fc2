"""What the administrator must see to of the box's certificate."""

from datetime import UTC, datetime
from pathlib import Path

from app.device.certificate_notes import PROBLEM, mark

WARN_S = 14 * 86_400
"""Seconds before the end of a certificate of the owner's files, from which on it is told."""


def certificate_problems(keys: Path, now: float) -> tuple[str, ...]:
    """What is wrong with the certificate in this folder, or soon will be; `now` in s since 1970."""
    found = []
    if (keys / PROBLEM).exists():
        found.append(
            f"no certificate by ACME: {(keys / PROBLEM).read_text().strip()}. It is asked for again"
            " every day, and at once by `device certificates`."
        )
    shown = mark(keys)
    if shown is not None and shown.ends - now < WARN_S:
        ends = datetime.fromtimestamp(shown.ends, UTC)
        word = "has ended" if shown.ends <= now else "ends"
        what_to_do = (
            "`device certificate use` takes a new one, and `device certificate own` lets the box"
            " sign by itself again."
            if shown.by == "files"
            else "`device certificates` asks for a new one."
        )
        found.append(
            f"the certificate {word} on {ends:%Y-%m-%d}; mail programs refuse it then. {what_to_do}"
        )
    return tuple(found)
