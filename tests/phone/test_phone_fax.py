"""A fax call without a line: spandsp's own transmitter sends, and pages are compared bit by bit."""

import os
import select
from pathlib import Path

import numpy as np
import pytest

from app.core.tiff import Bitmap, TiffError, bitmaps, raw_page
from app.message.fax_pdf import fax_pdf
from app.phone.fax import folder, process
from app.phone.fax.folder import FaxFacts, FaxFolder, KeptFax, kept_faxes
from app.phone.fax.link import FaxOrder
from app.phone.fax.process import CUSHION, FaxProcess
from app.phone.fax.session import FaxSession
from app.phone.sound.fax_tone import FaxToneDetector
from app.phone.sound.t30 import FaxTerminal
from app.phone.sound.tone_bank import ToneBank
from drivers.buses import Samples
from drivers.sampling import amplitude
from tests.kit.detecting import periods
from tests.kit.fax import SILENCE, document, page, printed, received, run
from tests.kit.hearing import PACK, read_wav

FACTS = FaxFacts("201", "line1", "5551234", "MARTA KOVACS", 1_790_000_000.0)
PAGES = [page(1), page(2, 500), page(3)]


def order(root: Path) -> FaxOrder:
    return FaxOrder("+49 30 1234", folder=str(root / "17"), facts=FACTS)


def kept(root: Path) -> KeptFax:
    (only,) = kept_faxes(root)
    return only


def arrived(root: Path) -> list[Bitmap]:
    """The pages that were kept, put into a PDF and decoded by PDFium."""
    fax = kept(root)
    pages = [fax.page(index) for index in range(len(fax.pages))]
    return printed(b"".join(fax_pdf(pages, len(pages), "A fax")))


@pytest.mark.parametrize("ecm", [True, False], ids=["ECM", "no ECM"])
def test_three_pages_arrive_bit_by_bit(tmp_path: Path, ecm: bool) -> None:
    sent = document(tmp_path / "sent.tif", *PAGES)
    sender, session = FaxTerminal(True, "+1 555 1234", sent, ecm=ecm), FaxSession(order(tmp_path))
    run(sender, session)
    assert (sender.code, sender.sent, sender.far_ident) == (0, 3, "+49 30 1234")
    assert arrived(tmp_path) == PAGES
    end = kept(tmp_path).end
    assert end == session.end and end.well and end.pages == 3
    assert (end.far_ident, end.bit_rate, end.corrected) == ("+1 555 1234", 14400, ecm)


@pytest.mark.parametrize(("modems", "rate"), [(1, 4800), (3, 9600)], ids=["V.27ter", "V.29"])
def test_pages_arrive_from_slower_machines(tmp_path: Path, modems: int, rate: int) -> None:
    sent = document(tmp_path / "sent.tif", PAGES[0])
    sender, session = FaxTerminal(True, "1", sent, modems=modems), FaxSession(order(tmp_path))
    run(sender, session)
    assert arrived(tmp_path) == PAGES[:1] and kept(tmp_path).end.bit_rate == rate


def test_burst_of_errors_in_a_page_is_corrected(tmp_path: Path) -> None:
    sent = document(tmp_path / "sent.tif", *PAGES)
    clean, session = FaxTerminal(True, "1", sent), FaxSession(order(tmp_path / "clean"))
    took = run(clean, session)
    sender, session = FaxTerminal(True, "1", sent), FaxSession(order(tmp_path / "noisy"))
    noisy = run(sender, session, noise=range(900, 915))
    assert arrived(tmp_path / "noisy") == PAGES
    assert noisy > took + 100, "nothing was sent again: the noise has hit nothing"


def test_hang_up_in_the_middle_keeps_what_had_arrived(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "1", document(tmp_path / "sent.tif", *PAGES))
    session, heard = FaxSession(order(tmp_path)), SILENCE
    while sender.sent < 2:
        heard = session.period(sender.period(heard))
    session.close()
    assert arrived(tmp_path) == PAGES[:2]
    assert not kept(tmp_path).end.well and kept(tmp_path).end.pages == 2


def test_page_is_on_the_disk_before_the_sender_is_told(tmp_path: Path) -> None:
    sender = FaxTerminal(True, "1", document(tmp_path / "sent.tif", *PAGES))
    session, heard, told = FaxSession(order(tmp_path)), SILENCE, 0
    while not sender.ended:
        heard = session.period(sender.period(heard))
        assert len(list(tmp_path.glob("17/page-*.g4"))) >= sender.sent
        told = max(told, sender.sent)
    assert told == 3


