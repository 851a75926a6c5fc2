"""Neither slot of the card can be started: a USB stick with the card image puts it right.

Seen in two halves, since no machine of QEMU's does both: the Raspberry Pi's U-Boot turns to the
stick and starts its kernel, which then finds QEMU's USB port dead; on `virt`, whose U-Boot knows
none of its USB ports, the stick's system is started as U-Boot would start it.
"""

import struct
from pathlib import Path

import pytest

from scripts.image.machine import copy_card
from tests.kit.guest import PRODUCTS, Guest
from tests.kit.guest_load import LETTER, owner_of

SLOT_PARTITIONS = (2, 3)


def erase_slots(card: Path) -> None:
    """No boot loader takes a slot whose first sector is gone."""
    with card.open("r+b") as disk:
        mbr = disk.read(512)
        for number in SLOT_PARTITIONS:
            (first,) = struct.unpack_from("<I", mbr, 446 + 16 * (number - 1) + 8)
            disk.seek(first * 512)
            disk.write(bytes(512))


def stick(folder: Path) -> tuple[str, ...]:
    """QEMU's words for a USB stick to which the card image was written."""
    image = copy_card(PRODUCTS, folder / "stick.img")
    return (
        "-drive", f"if=none,id=stick,format=raw,file={image}",
        "-device", "usb-storage,drive=stick",
    )  # fmt: skip


@pytest.mark.bootfull
def test_a_card_that_does_not_start_leaves_the_start_to_the_stick(tmp_path: Path) -> None:
    guest = Guest(tmp_path, "raspi3b", uboot=True, devices=stick(tmp_path))
    erase_slots(guest.card)
    with guest:
        guest.expect("slots: A cannot be started", 60)
        guest.expect("slots: B cannot be started")
        guest.expect("slots: nothing to start here; a USB stick")
        guest.expect("starting USB")
        guest.expect("slots: good A, .*starting A", 60)
        guest.expect("Kernel command line: .*root=/dev/sda2 ", 120)


@pytest.mark.bootfull
def test_the_sticks_system_puts_the_card_right_and_its_data_stay(tmp_path: Path) -> None:
    with Guest(tmp_path) as guest:
        owner = owner_of(guest)
        with guest.smtp() as client:
            client.sendmail("carol@y.test", [owner.address], LETTER)
        guest.log_in(owner.console)
        guest.switch_off()
    erase_slots(guest.card)

    ports = ("-device", "qemu-xhci", *stick(tmp_path))
    with Guest(tmp_path, card=guest.card, devices=ports, append="root=/dev/sda2") as helper:
        stranger = owner_of(helper)
        assert stranger.password != owner.password
        helper.log_in(stranger.console)
        told = helper.run("echo y | switchhook device rescue", within_s=120)
        assert "the card's slot A is good again" in told
        helper.switch_off()

    with Guest(tmp_path, uboot=True, card=guest.card) as mended:
        (letter,) = mended.fetch(owner.login, owner.password)
        assert letter.endswith(LETTER)
        mended.log_in(owner.console)
        said = mended.run("switchhook update status")
        assert "slot A" in said and "runs, good" in said, said
        assert "is set up" not in mended.console
