"""Forms with files [RFC 7578]: fields are gathered, a file goes to the disk as it comes.

Nothing is kept of a form before its token was seen: the hidden field stands before the file's. A
file has the route's bound, and the disk keeps its floor.
"""

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from app.core.units import MB
from app.web.forms import MOST_FIELDS, Typed
from app.web.http import BODY

MULTIPART = b"multipart/form-data"
FLOOR = 32 * MB
"""Octets of the disk that an upload leaves free."""
SLOWEST, GRACE_S = 20_000, 30.0
"""Octets a second that a file comes at, and seconds it may be late: others wait for its end."""
LONGEST_NAME = 200
"""Characters of a file's name that are kept."""


@dataclass(frozen=True)
class Upload:
    """A file that was sent."""

    name: str
    """What its sender calls it: foreign text, no path of ours."""
    path: Path
    """Where it lies until the request is answered."""
    size: int
    """Octets."""


class Uploads:
    """Takes files into a folder of their own, one request at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._busy = asyncio.Lock()

    @asynccontextmanager
    async def taken(
        self, request: Request, limit: int, may_keep: Callable[[str], bool]
    ) -> AsyncIterator[tuple[Typed, dict[str, Upload]]]:
        """Fields and files of a form, for the length of an `async with` block.

        `limit` in octets; `may_keep` judges the token of the form. Raises HTTPException: 400, 403,
        408 if it is too slow, 409 while another file comes, 413 and 507.
        """
        if self._busy.locked():
            raise HTTPException(409, "Another file is being sent to the box; try again after it.")
        async with self._busy:
            self._check_size(request, limit)
            form = _Form(self._folder, _boundary(request), limit, may_keep)
            try:
                await _come(request, form)
                yield Typed(form.fields), form.files
            finally:
                form.clear()

    def _check_size(self, request: Request, limit: int) -> None:
        length = int(request.headers.get("content-length") or 0)
        if length > limit + BODY:
            raise HTTPException(413, f"The file is larger than {limit // MB} MB.")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if shutil.disk_usage(self._folder).free < length + FLOOR:
            raise HTTPException(507, "The disk has no room for this file.")


async def _come(request: Request, form: "_Form") -> None:
    """Let a form take what comes, to its end. Raises HTTPException."""
    clock = asyncio.get_running_loop().time
    begun, octets, pieces = clock(), 0, aiter(request.stream())
    try:
        while True:
            async with asyncio.timeout_at(begun + GRACE_S + octets / SLOWEST):
                piece = await anext(pieces, None)
            if piece is None:
                break
            octets += len(piece)
            await asyncio.get_running_loop().run_in_executor(None, form.take, piece)
        form.finish()
    except ClientDisconnect as problem:
        raise HTTPException(400, "The file did not come to its end.") from problem
    except TimeoutError as problem:
        raise HTTPException(408, "The file came too slowly; try again.") from problem


def clear_folder(folder: Path) -> None:
    """Remove what an interrupted upload has left."""
    for path in folder.glob("*.part") if folder.is_dir() else ():
        path.unlink(missing_ok=True)


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind.lower() != MULTIPART or not 0 < len(boundary) <= 70:  # [RFC 2046 §5.1.1]
        raise HTTPException(400, "This form was not sent with a file.")
    return boundary


class _Form:
    """One form while it comes; for one thread at a time."""

    def __init__(
        self, folder: Path, boundary: bytes, limit: int, may_keep: Callable[[str], bool]
    ) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files: dict[str, Upload] = {}
        self._folder, self._limit, self._may_keep = folder, limit, may_keep
        self._header = bytearray()
        self._headers: dict[str, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()
        self._open: tuple[str, str, Path, BinaryIO] | None = None
        self._octets = self._whole = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, i, j: self._name.extend(data[i:j]),
                "on_header_value": lambda data, i, j: self._header.extend(data[i:j]),
                "on_header_end": self._header_end,
                "on_headers_finished": self._open_part,
                "on_part_data": lambda data, i, j: self._data(data[i:j]),
                "on_part_end": self._end,
                "on_end": self._all,
            },
        )

    def take(self, piece: bytes) -> None:
        """More octets. Raises HTTPException."""
        try:
            self._parser.write(piece)
        except ValueError as problem:  # the parser's own errors are some
            raise HTTPException(400, "The form cannot be read.") from problem
        except OSError as problem:
            raise HTTPException(507, f"The file cannot be kept: {problem.strerror}") from problem

    def finish(self) -> None:
        """All has come. Raises HTTPException if it is not whole."""
        if not self._ended:
            raise HTTPException(400, "The form did not come to its end.")

    def clear(self) -> None:
        """Remove the files."""
        if self._open is not None:
            self._open[3].close()
            self._open[2].unlink(missing_ok=True)
        for upload in self.files.values():
            upload.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._headers.clear()
        self._value.clear()

    def _header_end(self) -> None:
        if len(self._headers) < 20:
            self._headers[bytes(self._name).decode("latin-1").lower()] = bytes(self._header)
        self._name.clear()
        self._header.clear()

    def _open_part(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition", b""))
        self._field = options.get(b"name", b"").decode(errors="replace")
        file = options.get(b"filename")
        if file is None:
            return
        token = next((value for name, value in self.fields if name == "csrf"), "")
        if not self._may_keep(token):
            raise HTTPException(403, "This form is not from a page of this login.")
        if self._field in self.files:
            raise HTTPException(400, "The form has two files of one name.")
        path = self._folder / f"{secrets.token_hex(8)}.part"
        name = file.decode(errors="replace")[-LONGEST_NAME:]
        self._open = self._field, name, path, path.open("xb")
        self._octets = 0

    def _data(self, octets: bytes) -> None:
        if self._open is not None:
            self._octets += len(octets)
            if self._octets > self._limit:
                raise HTTPException(413, f"The file is larger than {self._limit // MB} MB.")
            self._open[3].write(octets)
            return
        self._whole += len(octets)
        if self._whole > BODY:
            raise HTTPException(413, "The form is longer than any of ours.")
        self._value += octets

    def _end(self) -> None:
        if self._open is None:
            if len(self.fields) >= MOST_FIELDS:  # those without content, too
                raise HTTPException(413, "The form is longer than any of ours.")
            self.fields.append((self._field, self._value.decode(errors="replace")))
            return
        field, name, path, file = self._open
        file.close()
        self._open = None
        self.files[field] = Upload(name, path, self._octets)

    def _all(self) -> None:
        self._ended = True
