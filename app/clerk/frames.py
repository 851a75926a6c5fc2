"""Frames between the phone and its clerk: a JSON header and raw octets, lengths first.

    4 octets  length of the header, big-endian
    4 octets  length of the raw octets
    header    one JSON object, UTF-8
    raw       sound, so that it need not be made text

Question:  {"n": 7, "job": "samples", "arguments": {...}, "raw": "octets"}   raw is that argument
Answer:    {"n": 7, "result": ...}, or {"n": 7, "raw": true} and the octets are the result,
           or {"n": 7, "failed": "why"}; before it perhaps {"n": 7, "later": true}: it takes longer,
           others are answered first
Done:      {"done": [7, 8, 9]}: the answer to jobs that give nothing; many are done together.
Push:      {"push": {...}}, when the store has changed.
Alive:     {"alive": true}, now and then while an answer takes longer.
The first frame a clerk gets is {"config": {...}, "live": [recordings the phone is feeding]}.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any

from app.core.records import BadRecord, parse_json

HEADER_LIMIT = 4 * 1024 * 1024
RAW_LIMIT = 4 * 1024 * 1024

_LENGTHS = struct.Struct(">II")
_JSON = json.JSONEncoder(separators=(",", ":"))
"""One for all: json.dumps makes one a call for other separators than its own."""


class BadFrame(Exception):
    """What came is not a frame; the other end is not one of ours, or out of step."""


class TooLarge(Exception):
    """An answer that no frame holds."""


def encode(header: dict[str, Any], raw: bytes = b"") -> bytes:
    """One frame."""
    text = _JSON.encode(header).encode()
    return _LENGTHS.pack(len(text), len(raw)) + text + raw


class Decoder:
    """Octets in, whole frames out."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def feed(self, octets: bytes) -> list[tuple[dict[str, Any], bytes]]:
        """Add octets of any length; the frames that are complete now. Raises BadFrame."""
        self._kept += octets
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> tuple[dict[str, Any], bytes] | None:
        if len(self._kept) < _LENGTHS.size:
            return None
        text, raw = _LENGTHS.unpack_from(self._kept)
        if text > HEADER_LIMIT or raw > RAW_LIMIT:
            raise BadFrame(f"a frame of {text} + {raw} octets")
        start, end = _LENGTHS.size + text, _LENGTHS.size + text + raw
        if len(self._kept) < end:
            return None
        try:
            header = parse_json(self._kept[_LENGTHS.size : start])
        except BadRecord as problem:
            raise BadFrame(f"a header that is {problem}") from problem
        if not isinstance(header, dict):
            raise BadFrame("a header that is no object")
        octets = bytes(self._kept[start:end])
        del self._kept[:end]
        return header, octets


def question(number: int, job: str, arguments: dict[str, Any]) -> bytes:
    """The frame that asks for a job; one argument may be octets."""
    return b"".join(question_parts(number, job, arguments))


def question_parts(number: int, job: str, arguments: dict[str, Any]) -> tuple[bytes, ...]:
    """The same with the octets in a part of their own: a second of sound is not copied."""
    header: dict[str, Any] = {"n": number, "job": job, "arguments": arguments}
    raw = b""
    for name, value in arguments.items():
        if isinstance(value, bytes):
            header["raw"], raw = name, value
    if "raw" in header:
        header["arguments"] = {key: arguments[key] for key in arguments if key != header["raw"]}
    text = _JSON.encode(header).encode()
    head = _LENGTHS.pack(len(text), len(raw)) + text
    return (head, raw) if raw else (head,)


def arguments_of(header: dict[str, Any], raw: bytes) -> dict[str, Any]:
    """The arguments of a job that is asked for. Raises BadFrame if the header is no question."""
    try:
        arguments = dict(header["arguments"])
        if "raw" in header:
            arguments[header["raw"]] = raw
    except (KeyError, TypeError, ValueError) as problem:
        raise BadFrame(f"not a question: {problem!r}") from problem
    return arguments


def done(numbers: Sequence[int]) -> bytes:
    """The frame that answers jobs that give nothing."""
    return encode({"done": numbers})


def answer(number: int, result: Any) -> bytes:
    """The frame that gives a job's result. Raises TooLarge."""
    octets = isinstance(result, bytes)
    frame = (
        encode({"n": number, "raw": True}, result)
        if octets
        else encode({"n": number, "result": result})
    )
    if len(frame) > _LENGTHS.size + HEADER_LIMIT:
        raise TooLarge(f"an answer of {len(frame)} octets")
    return frame
