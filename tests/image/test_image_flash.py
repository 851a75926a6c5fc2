"""scripts/flash-card: what it refuses, what it writes, and that it reads the card back."""

import hashlib
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.image import flash
from scripts.image.disks import Refused, cards
from scripts.image.flash import Damaged, main, prepare, question
from scripts.image.image_file import CHUNK, ImageError, content
from tests.kit.disks import Machine

ROOT = Path(__file__).resolve().parents[2]
SIZE = CHUNK + 3 * 512


def quiet(doing: str, done: int, total: int) -> None:
    pass


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


def card_octets(size: int = SIZE) -> bytes:
    octets = bytearray(random.Random(1).randbytes(size))
    octets[510:512] = b"\x55\xaa"
    return bytes(octets)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "card.img"
    path.write_bytes(card_octets())
    return path


@pytest.fixture
def packed(image: Path) -> Path:
    path = image.with_suffix(".img.zst")
    subprocess.run(["zstd", "-q", str(image), "-o", str(path)], check=True)
    return path


def typing(word: str) -> Callable[[str], str]:
    return lambda question: word


def test_a_plain_and_a_compressed_image_are_written(
    machine: Machine, image: Path, packed: Path
) -> None:
    for file, name in ((image, "sda"), (packed, "sdb")):
        card = machine.plug(name, 2 * CHUNK)
        seen: list[tuple[str, int, int]] = []
        job = prepare(file, card, machine.system, quiet)
        flash.flash(job, lambda *step: seen.append(step))  # noqa: B023
        written = card.read_bytes()
        assert written[:SIZE] == card_octets()
        assert written[SIZE:] == b"old!" * ((2 * CHUNK - SIZE) // 4), "not beyond the image"
        assert seen == [
            ("writing", CHUNK, SIZE),
            ("writing", SIZE, SIZE),
            ("reading back", CHUNK, SIZE),
            ("reading back", SIZE, SIZE),
        ]


def test_the_size_and_checksum_are_those_of_the_content(image: Path, packed: Path) -> None:
    assert content(image) == content(packed)
    assert content(packed).octets == SIZE
    assert content(packed).sha256 == hashlib.sha256(card_octets()).hexdigest()


def test_a_card_that_forgets_is_found_out(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    job = prepare(image, card, machine.system, quiet)

    def forget(doing: str, done: int, total: int) -> None:
        if doing == "writing" and done == total:
            with card.open("r+b") as file:
                file.seek(1000)
                file.write(b"?")

    with pytest.raises(Damaged, match=r"sda \(Acme USB Reader.* take another card"):
        flash.flash(job, forget)


def test_a_card_that_ends_early_is_found_out(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    job = prepare(image, card, machine.system, quiet)

    def shrink(doing: str, done: int, total: int) -> None:
        if doing == "writing" and done == total:
            with card.open("r+b") as file:
                file.truncate(CHUNK)

    with pytest.raises(Damaged):
        flash.flash(job, shrink)


def refusal(machine: Machine, image: Path, device: Path) -> str:
    before = device.read_bytes() if device.exists() else b""
    with pytest.raises(Refused) as refused:
        prepare(image, device, machine.system, quiet)
    assert not device.exists() or device.read_bytes() == before
    return str(refused.value)


def test_a_mounted_card_is_refused(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    part = machine.part("sda", "sda1")
    machine.mount("sda1", "/media/my\\040card")
    told = refusal(machine, image, card)
    assert f"{part} is mounted on /media/my card" in told
    assert "Unmount it first" in told


def test_the_disk_of_the_root_is_refused_under_any_name(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    machine.part("sda", "sda2")
    machine.mount("sda2", "/", source="/dev/root")
    assert "/dev/root is mounted on /" in refusal(machine, image, card)


def test_swap_space_and_volumes_are_refused(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    machine.part("sda", "sda1")
    machine.part("sda", "sda2")
    machine.swap_on("sda1")
    machine.hold("sda", "sda2", by="dm-0")
    told = refusal(machine, image, card)
    assert "sda1 is swap space" in told
    assert "sda2 belongs to dm-0" in told


def test_a_neighbour_of_a_mounted_disk_is_not_in_use(machine: Machine, image: Path) -> None:
    machine.plug("sda", 2 * CHUNK)
    machine.part("sda", "sda1")
    machine.mount("sda1", "/home")
    card = machine.plug("sdaa", 2 * CHUNK)
    assert prepare(image, card, machine.system, quiet).disk.uses == ()


def test_a_built_in_disk_is_refused(machine: Machine, image: Path) -> None:
    disk = machine.plug("nvme0n1", 2 * CHUNK, removable=False)
    assert "is built in" in refusal(machine, image, disk)
    soldered = machine.plug("mmcblk1", 2 * CHUNK, removable=False, card_type="MMC")
    assert "is built in" in refusal(machine, image, soldered)


def test_a_built_in_slot_takes_cards_though_it_does_not_say_removable(
    machine: Machine, image: Path
) -> None:
    card = machine.plug("mmcblk0", 2 * CHUNK, removable=False, card_type="SD")
    assert prepare(image, card, machine.system, quiet).disk.removable


def test_a_partition_is_refused_and_its_disk_named(machine: Machine, image: Path) -> None:
    card = machine.plug("mmcblk0", 2 * CHUNK)
    part = machine.part("mmcblk0", "mmcblk0p1")
    told = refusal(machine, image, part)
    assert told == f"{part} is one partition; name the whole disk, {card}"


def test_a_small_card_is_refused_with_both_sizes(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", CHUNK)
    assert refusal(machine, image, card) == (
        f"{card} (Acme USB Reader, 4 MB) is too small: the image needs 4 MB"
    )
    exact = machine.plug("sdb", SIZE)
    assert prepare(image, exact, machine.system, quiet).disk.octets == SIZE


def test_an_empty_reader_and_a_locked_card_are_told_apart(machine: Machine, image: Path) -> None:
    assert "no card in the reader" in refusal(machine, image, machine.plug("sda", 0))
    locked = machine.plug("sdb", 2 * CHUNK, read_only=True)
    assert "write-protected" in refusal(machine, image, locked)


def test_what_is_no_disk_is_refused_with_the_cards_there_are(
    machine: Machine, image: Path, tmp_path: Path
) -> None:
    assert "No card or stick is plugged in" in refusal(machine, image, machine.nodes / "sdz")
    card = machine.plug("sda", 2 * CHUNK)
    machine.part("sda", "sda1")
    machine.plug("sdb", 0)
    machine.plug("nvme0n1", 2 * CHUNK, removable=False)
    ordinary = tmp_path / "notes.txt"
    ordinary.write_text("x")
    told = refusal(machine, image, ordinary)
    assert told.startswith(f"{ordinary} is not a disk. Cards here: ")
    assert [disk.node for disk in cards(machine.system, machine.nodes)] == [card]


def test_a_link_to_a_disk_is_followed(machine: Machine, image: Path, tmp_path: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    link = tmp_path / "usb-Acme"
    link.symlink_to(card)
    assert prepare(image, link, machine.system, quiet).disk.node == card


@pytest.mark.parametrize("octets", [b"", b"PK" + bytes(4096), bytes(300)])
def test_what_is_no_card_image_is_refused(machine: Machine, tmp_path: Path, octets: bytes) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    (tmp_path / "update.bundle").write_bytes(octets)
    with pytest.raises(ImageError, match=r"update\.bundle is "):
        prepare(tmp_path / "update.bundle", card, machine.system, quiet)


def test_a_truncated_download_is_refused_before_the_card_is_touched(
    machine: Machine, packed: Path
) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    packed.write_bytes(packed.read_bytes()[:-1000])
    with pytest.raises(ImageError, match="is damaged"):
        prepare(packed, card, machine.system, quiet)
    assert card.read_bytes().startswith(b"old!")


def test_a_file_that_cannot_be_read_is_told(machine: Machine, tmp_path: Path) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    with pytest.raises(ImageError, match="No such file"):
        prepare(tmp_path / "none.img", card, machine.system, quiet)


def test_the_question_names_model_and_size(machine: Machine, image: Path) -> None:
    card = machine.plug("sda", 32 * 1000 * 1000)
    asked = question(prepare(image, card, machine.system, quiet))
    assert "Acme USB Reader, 32 MB" in asked
    assert "Everything on it is lost. Type sda to go on" in asked


@pytest.mark.parametrize("answer", ["", "y", "yes", "sdb"])
def test_only_the_disk_s_own_name_confirms(
    machine: Machine, image: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    monkeypatch.setattr("builtins.input", typing(answer))
    assert main([str(image), str(card)], machine.system) == 1
    assert card.read_bytes().startswith(b"old!")


def test_the_command_writes_and_says_so(
    machine: Machine,
    packed: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    card = machine.plug("sda", 2 * CHUNK)
    monkeypatch.setattr("builtins.input", typing(" sda\n"))
    assert main([str(packed), str(card)], machine.system) == 0
    assert card.read_bytes()[:SIZE] == card_octets()
    told = capsys.readouterr().err
    assert "reading back: 100 %" in told
    assert "is written and read back" in told


def test_command_without_a_card_names_the_cards_there_are(
    machine: Machine, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.plug("sda", 2 * CHUNK)
    assert main([str(image)], machine.system) == 1
    told = capsys.readouterr().err
    assert "name the card, too. Cards here: /dev/sda (" in told
    assert main([str(image)], Machine(machine.folder / "empty").system) == 1
    assert "No card or stick is plugged in" in capsys.readouterr().err


def test_the_command_tells_a_refusal(
    machine: Machine, image: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = machine.plug("nvme0n1", 2 * CHUNK, removable=False)
    assert main([str(image), str(disk), "--yes"], machine.system) == 1
    assert "is built in" in capsys.readouterr().err


def test_the_entry_point_needs_no_virtual_environment(image: Path, tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "flash-card")
    done = subprocess.run(
        [script, str(image), str(image)],
        cwd=tmp_path,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{image} is not a disk" in done.stderr
