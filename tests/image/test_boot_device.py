"""The device itself in QEMU: first boot, backup, restore, reset, and when things break."""

import os
import re
import struct
import subprocess
from pathlib import Path

import pytest

from scripts.image.machine import copy_card
from tests.kit.guest import PRODUCTS, SLOW, Guest
from tests.kit.guest_load import LETTER, owner_of
from tests.kit.running import until

pytestmark = pytest.mark.bootfull

STICK_LABEL = "SAFE"
FROZEN_S = 200
"""A frozen telephone side: a minute of patience, a minute of the watchdog's, and some."""


def stick(folder: Path) -> tuple[str, ...]:
    """QEMU's words for a USB stick of 64 MB, whose file is in this folder."""
    image = folder / "stick.img"
    if not image.exists():
        image.touch()
        os.truncate(image, 64 << 20)
        subprocess.run(["mkfs.vfat", "-n", STICK_LABEL, image], check=True, capture_output=True)
    return (
        "-device", "qemu-xhci", "-drive", f"if=none,id=stick,format=raw,file={image}",
        "-device", "usb-storage,drive=stick",
    )  # fmt: skip


def uidls(guest: Guest, login: str, password: str) -> list[bytes]:
    with guest.mailbox(login, password) as box:
        return [line.split()[1] for line in box.uidl()[1]]


def send(guest: Guest, address: str) -> None:
    with guest.smtp() as client:
        assert client.sendmail("carol@y.test", [address], LETTER) == {}


def test_a_backup_on_a_stick_brings_everything_back_after_a_reset(tmp_path: Path) -> None:
    devices = stick(tmp_path)
    with Guest(tmp_path, devices=devices) as guest:
        owner = owner_of(guest)
        send(guest, owner.address)
        before = uidls(guest, owner.login, owner.password)
        assert len(before) == 1
        guest.log_in(owner.console)
        key = guest.run("sha256sum </data/keys/ca.key")
        made = guest.run(f"switchhook device backup usb:{STICK_LABEL}/box")
        words = re.search(r"passphrase: (\S+)", made)
        assert words is not None, made
        guest.run("switchhook device factory-reset --yes --later")
        guest.switch_off()

    with Guest(tmp_path, devices=devices, card=guest.card) as reset:
        other = owner_of(reset)
        assert other.password != owner.password
        assert "Erasing all people" in reset.console
        assert uidls(reset, other.login, other.password) == []
        reset.log_in(other.console)
        assert reset.run("sha256sum </data/keys/ca.key") != key
        assert "en " in reset.run("switchhook prompts list")
        reset.run(f"echo {words[1]} >/tmp/words")  # a reset box has another key
        how = f"--later --passphrase-file /tmp/words usb:{STICK_LABEL}/box"
        told = reset.run(f"switchhook device restore {how}", within_s=120)
        assert "1 people, 1 messages" in told
        reset.switch_off()

    with Guest(tmp_path, devices=devices, card=guest.card) as back:
        assert uidls(back, owner.login, owner.password) == before
        back.log_in(other.console)
        assert back.run("sha256sum </data/keys/ca.key") == key
        assert "is set up" not in back.console


def test_a_bad_settings_file_on_the_card_is_told_and_mended(tmp_path: Path) -> None:
    with Guest(tmp_path, settings='[site]\ncountri = "de"\n') as guest:
        owner = owner_of(guest)
        guest.expect("ATTENTION: .*line 2: site.countri: no such setting", 60)
        guest.pop3().quit()
        guest.log_in(owner.console)
        assert "site.countri" in guest.run("switchhook status")
        guest.switch_off()
    guest.put_on_card("switchhook.toml", '[site]\nhostname = "pbx.local"\n')
    with Guest(tmp_path, card=guest.card) as mended:
        assert b"pbx.local" in mended.pop3().welcome
        mended.log_in(owner.console)
        assert "ATTENTION" not in mended.run("switchhook status")
        assert mended.run("hostname") == "pbx"


def spoil_data(card: Path) -> None:
    """Noise where the data partition's tables are, in all its copies."""
    with card.open("r+b") as disk:
        first, sectors = struct.unpack_from("<II", disk.read(512), 446 + 3 * 16 + 8)
        for at in range(0, sectors * 512, 4 << 20):
            disk.seek(first * 512 + at)
            disk.write(os.urandom(256 << 10))


def test_a_broken_data_partition_does_not_stop_lines_and_console(tmp_path: Path) -> None:
    card = copy_card(PRODUCTS, tmp_path / "card.img")
    spoil_data(card)
    with Guest(tmp_path, card=card) as guest:
        owner = owner_of(guest)
        guest.expect("ATTENTION: The data partition /dev/vda4 cannot be used", 60)
        guest.pop3().quit()
        guest.log_in(owner.console)
        until(lambda: "on hook" in guest.run("switchhook status"), within_s=60 * SLOW)
        assert "tmpfs" in guest.run("grep ' /data ' /proc/mounts")


def test_without_a_network_lines_and_console_work(tmp_path: Path) -> None:
    with Guest(tmp_path, settings='[network]\nwlan = "nowhere"\n') as guest:
        owner = owner_of(guest)
        guest.log_in(owner.console)
        until(lambda: "on hook" in guest.run("switchhook status"), within_s=90 * SLOW)
        assert "inet 10." not in guest.run("ip address")
        assert "NOT WELL" not in guest.run("switchhook device health")


def test_a_fixed_address_is_taken(tmp_path: Path) -> None:
    settings = (
        '[network]\naddress = "10.0.2.77/24"\ngateway = "10.0.2.2"\nnameservers = ["10.0.2.3"]\n'
        '[site]\ntime_zone = "Europe/Berlin"\n'
    )
    with Guest(tmp_path, settings=settings) as guest:
        owner = owner_of(guest)
        guest.expect("has the address 10.0.2.77", 60)
        guest.log_in(owner.console)
        assert "10.0.2.2" in guest.run("ip route")
        assert guest.run("cat /etc/resolv.conf") == "nameserver 10.0.2.3"
        assert guest.run("date +%Z") in ("CET", "CEST")


def test_a_power_cut_right_after_the_first_boot_leaves_a_whole_box(tmp_path: Path) -> None:
    with Guest(tmp_path) as guest:
        owner = owner_of(guest)
        guest.expect("login: $", 60)
    with Guest(tmp_path, card=guest.card) as again:
        assert uidls(again, owner.login, owner.password) == []
        again.log_in(owner.console)
        again.run("openssl verify -CAfile /data/keys/ca.crt /data/keys/server.crt")
        assert "is set up" not in again.console


def test_a_telephone_side_that_hangs_starts_the_box_anew(tmp_path: Path) -> None:
    with Guest(tmp_path) as guest:
        owner = owner_of(guest)
        guest.log_in(owner.console)
        until(
            lambda: "NOT WELL" not in guest.tried("switchhook device health")[1], within_s=90 * SLOW
        )
        guest.run("sleep 25; s6-svc -p /run/switchhook/services/phone", within_s=60)
        guest.wait_off(FROZEN_S)
        assert "Requesting system" not in guest.console, "the watchdog resets, nobody asks"
