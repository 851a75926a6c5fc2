"""Fax machines of a test: spandsp's own terminal, at the far end of a line or of nothing at all.

`pages` makes pages that look like print; `letter` and `sent` are what is compared, bit by bit.
"""

from pathlib import Path

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # it has no stubs

from app.core.tiff import Bitmap, bitmaps, write_fax
from app.phone.fax.link import FaxLink
from app.phone.sound.t30 import FaxTerminal
from drivers.buses import PERIOD, Samples
from drivers.models.party import Party

WIDTH = 1728
SILENCE: Samples = np.zeros(PERIOD, np.int16)


def page(seed: int, length: int = 300, y_dpi: float = 196.0) -> Bitmap:
    """A page with lines of blots, each page unlike any other."""
    random = np.random.default_rng(seed)
    black = np.zeros((length, WIDTH), np.uint8)
    for row in range(20, length - 30, 40):
        blots = random.random((6, WIDTH // 8)) > 0.6
        black[row : row + 24, 96:1600] = np.kron(blots, np.ones((4, 8)))[:, 96:1600]
    return Bitmap(WIDTH, length, 204.0, y_dpi, np.packbits(black).tobytes())


def document(path: Path, *pages: Bitmap) -> str:
    """A TIFF file of these pages; its name."""
    write_fax(str(path), list(pages))
    return str(path)


def received(path: Path) -> list[Bitmap]:
    """The pages of a TIFF file."""
    return list(bitmaps(str(path)))


class FaxMachine:
    """A fax machine in the place of the person at the far end of an outside line."""

    def __init__(self, terminal: FaxTerminal) -> None:
        self.terminal = terminal
        self._heard: Samples = SILENCE

    def take_over(self, party: Party) -> None:
        """Speak and listen for this party from now on."""
        party.speak = self._speak  # type: ignore[method-assign]
        party.listen = self._listen  # type: ignore[method-assign]

    def _listen(self, row: Samples | None) -> None:
        self._heard = SILENCE if row is None else row.copy()

    def _speak(self) -> Samples | None:
        return self.terminal.period(self._heard)


def run(
    terminal: FaxTerminal, link: FaxLink, most: int = 30_000, noise: range | None = None
) -> int:
    """Connect a far terminal to a fax call until both have ended; periods that it took.

    In the periods of `noise` the link hears noise instead of the terminal.
    """
    random = np.random.default_rng(1)
    heard: Samples = SILENCE
    for period in range(most):
        if terminal.ended and link.end is not None:
            return period
        said = terminal.period(heard)
        if noise is not None and period in noise:
            said = random.normal(0, 6000, PERIOD).astype(np.int16)
        heard = link.period(said)
    raise AssertionError(f"no end within {most} periods: {terminal.words}, {link.end}")


def printed(pdf: bytes) -> list[Bitmap]:
    """The pages of a PDF as PDFium, which is not ours, decodes their images."""
    document = pypdfium2.PdfDocument(pdf)
    found = []
    for number in range(len(document)):
        (image,) = document[number].get_objects()
        grey = image.get_bitmap(render=False).to_numpy()
        black = np.packbits(grey.reshape(grey.shape[0], -1) < 128)
        wide, high = document[number].get_size()
        length, width = grey.shape[:2]
        x_dpi, y_dpi = 72 * width / wide, 72 * length / high
        found.append(Bitmap(width, length, round(x_dpi), round(y_dpi), black.tobytes()))
    return found
