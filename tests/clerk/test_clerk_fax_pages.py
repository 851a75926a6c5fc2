"""What is made of a mail that is to be faxed: pages of a PDF, of a fax, or a reason."""

import email.policy
from email.message import EmailMessage
from pathlib import Path

import numpy as np
import pytest

from app.clerk.fax_pages import A4_LENGTH, WIDTH, fax_pages
from app.clerk.media import MediaFailed, Source
from app.core.tiff import Bitmap
from app.message.fax_reasons import PAGES_MOST
from tests.kit.fax import document, page, received

A4 = (595.0, 842.0)


def mail(octets: bytes, kind: str = "application/pdf", name: str = "") -> bytes:
    """A mail with one attachment."""
    message = EmailMessage()
    message.set_content("text\n")
    maintype, subtype = kind.split("/")
    message.add_attachment(octets, maintype=maintype, subtype=subtype, filename=name or None)
    return message.as_bytes(policy=email.policy.SMTP)


def pdf(
    *sizes: tuple[float, float], black: tuple[float, float, float, float] | None = None
) -> bytes:
    """A PDF of pages of these sizes in points, with a black rectangle (x, y, width, height)."""
    drawing = b"" if black is None else b"0 g %f %f %f %f re f" % black
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for wide, high in sizes:
        kids.append(b"%d 0 R" % (len(objects) + 1))
        shape = b"[0 0 %f %f]" % (wide, high)
        content = b"%d 0 R" % (len(objects) + 2)
        objects.append(b"<</Type/Page/Parent 2 0 R/MediaBox%b/Contents %b>>" % (shape, content))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(drawing), drawing))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(kids))
    body = b"%PDF-1.4\n"
    for number, one in enumerate(objects, 1):
        body += b"%d 0 obj%b endobj\n" % (number, one)
    return body + b"trailer<</Root 1 0 R/Size %d>>\n" % (len(objects) + 1)


def pages(tmp_path: Path, octets: bytes) -> list[Bitmap]:
    """The pages that are made of a mail."""
    path = tmp_path / "out.tif"
    path.write_bytes(b"".join(fax_pages(Source([octets]))))
    return received(path)


def dots(page: Bitmap) -> np.ndarray:
    """Which dots of a page are black."""
    return np.unpackbits(np.frombuffer(page.octets, np.uint8)).reshape(page.length, page.width)


def why(octets: bytes) -> str:
    with pytest.raises(MediaFailed) as failed:
        list(fax_pages(Source([octets])))
    return str(failed.value)


def test_page_of_a4_is_drawn_in_its_size_and_place(tmp_path: Path) -> None:
    (made,) = pages(tmp_path, mail(pdf(A4, black=(0, 842 - 72, 72, 72))))
    assert (made.width, made.length, made.x_dpi, made.y_dpi) == (WIDTH, 2292, 204.0, 196.0)
    rows, columns = np.nonzero(dots(made))
    left = (WIDTH - round(595 / 72 * 204)) // 2
    assert abs(columns.min() - left) <= 1 and abs(columns.max() - left - 203) <= 2  # an inch
    assert rows.min() <= 1 and abs(rows.max() - 195) <= 2


def test_page_on_its_side_is_turned_and_a_large_one_made_smaller(tmp_path: Path) -> None:
    lying, poster = pages(
        tmp_path, mail(pdf((842.0, 595.0), (3000.0, 4000.0), black=(0, 0, 50, 50)))
    )
    assert (lying.width, lying.length) == (WIDTH, 2292)
    assert poster.width == WIDTH and poster.length <= A4_LENGTH
    assert dots(lying).any() and dots(poster).any()


def test_fax_that_is_attached_goes_on_bit_by_bit(tmp_path: Path) -> None:
    sent = [page(1), page(2, 500)]
    octets = Path(document(tmp_path / "in.tif", *sent)).read_bytes()
    assert pages(tmp_path, mail(octets, "application/octet-stream", "page.TIF")) == sent


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"Subject: x\r\n\r\nwords\r\n", "no PDF is attached"),
        (mail(b"%PDF-1.4 and no more"), "its PDF cannot be read"),
        (mail(b""), "its PDF cannot be read"),
        (mail(pdf(*[A4] * (PAGES_MOST + 1))), "more than 50 pages"),
        (mail(b"II*\0 and no more", "image/tiff"), "its TIFF is no fax"),
    ],
)
def test_what_cannot_be_faxed_has_a_reason(octets: bytes, said: str) -> None:
    assert said in why(octets)
