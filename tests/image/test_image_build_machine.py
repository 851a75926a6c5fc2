"""Before a build: what is in the way. After it: how QEMU is started."""

import os
from pathlib import Path

import pytest

from scripts.image.boot import prepare_card
from scripts.image.check import BUILD_OCTETS, problems
from scripts.image.machine import GUEST_PORTS, Start, copy_card, free_ports
from scripts.image.work import BuildError, Folders

PLENTY = BUILD_OCTETS * 10


def test_nothing_is_in_the_way_of_root_with_room_and_the_right_python(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "not" / "yet", tmp_path)
    assert problems(folders, lambda _: PLENTY, 0, Path("/usr/bin/python3.11")) == []


def test_everything_in_the_way_is_named_at_once(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "build", tmp_path / "cache")
    told = problems(folders, lambda _: 500_000_000, 1000, None)
    assert len(told) == 4
    assert "made by Python 3.11" in told[0]
    assert "sudo make image" in told[1]
    assert told[2] == f"{tmp_path / 'build'} needs 6 GB and its disk has 0.5 GB free"
    assert told[3].startswith(f"{tmp_path / 'cache'} needs 1 GB")


def start(machine: str, **more: object) -> str:
    fields = {"products": Path("p"), "disk": Path("card.img"), "ports": {"pop3": 2000}} | more
    return " ".join(Start(machine, **fields).command())  # type: ignore[arg-type]


def test_virt_is_started_with_the_kernel_and_ports_on_loopback_only() -> None:
    command = start("virt", append="tea=1")
    assert "-M virt" in command and "-kernel p/Image" in command
    assert "root=/dev/vda2" in command and command.count("tea=1") == 1
    assert "hostfwd=tcp:127.0.0.1:2000-:110" in command


def test_through_u_boot_no_kernel_is_handed_over() -> None:
    assert "-kernel p/Image" not in start("virt", uboot=True)
    assert "-bios" in start("virt", uboot=True)
    command = start("raspi3b", uboot=True)
    assert "-kernel p/u-boot.bin -dtb p/bcm2837-rpi-3-b.dtb" in command
    assert "-append" not in command


def test_the_raspberry_pi_has_its_console_on_the_second_serial_line() -> None:
    command = start("raspi3b", devices=("-S",))
    assert "-serial null -serial stdio" in command
    assert "console=ttyS1,115200 root=/dev/mmcblk0p2" in command
    assert command.endswith("-S")


def test_restart_of_the_guest_ends_qemu_in_tests_and_not_for_people() -> None:
    assert "-no-reboot" in start("virt")
    assert "-no-reboot" not in start("virt", restarts=True)


def test_tests_do_not_wait_where_the_guest_waits_and_people_keep_what_the_disk_has() -> None:
    command = start("virt", own_time=True)
    assert "-icount shift=0,sleep=off" in command and "cache=unsafe" in command
    command = start("virt", restarts=True)
    assert "-icount" not in command and "cache=writeback" in command


@pytest.fixture
def products(tmp_path: Path) -> Path:
    folder = tmp_path / "image"
    folder.mkdir()
    (folder / "card.img").write_bytes(b"as built")
    return folder


def test_card_of_make_boot_is_kept_until_a_fresh_one_is_asked_for(products: Path) -> None:
    card = products.parent / "boot" / "virt.img"
    assert prepare_card(products, card, fresh=False) == [f"new card {card}"]
    with card.open("r+b") as file:
        file.write(b"as left ")
    assert prepare_card(products, card, fresh=False) == [f"card {card}, as it was left"]
    assert card.read_bytes()[:8] == b"as left "
    assert prepare_card(products, card, fresh=True) == [f"new card {card}"]
    assert card.read_bytes()[:8] == b"as built"


def test_card_older_than_the_image_is_told_apart(products: Path) -> None:
    card = products.parent / "boot" / "virt.img"
    prepare_card(products, card, fresh=False)
    os.utime(products / "card.img", (1, 1))
    card.touch()
    assert "--fresh" in prepare_card(products, card, fresh=False)[1]


def test_every_port_of_the_guest_gets_one_of_its_own() -> None:
    ports = free_ports()
    assert ports.keys() == GUEST_PORTS.keys()
    assert len(set(ports.values())) == len(GUEST_PORTS)


def test_a_card_that_was_never_built_is_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="make image"):
        copy_card(tmp_path, tmp_path / "disk.img")