def test_fax_of_a_process_that_was_killed_is_broken_off(tmp_path: Path) -> None:
    fax = FaxFolder(tmp_path / "17", FACTS)
    sent = document(tmp_path / "sent.tif", PAGES[0])
    fax.add(1, raw_page(sent, 0))
    assert not list(kept_faxes(tmp_path)), "it is still being received"
    os.close(fax._lock)  # as the kernel does when a process dies
    assert kept(tmp_path).end == folder.BROKEN_OFF and arrived(tmp_path) == PAGES[:1]


def test_page_that_cannot_be_kept_is_not_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "PAGES_MOST", 1)
    sender = FaxTerminal(True, "1", document(tmp_path / "sent.tif", *PAGES))
    session = FaxSession(order(tmp_path))
    run(sender, session)
    assert (sender.sent, sender.code) != (3, 0)
    assert arrived(tmp_path) == PAGES[:1]
    assert session.end is not None and "page 2 could not be kept" in session.end.why


def test_engine_of_its_own_receives_with_a_constant_delay(tmp_path: Path) -> None:
    short = page(4, 100)
    sender = FaxTerminal(True, "+1 555", document(tmp_path / "sent.tif", short))
    link, heard = FaxProcess(order(tmp_path)), SILENCE
    while not (link.end is not None and sender.ended):
        heard = link.period(sender.period(heard))
        while link._socket is not None and link.unanswered:  # in step: it is never late here
            assert select.select([link._socket], [], [], 10)[0], "the engine hangs"
            link.receive()
        assert len(link._waiting) <= CUSHION + 2
    assert (sender.code, sender.sent) == (0, 1)
    assert link.end is not None and link.end.well and link.end.far_ident == "+1 555"
    assert arrived(tmp_path) == [short]


def tone(hz: float, ms: int, dbm0: float = -15.0) -> Samples:
    at = np.arange(ms * 8) / 8000
    return (np.sin(2 * np.pi * hz * at) * amplitude(dbm0)).astype(np.int16)


def rest(ms: int) -> Samples:
    return np.zeros(ms * 8, np.int16)


def calls(sound: Samples) -> int:
    """How often the detector says that a fax calls."""
    bank, found = ToneBank(1), 0
    detector = FaxToneDetector(bank)
    detector.listen(0, True)
    for period in periods(sound):
        bank.hear(period)
        found += len(detector.hear())
    return found


@pytest.mark.parametrize("hz", [1062, 1100, 1138])
@pytest.mark.parametrize("dbm0", [-8, -38])
@pytest.mark.parametrize("scale", [0.86, 1.0, 1.14])
def test_calling_fax_is_detected_at_its_second_burst(hz: float, dbm0: float, scale: float) -> None:
    cycle = np.concatenate([tone(hz, 500, dbm0), rest(round(3000 * scale))])
    assert calls(np.concatenate([rest(1000), cycle, tone(hz, 500, dbm0)])) == 1
    assert calls(np.concatenate([rest(1000), cycle])) == 0


def test_other_tones_are_no_fax() -> None:
    for hz, on_ms, off_ms in [(1100, 2000, 4000), (1100, 500, 500), (440, 500, 3000),
                              (1000, 500, 3000), (1300, 600, 2000), (425, 1000, 4000)]:  # fmt: skip
        assert calls(np.concatenate([tone(hz, on_ms), rest(off_ms)] * 4)) == 0, (hz, on_ms, off_ms)


def test_speech_of_the_sound_pack_is_no_fax() -> None:
    longest = sorted(PACK.glob("*.wav"), key=lambda path: path.stat().st_size)[-12:]
    speech = np.concatenate([read_wav(path) for path in longest])
    assert len(speech) > 8000 * 100 and calls(speech) == 0


@pytest.mark.parametrize("ecm", [True, False], ids=["ECM", "no ECM"])
def test_three_pages_are_sent_bit_by_bit(tmp_path: Path, ecm: bool) -> None:
    document(tmp_path / "sent.tif", *PAGES)
    taken = tmp_path / "taken.tif"
    receiver = FaxTerminal(False, "+1 555 7777", receive=str(taken), ecm=ecm)
    session = FaxSession(FaxOrder("+49 30 1234", send=str(tmp_path / "sent.tif")))
    run(receiver, session)
    assert received(taken) == PAGES
    end = session.end
    assert end is not None and (end.well, end.pages, end.far_ident) == (True, 3, "+1 555 7777")


def test_more_fax_calls_than_engines_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "ENGINES_MOST", 0)
    with pytest.raises(OSError, match="0 fax calls are under way"):
        FaxProcess(order(tmp_path))


def test_file_that_is_no_fax_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "no.tif").write_bytes(b"GIF89a")
    with pytest.raises(TiffError, match=r"no\.tif is no TIFF file"):
        list(bitmaps(str(tmp_path / "no.tif")))
