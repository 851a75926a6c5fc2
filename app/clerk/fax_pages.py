"""The pages of a mail that is to be faxed: what is attached as a PDF or as a TIFF of a fax.

Runs in a media worker, with its limits of memory and time, because what came by mail may be
anything. PDFium draws a page at 204 x 196 dots an inch [T.4 §2], 1728 dots wide; a page that is
wider or longer than the paper is made smaller, and one that lies on its side is turned. Greys
become patterns of dots. A mail without an attachment that can be faxed is refused with a reason:
its text is words to the box, and not what the other side is to get.
"""

import os
from collections.abc import Iterator

import numpy as np

from app.clerk.media import MediaFailed, Source
from app.core.tiff import Bitmap, TiffError, bitmaps, write_fax
from app.message import fax_reasons
from app.message.fax_reasons import DOCUMENT_MOST, PAGES_MOST
from app.message.mime import (
    DEPTH_LIMIT,
    PARTS_LIMIT,
    Multipart,
    PartHead,
    body,
    ending,
    next_part,
    read_head,
)
from app.message.transfer import Lines, decoded

WIDTH = 1728
"""Dots of a line [T.4 §2.2]."""
X_DPI, Y_DPI = 204, 196
A4_LENGTH = 2292
"""Lines of a page of A4, 297 mm; what is longer is made smaller."""
PIECE = 1 << 18
_PDF, _TIFF = "pdf", "tiff"
_KINDS = {"application/pdf": _PDF, "application/x-pdf": _PDF, "image/tiff": _TIFF}
_ENDINGS = {"pdf": _PDF, "tif": _TIFF, "tiff": _TIFF}
# Thresholds of an ordered dither [Bayer 1973]: black stays black, white stays white.
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
_THRESHOLDS = ((_BAYER * 2 + 1) * 8).astype(np.uint8)


def fax_pages(source: Source) -> Iterator[bytes]:
    """The octets of a TIFF file for spandsp to send, in pieces. Raises MediaFailed."""
    pages: list[Bitmap] = []
    for kind, octets in documents(source):
        drawn = of_pdf(octets) if kind == _PDF else of_tiff(octets)
        for page in drawn:
            if len(pages) == PAGES_MOST:
                raise MediaFailed(fax_reasons.TOO_MANY)
            pages.append(page)
    if not pages:
        raise MediaFailed(fax_reasons.NO_DOCUMENT)
    file = os.memfd_create("fax", os.MFD_CLOEXEC)
    try:
        write_fax(f"/proc/self/fd/{file}", pages)
        at = 0
        while piece := os.pread(file, PIECE, at):
            yield piece
            at += len(piece)
    except TiffError as problem:
        raise MediaFailed(str(problem)) from problem
    finally:
        os.close(file)


def documents(source: Source) -> Iterator[tuple[str, bytes]]:
    """What is attached and can be faxed: "pdf" or "tiff", and its octets."""
    lines, inside = Lines(source), list[Multipart]()
    for _ in range(PARTS_LIMIT):
        head = read_head(lines)
        if head.boundary and len(inside) < DEPTH_LIMIT:
            inside.append(Multipart(b"--" + head.boundary, False))
        else:
            kind = _kind(head)
            if kind:
                yield kind, _whole(decoded(body(lines, inside), head.coding))
        if not inside or not next_part(lines, inside):
            return


def _kind(head: PartHead) -> str:
    return _KINDS.get(head.kind) or _ENDINGS.get(ending(head.file_name), "")


def _whole(pieces: Iterator[bytes]) -> bytes:
    gathered = bytearray()
    for piece in pieces:
        gathered += piece
        if len(gathered) > DOCUMENT_MOST:
            raise MediaFailed(fax_reasons.TOO_BIG)
    return bytes(gathered)


def of_tiff(octets: bytes) -> Iterator[Bitmap]:
    """The pages of a TIFF file as fax programs write them. Raises MediaFailed."""
    file = os.memfd_create("tiff", os.MFD_CLOEXEC)
    try:
        os.write(file, octets)
        for page in bitmaps(f"/proc/self/fd/{file}"):
            if page.width != WIDTH:
                raise MediaFailed(fax_reasons.BAD_TIFF)
            yield page
    except TiffError as problem:
        raise MediaFailed(fax_reasons.BAD_TIFF) from problem
    finally:
        os.close(file)


def of_pdf(octets: bytes) -> Iterator[Bitmap]:
    """The pages of a PDF. Raises MediaFailed."""
    import pypdfium2  # type: ignore[import-untyped]  # it has no stubs; loaded for a fax only

    try:
        document = pypdfium2.PdfDocument(octets)
        for number in range(len(document)):
            yield _drawn(pypdfium2, document[number])
    except pypdfium2.PdfiumError as problem:
        raise MediaFailed(fax_reasons.BAD_PDF) from problem


def _drawn(pdfium: object, page: object) -> Bitmap:
    """One page as dots."""
    import pypdfium2
    import pypdfium2.raw as raw  # type: ignore[import-untyped]  # likewise

    wide, high = page.get_size()  # type: ignore[attr-defined]  # no stubs
    turned = wide > high
    if turned:
        wide, high = high, wide
    across, down = max(wide, 1.0) / 72 * X_DPI, max(high, 1.0) / 72 * Y_DPI
    smaller = min(1.0, WIDTH / across, A4_LENGTH / down)
    across, down = max(1, round(across * smaller)), max(1, round(down * smaller))
    bitmap = pypdfium2.PdfBitmap.new_native(WIDTH, down, raw.FPDFBitmap_Gray)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, WIDTH, down)
    flags = raw.FPDF_ANNOT | raw.FPDF_PRINTING | raw.FPDF_GRAYSCALE
    left = (WIDTH - across) // 2
    raw.FPDF_RenderPageBitmap(bitmap, page, left, 0, across, down, int(turned), flags)
    grey = bitmap.to_numpy().reshape(down, -1)[:, :WIDTH]
    tiles = np.tile(_THRESHOLDS, (-(-down // 4), WIDTH // 4))[:down]
    black = np.packbits(grey < tiles)
    return Bitmap(WIDTH, down, float(X_DPI), float(Y_DPI), black.tobytes())
