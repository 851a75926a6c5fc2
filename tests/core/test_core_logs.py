"""A log has one line for a record, whatever is in it."""

import io
import logging

from app.core.logs import LONGEST, OneLine


def logged(write: object, *arguments: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(OneLine("mail"))
    log = logging.Logger("app.mail")
    log.addHandler(handler)
    getattr(log, str(write))(*arguments)
    return stream.getvalue()


def test_log_line_of_foreign_text_is_one_line_without_controls() -> None:
    text = logged("info", "from %s", "eva\r\nmail: INFO app: ready\x1b]0;x\x07\u202e")
    assert (
        text
        == "mail: INFO app.mail: from eva\\x0d\\x0amail: INFO app: ready\\x1b]0;x\\x07\\u202e\n"
    )


def test_log_line_has_a_greatest_length() -> None:
    assert len(logged("info", "x" * 100_000)) < LONGEST + 100


def test_traceback_in_the_log_keeps_its_lines_and_shows_controls() -> None:
    try:
        raise ValueError("bad\x1b[2J\u202e")
    except ValueError:
        text = logged("exception", "it failed")
    first, *trace = text.splitlines()
    assert first == "mail: ERROR app.mail: it failed"
    assert trace[0] == "Traceback (most recent call last):"
    assert trace[-1] == "ValueError: bad\\x1b[2J\\u202e"
