"""How every process writes its log: to standard error, a line a record, whatever is in it."""

import logging
import sys

from app.core.text import visible

LONGEST = 4000
"""Characters of a message; what is longer is cut."""


class OneLine(logging.Formatter):
    """A record as one line that a terminal can show; a traceback follows line by line."""

    def __init__(self, name: str) -> None:
        """`name` is the service's."""
        super().__init__(f"{name}: %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The record's line without a traceback."""
        record.message = visible(record.message[:LONGEST])
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:
        """The traceback; the error's text may be a foreign one."""
        lines = super().formatException(ei).split("\n")  # type: ignore[arg-type]
        return "\n".join(visible(line[:LONGEST]) for line in lines)


def begin(name: str) -> None:
    """Log to standard error under the name of a service."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(name))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
