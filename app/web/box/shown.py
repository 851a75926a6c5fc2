"""Pages of this area: with what their templates need to show times, sizes and choices."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from app.operations.errors import OperationError
from app.web.web import Visit


def size(octets: int) -> str:
    """A number of octets for people: 999 B, 1.5 kB, 23 MB (powers of ten)."""
    amount, unit = float(octets), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"


def when(at: float) -> str:
    """A moment (seconds since 1970) in the box's own time zone."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def pairs(choices: Iterable[str]) -> list[tuple[str, str]]:
    """Choices whose words are their values, for a select."""
    return [(one, one) for one in choices]


_WORDS: dict[str, Any] = {"size": size, "when": when, "pairs": pairs}


def page(visit: Visit, template: str, **values: Any) -> Response:
    """A page of this area."""
    return visit.page(f"box/{template}", **_WORDS, **values)


def refused(visit: Visit, template: str, problem: OperationError, **values: Any) -> Response:
    """The page again with what was typed, and what is wrong beside its field."""
    return visit.refused(f"box/{template}", problem, **_WORDS, **values)
