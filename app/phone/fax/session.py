"""One fax call: a terminal, the files it works on, and the folder that its pages go to.

It blocks on the disk: at real pace it runs in a process of its own (engine.py, process.py), at free
pace in this one, where nobody waits.
"""

import logging
import os
from pathlib import Path

import numpy as np

from app.core.tiff import TiffError, raw_page
from app.phone.fax.folder import FaxEnd, FaxFolder
from app.phone.fax.link import FaxOrder
from app.phone.sound.t30 import FaxTerminal
from drivers.buses import PERIOD, PERIODS_PER_SECOND, Samples

log = logging.getLogger(__name__)


class FaxSession:
    """A fax call in this process; is a FaxLink. Raises OSError if pages cannot be kept."""

    def __init__(self, order: FaxOrder) -> None:
        self.end: FaxEnd | None = None
        self._periods = 0
        self._kept = 0
        self._trouble = ""
        self._folder: FaxFolder | None = None
        self._document = -1
        receive = ""
        if not order.send:
            assert order.facts is not None
            self._folder = FaxFolder(Path(order.folder), order.facts)
            self._document = os.memfd_create("fax", os.MFD_CLOEXEC)
            receive = f"/proc/self/fd/{self._document}"
        self._receive = receive
        self._terminal = FaxTerminal(
            calling=bool(order.send),
            ident=order.ident,
            send=order.send,
            receive=receive,
            page=self._keep_page,
            header=order.header,
        )

    def period(self, heard: Samples) -> Samples:
        """See FaxLink."""
        self._periods += 1
        sent = self._terminal.period(heard)
        if self._trouble:  # before the far end is told that the page has arrived
            self._terminal.hung_up()
            sent = np.zeros(PERIOD, np.int16)
        if self._terminal.ended or self._trouble:
            self._finish()
        return sent

    def close(self) -> None:
        """See FaxLink; what was received up to now is a fax all the same."""
        if self.end is None:
            self._terminal.hung_up()
            self._finish()

    def _keep_page(self, number: int) -> None:
        """Put a page on the disk; the far end is told only afterwards that it has arrived."""
        if self._folder is None or self._trouble or number < self._kept:
            return
        try:
            self._folder.add(number + 1, raw_page(self._receive, number))
        except (OSError, TiffError) as problem:
            log.error("page %d of a fax is not kept: %s", number + 1, problem)
            self._trouble = f"page {number + 1} could not be kept: {problem}"
        else:
            self._kept = number + 1

    def _finish(self) -> None:
        if self.end is not None:
            return
        terminal = self._terminal
        self.end = FaxEnd(
            well=terminal.code == 0 and not self._trouble,
            why=self._trouble or terminal.words,
            far_ident=terminal.far_ident,
            pages=self._kept if self._folder is not None else terminal.sent,
            seconds=-(-self._periods // PERIODS_PER_SECOND),
            bit_rate=terminal.bit_rate,
            corrected=terminal.corrects_errors,
        )
        if self._folder is not None:
            os.close(self._document)
            try:
                self._folder.end(self.end)
            except OSError as problem:  # its pages are there; the clerk takes it as broken off
                log.error("the end of a fax is not kept: %s", problem)
