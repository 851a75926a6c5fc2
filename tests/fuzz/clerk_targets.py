"""Frames between the phone and its clerk."""

import typing
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from app.clerk import frames
from app.clerk.api import JOBS, ClerkApi, NotReady
from app.clerk.config import ClerkConfig
from app.core.records import BadRecord, from_json, to_json
from app.phone.jobs import JobFailed
from tests.fuzz.shaping import cut, grown

READ = 65_536


class _NoClerk:
    """Refuses every job, once its arguments were read."""

    def __getattr__(self, name: str) -> Any:
        def refuse(**_: Any) -> None:
            raise JobFailed(name)

        return refuse


_NO_CLERK = typing.cast(ClerkApi, _NoClerk())


def clerk(data: bytes) -> None:
    """Frames between the phone and its clerk, in pieces; both ends read what is in them."""
    octets = grown(data, READ)
    at_once, in_pieces = _frames([octets]), _frames(cut(octets))
    assert at_once == in_pieces
    for header, raw in at_once or ():
        _read(header, raw)


def _frames(pieces: Iterable[bytes]) -> list[tuple[dict[str, Any], bytes]] | None:
    decoder, found = frames.Decoder(), []
    try:
        for piece in pieces:
            found += decoder.feed(piece)
    except frames.BadFrame:
        return None
    return found


def _read(header: dict[str, Any], raw: bytes) -> None:
    name = header.get("job")
    job = JOBS.get(name) if isinstance(name, str) else None
    job = job or JOBS["listing"]
    with suppress(JobFailed, NotReady, frames.BadFrame):
        job.call(_NO_CLERK, frames.arguments_of(header, raw))
    with suppress(JobFailed):
        job.result(header.get("result"))
    with suppress(BadRecord):
        to_json(from_json(ClerkConfig, header.get("config"), "config"))
