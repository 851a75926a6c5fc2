"""Fax pages in TIFF files [TIFF 6.0, RFC 3949 profile F], by libtiff.

spandsp reads and writes faxes as TIFF files, so libtiff is wherever spandsp is. A page here is its
T.6 octets [ITU-T T.6], most significant bit first, which is also how PDF has them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cffi  # type: ignore[import-untyped]  # it has no stubs

from app.core.fax_page import FaxPage

_SONAME = "libtiff.so.6"
_DECLARATIONS = """
typedef ... TIFF;
TIFF *TIFFOpen(const char *name, const char *mode);
void TIFFClose(TIFF *tiff);
int TIFFSetField(TIFF *tiff, uint32_t tag, ...);
int TIFFGetFieldDefaulted(TIFF *tiff, uint32_t tag, ...);
int TIFFSetDirectory(TIFF *tiff, uint16_t number);
int TIFFWriteDirectory(TIFF *tiff);
uint32_t TIFFNumberOfStrips(TIFF *tiff);
intptr_t TIFFReadRawStrip(TIFF *tiff, uint32_t strip, void *octets, intptr_t size);
intptr_t TIFFWriteEncodedStrip(TIFF *tiff, uint32_t strip, void *octets, intptr_t size);
intptr_t TIFFReadEncodedStrip(TIFF *tiff, uint32_t strip, void *octets, intptr_t size);
uint64_t TIFFRawStripSize64(TIFF *tiff, uint32_t strip);
void *TIFFSetWarningHandler(void *handler);
void *TIFFSetErrorHandler(void *handler);
"""
# Tags and values [TIFF 6.0 §8, §10, §11].
_SUBFILE, _WIDTH, _LENGTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_FILL_ORDER, _SAMPLES, _ROWS, _X_DPI, _Y_DPI, _PLANAR, _UNIT, _PAGE = (
    266, 277, 278, 282, 283, 284, 296, 297,
)  # fmt: skip
_T6, _ONE_PAGE, _WHITE_IS_ZERO, _LSB_FIRST, _INCH = 4, 2, 0, 2, 2
_MIRRORED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))

_ffi = cffi.FFI()
_ffi.cdef(_DECLARATIONS)


class TiffError(Exception):
    """A file is no fax, or cannot be written; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Bitmap:
    """One page as black and white: rows of `width` pixels, 8 to an octet, 1 is black."""

    width: int
    """Pixels in a row; a multiple of 8."""
    length: int
    """Rows."""
    x_dpi: float
    y_dpi: float
    octets: bytes


@cache
def _library() -> Any:
    """libtiff; what it has to say of a file is raised here and printed nowhere."""
    lib = _ffi.dlopen(_SONAME)
    lib.TIFFSetWarningHandler(_ffi.NULL)
    lib.TIFFSetErrorHandler(_ffi.NULL)
    return lib


