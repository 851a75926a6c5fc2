"""The sound of a message: as WAV from any place on, and drawn as a picture."""

import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from app.core.records import parse_json
from app.inbox.entries import Entry, EntryState, Kind
from app.operations.inbox import entry_for, export_message
from app.operations.messages import mark_entries
from app.web.mine.own_actor import own_actor
from app.web.mine.wave import SPEEDS, picture, wave_head
from app.web.mine.workers import WorkerFailed, Workers
from app.web.web import Visit, Web

log = logging.getLogger(__name__)

WORKER = "app.clerk.sound_worker"
NO_SOUND = 3
"""Its exit code where there is nothing to play."""
KEPT = 200
"""Messages whose length and picture are remembered."""
HEAD = 44
"""Octets of a WAVE file before its samples."""
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


@dataclass(frozen=True)
class Facts:
    """What is known of a sound."""

    samples: int
    """At 8 kHz."""
    peaks: tuple[int, ...]
    """How loud it is where, 0 to 32767."""


class SoundPages:
    """Sounds and their pictures."""

    def __init__(self, web: Web, workers: Workers) -> None:
        self._web, self._workers = web, workers
        self._facts: OrderedDict[int, Facts] = OrderedDict()

    async def sound(self, visit: Visit) -> Response:
        """The sound as a WAVE file, or a part of it [RFC 9110 §14]; `speed` plays it faster.

        Who asks for its beginning hears it: the message counts as heard then.
        """
        entry = await self._entry(visit)
        facts = await self._facts_of(visit, entry)
        rate = SPEEDS.get(visit.request.query_params.get("speed", ""), 8000)
        size = HEAD + 2 * facts.samples
        first, last = _range(visit.request.headers.get("range", ""), size)
        if first >= size:
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        whole = (first, last) == (0, size - 1)
        if first == 0 and entry.kind is Kind.VOICEMAIL and entry.state is EntryState.NEW:
            await self._web.do(mark_entries, own_actor(visit), [entry.id], EntryState.HEARD)
        headers = {
            "accept-ranges": "bytes",
            "cache-control": "no-store",
            "content-length": str(last + 1 - first),
        }
        if "save" in visit.request.query_params:
            headers["content-disposition"] = f'attachment; filename="voicemail-{entry.id}.wav"'
        if not whole:
            headers["content-range"] = f"bytes {first}-{last}/{size}"
        octets = self._octets(visit, entry, facts, rate, first, last + 1)
        return StreamingResponse(octets, 200 if whole else 206, headers, "audio/wav")

    async def _octets(
        self, visit: Visit, entry: Entry, facts: Facts, rate: int, first: int, end: int
    ) -> AsyncIterator[bytes]:
        """A WAVE file from octet `first` up to `end`; silence where a sound breaks off."""
        left = end - first
        if first < HEAD:
            piece = wave_head(facts.samples, rate)[first:end]
            left -= len(piece)
            yield piece
        at = max(0, first - HEAD)
        skipped = at % 2
        source = self._message(visit, entry)
        try:
            words = "samples", str(at // 2)
            pieces = self._workers.pieces(visit.person.id, WORKER, *words, source=source)
            async for piece in pieces:
                piece = piece[skipped:][:left]
                skipped = 0
                left -= len(piece)
                yield piece
                if not left:
                    return
        except WorkerFailed as problem:  # it has been decoded before
            log.warning("the sound of entry %d breaks off: %s", entry.id, problem)
        while left > 0:
            yield bytes(min(left, 65_536))
            left -= min(left, 65_536)

    async def wave(self, visit: Visit) -> Response:
        """How loud it is where, as a picture."""
        facts = await self._facts_of(visit, await self._entry(visit))
        headers = {"cache-control": "private, max-age=86400"}
        return Response(picture(facts.peaks), 200, headers, "image/svg+xml")

    async def _entry(self, visit: Visit) -> Entry:
        return await self._web.do(entry_for, own_actor(visit), visit.request.path_params["entry"])

    async def _facts_of(self, visit: Visit, entry: Entry) -> Facts:
        """Raises HTTPException 404 if there is nothing that can be played."""
        kept = self._facts.pop(entry.content, None)
        if kept is None:
            try:
                source = self._message(visit, entry)
                person = visit.person.id
                told = parse_json(await self._workers.whole(person, WORKER, "facts", source=source))
            except WorkerFailed as problem:
                text = "There is no sound in this message that can be played."
                raise HTTPException(404, text) from problem
            kept = Facts(int(told["samples"]), tuple(told["peaks"]))
        self._facts[entry.content] = kept
        while len(self._facts) > KEPT:
            self._facts.popitem(last=False)
        return kept

    async def _message(self, visit: Visit, entry: Entry) -> AsyncIterator[bytes]:
        octets = await self._web.stream(export_message, own_actor(visit), entry.id)
        async for piece in octets:
            yield piece


def _range(said: str, size: int) -> tuple[int, int]:
    """The first and last octet that are asked for; all where nothing is that we understand."""
    found = _RANGE.fullmatch(said.strip())
    if found is None or found[1] == found[2] == "":
        return 0, size - 1
    if not found[1]:
        return max(0, size - int(found[2])), size - 1
    first = int(found[1])
    if found[2] and int(found[2]) < first:
        return 0, size - 1
    return first, min(int(found[2] or size - 1), size - 1)
