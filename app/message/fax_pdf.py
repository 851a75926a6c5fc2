"""Fax pages as a PDF file [ISO 32000-1], piece by piece.

The T.6 octets of a page go into it as they are (filter CCITTFaxDecode, §7.4.6), so nothing is
decoded and nothing gets bigger. Objects: 1 the catalog, 2 the list of pages, 3 the document's
title, then three for each page: page, what is drawn on it, image.
"""

from collections.abc import Iterable, Iterator

from app.core.fax_page import FaxPage

_FIRST = 4
_POINTS = 72  # an inch [§8.3.2.3]


def fax_pdf(pages: Iterable[FaxPage], count: int, title: str) -> Iterator[bytes]:
    """The octets of a PDF of `count` pages, a few pieces a page; `title` as programs show it."""
    written = _Written()
    yield written.raw(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    yield written.object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    kids = b" ".join(b"%d 0 R" % (_FIRST + 3 * index) for index in range(count))
    yield written.object(2, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids))
    text = b"\xfe\xff" + title.encode("utf-16-be")  # [§7.9.2.2]
    yield written.object(3, b"<< /Title <%s> >>" % text.hex().encode())
    for index, page in enumerate(pages):
        yield from _page(written, _FIRST + 3 * index, page)
    yield written.end(1, 3)


def _page(written: "_Written", number: int, page: FaxPage) -> Iterator[bytes]:
    wide, high = (
        b"%.2f" % (_POINTS * pixels / dpi)
        for pixels, dpi in ((page.width, page.x_dpi), (page.length, page.y_dpi))
    )
    yield written.object(
        number,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R"
        b" /Resources << /XObject << /Fax %d 0 R >> >> >>" % (wide, high, number + 1, number + 2),
    )
    drawing = b"q %s 0 0 %s 0 0 cm /Fax Do Q" % (wide, high)
    yield written.stream(number + 1, b"", drawing)
    image = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray"
        b" /BitsPerComponent 1 /Filter /CCITTFaxDecode"
        b" /DecodeParms << /K -1 /Columns %d /Rows %d >>"
    ) % (page.width, page.length, page.width, page.length)
    yield written.stream(number + 2, image, page.octets)


class _Written:
    """Where each object begins, which the end of the file says [§7.5.4]."""

    def __init__(self) -> None:
        self._size = 0
        self._begins: dict[int, int] = {}

    def raw(self, octets: bytes) -> bytes:
        """These octets, counted."""
        self._size += len(octets)
        return octets

    def object(self, number: int, octets: bytes) -> bytes:
        """An object of this number."""
        self._begins[number] = self._size
        return self.raw(b"%d 0 obj\n%s\nendobj\n" % (number, octets))

    def stream(self, number: int, entries: bytes, octets: bytes) -> bytes:
        """An object with a stream of octets, and entries of its dictionary beside /Length."""
        head = b"<< %s /Length %d >>\nstream\n" % (entries, len(octets))
        return self.object(number, head + octets + b"\nendstream")

    def end(self, root: int, info: int) -> bytes:
        """The table of all objects, and the trailer."""
        at, count = self._size, len(self._begins) + 1
        rows = b"".join(b"%010d 00000 n \n" % self._begins[n] for n in range(1, count))
        return self.raw(
            b"xref\n0 %d\n0000000000 65535 f \n%strailer\n"
            b"<< /Size %d /Root %d 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
            % (count, rows, count, root, info, at)
        )