class _File:
    """An open file; closed by leaving its `with` block."""

    def __init__(self, path: str, mode: str) -> None:
        self.lib = _library()
        self._path = path
        self._tiff = self.lib.TIFFOpen(path.encode(), mode.encode())
        if self._tiff == _ffi.NULL:
            raise TiffError(f"{path} is no TIFF file")

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        self.lib.TIFFClose(self._tiff)

    def field(self, tag: int, kind: str) -> Any:
        """A field's value; `kind` is its C type."""
        value = _ffi.new(f"{kind} *")
        if not self.lib.TIFFGetFieldDefaulted(self._tiff, _ffi.cast("uint32_t", tag), value):
            raise TiffError(f"{self._path}: tag {tag} is missing")
        return value[0]

    def set_fields(self, fields: Iterable[tuple[int, int | float]]) -> None:
        """Fields of the page that is written next."""
        for tag, value in fields:
            given = _ffi.cast("double" if isinstance(value, float) else "int", value)
            self.lib.TIFFSetField(self._tiff, tag, given)

    def page(self, number: int) -> bool:
        """Go to page `number`, from 0; False if there is none."""
        return bool(self.lib.TIFFSetDirectory(self._tiff, number))

    def shape(self) -> tuple[int, int, float, float]:
        """Width and length in pixels, dots an inch."""
        width, length = self.field(_WIDTH, "uint32_t"), self.field(_LENGTH, "uint32_t")
        return width, length, self.field(_X_DPI, "float"), self.field(_Y_DPI, "float")

    def raw_page(self) -> FaxPage:
        """The page that was gone to, as it lies there."""
        if self.field(_COMPRESSION, "uint16_t") != _T6 or self.strips != 1:
            raise TiffError(f"{self._path}: a page is not one strip of T.6")
        size = self.lib.TIFFRawStripSize64(self._tiff, 0)
        octets = bytearray(size)
        read = self.lib.TIFFReadRawStrip(self._tiff, 0, _ffi.from_buffer(octets), size)
        if read != size:
            raise TiffError(f"{self._path}: {read} of {size} octets can be read")
        raw = bytes(octets)
        if self.field(_FILL_ORDER, "uint16_t") == _LSB_FIRST:
            raw = raw.translate(_MIRRORED)
        return FaxPage(*self.shape(), raw)

    def bitmap(self) -> Bitmap:
        """The page that was gone to, decoded; it is one strip of one bit a pixel."""
        width, length, x_dpi, y_dpi = self.shape()
        octets = bytearray((width + 7) // 8 * length)
        read = self.lib.TIFFReadEncodedStrip(self._tiff, 0, _ffi.from_buffer(octets), len(octets))
        if read != len(octets) or self.strips != 1:
            raise TiffError(f"{self._path}: {read} of {len(octets)} octets can be decoded")
        return Bitmap(width, length, x_dpi, y_dpi, bytes(octets))

    @property
    def strips(self) -> int:
        """Pieces that the page lies in."""
        return int(self.lib.TIFFNumberOfStrips(self._tiff))

    def write(self, page: Bitmap, number: int, count: int) -> None:
        """Add page `number`, from 0, of `count`."""
        self.set_fields(
            (
                (_SUBFILE, _ONE_PAGE), (_WIDTH, page.width), (_LENGTH, page.length), (_BITS, 1),
                (_COMPRESSION, _T6), (_PHOTOMETRIC, _WHITE_IS_ZERO), (_SAMPLES, 1),
                (_ROWS, page.length), (_PLANAR, 1), (_UNIT, _INCH),
                (_X_DPI, float(page.x_dpi)), (_Y_DPI, float(page.y_dpi)),
            )
        )  # fmt: skip
        of = (_ffi.cast("int", number), _ffi.cast("int", count))
        self.lib.TIFFSetField(self._tiff, _PAGE, *of)
        octets = _ffi.from_buffer(page.octets)
        size = self.lib.TIFFWriteEncodedStrip(self._tiff, 0, octets, len(page.octets))
        if size < 0 or not self.lib.TIFFWriteDirectory(self._tiff):
            raise TiffError(f"{self._path} cannot be written")


def raw_page(path: str, number: int) -> FaxPage:
    """Page `number`, from 0, of a file that spandsp writes or has written. Raises TiffError."""
    with _File(path, "r") as file:
        if not file.page(number):
            raise TiffError(f"{path} has no page {number}")
        return file.raw_page()


def bitmaps(path: str) -> Iterator[Bitmap]:
    """The pages of a fax, decoded. Raises TiffError."""
    with _File(path, "r") as file:
        number = 0
        while file.page(number):
            yield file.bitmap()
            number += 1


def write_fax(path: str, pages: list[Bitmap]) -> None:
    """Write a fax for spandsp to send. Raises TiffError."""
    with _File(path, "w") as file:
        for number, page in enumerate(pages):
            file.write(page, number, len(pages))
