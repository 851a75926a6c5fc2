"""What the administrator must see to of the box's certificate."""

from datetime import UTC, datetime
from pathlib import Path

from app.core.sentences import sentence
from app.device.certificate_notes import PROBLEM, mark

WARN_S = 14 * 86_400
"""Seconds before the end of a certificate of the owner's files, from which on it is told."""


def certificate_problems(keys: Path, now: float) -> tuple[str, ...]:
    """What is wrong with the certificate in this folder, or soon will be; `now` in s since 1970."""
    found = []
    if (keys / PROBLEM).exists():
        found.append(
            sentence(
                "no certificate by ACME: %(why)s. It is asked for again every day, and at once by"
                " `device certificates`.",
                why=(keys / PROBLEM).read_text().strip(),
            )
        )
    shown = mark(keys)
    if shown is not None and shown.ends - now < WARN_S:
        ends = datetime.fromtimestamp(shown.ends, UTC)
        if shown.by == "files":
            what_to_do = sentence(
                "`device certificate use` takes a new one, and `device certificate own` lets the"
                " box sign by itself again."
            )
        else:
            what_to_do = sentence("`device certificates` asks for a new one.")
        values = {"day": f"{ends:%Y-%m-%d}", "what_to_do": what_to_do}
        if shown.ends <= now:
            text = sentence(
                "the certificate has ended on %(day)s; mail programs refuse it. %(what_to_do)s",
                **values,
            )
        else:
            text = sentence(
                "the certificate ends on %(day)s; mail programs refuse it then. %(what_to_do)s",
                **values,
            )
        found.append(text)
    return tuple(found)
