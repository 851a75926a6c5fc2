"""The spool's files: what each of them tells when the others are gone."""

from dataclasses import replace
from pathlib import Path

from app.clerk.frames import Decoder, encode
from app.clerk.spool import CallFacts, Spool, SpoolFolder

FACTS = CallFacts("201", "line1", "5551234", "CARL", 1.8e9, 3, "Anna")
PIECE = b"\x01\x02" * 8000


def test_each_folders_file_says_whose_recording_it_is(tmp_path: Path) -> None:
    disk, memory = tmp_path / "disk", tmp_path / "memory"
    disk.write_bytes(b"")  # no folder can be made here: the disk fails
    folders = [SpoolFolder(str(path), 1_000_000) for path in (disk, memory)]
    spool = Spool(folders)
    spool.begin(7, FACTS)
    disk.unlink()
    spool.add(7, [(0, PIECE)])

    (left,) = Spool(folders[:1]).all()  # the power was cut, and memory is empty
    assert left.facts == FACTS
    assert list(Spool(folders[:1]).samples(7)) == [(0, PIECE)]
    (whole,) = Spool(folders).all()
    assert whole.facts == FACTS and len(whole.files) == 2


def test_what_an_older_program_has_left_is_read_and_it_reads_what_this_one_has(
    tmp_path: Path,
) -> None:
    spool = Spool([SpoolFolder(str(tmp_path), 1_000_000)])
    spool.begin(7, FACTS)
    (path,) = tmp_path.glob("*.voice")
    ((header, _),) = Decoder().feed(path.read_bytes())
    assert set(header["facts"]) == {"mailbox", "line", "number", "name", "started_at"}
    path.write_bytes(encode({"facts": header["facts"]}, b""))
    (found,) = Spool([SpoolFolder(str(tmp_path), 1_000_000)]).all()
    assert found.facts == replace(FACTS, person=0, owner="")
