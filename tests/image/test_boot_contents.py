"""What is in the built image before its first start: no secret, and every program it calls."""

import json
import subprocess
from pathlib import Path

import pytest

from scripts.image.machine import FAT_OFFSET
from scripts.image.packages import DICTIONARIES, SPOKEN
from tests.kit.guest import PRODUCTS
from tests.kit.secrets import secrets_in

pytestmark = pytest.mark.boot

SAMPLES = (
    "etc/ssl/openssl.cnf: a password",
    "usr/lib/python3/dist-packages/argon2",
    "usr/lib/python3/dist-packages/cryptography/hazmat/primitives/serialization/ssh.py: a private",
    "usr/lib/python3/dist-packages/pydantic/types.py: a password",
)
"""Examples in the documentation of others: what is found begins like one of these."""
PROGRAMS = (
    "acpid", "avahi-daemon", "blkid", "chronyc", "chronyd", "chrt", "cmp", "cut", "date", "e2fsck",
    "findfs",
    "fstrim", "getty", "grep", "hostname", "ip", "login", "mdev", "mke2fs", "mkfifo", "mount",
    "mountpoint", "openssl", "pidof", "poweroff", "python3", "reboot", "renice", "resize2fs",
    "partx", "s6-log", "s6-svc", "s6-svscan", "s6-svscanctl", "s6-svstat", "s6-svwait", "setpriv",
    "sfdisk", "sha256sum", "sleep", "sort", "stat", "sync", "sysctl", "timeout", "udhcpc", "umount",
    "usleep", "wpa_supplicant",
)  # fmt: skip
"""What the scripts of the device call."""
NOT_BUSYBOX = {"blkid", "partx", "setpriv"}
"""Whose busybox twin knows less than is asked of it."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of the image, unpacked."""
    tree = tmp_path_factory.mktemp("built") / "root"
    subprocess.run(
        ["unsquashfs", "-quiet", "-no-progress", "-dest", tree, PRODUCTS / "root.sqfs"], check=True
    )
    return tree


def test_the_root_holds_no_secret(root: Path) -> None:
    assert [found for found in secrets_in(root) if not found.startswith(SAMPLES)] == []
    assert not list((root / "data").iterdir())
    assert not list((root / "etc").rglob("*.key"))
    keys = [p.name for p in (root / "usr/lib/switchhook/keys").iterdir()]
    assert keys, "the root believes no key: no update could be installed"


def test_the_boot_partition_holds_no_secret(tmp_path: Path) -> None:
    card = f"{PRODUCTS / 'card.img'}@@{FAT_OFFSET}"
    subprocess.run(["mcopy", "-s", "-n", "-i", card, "::", tmp_path], check=True)
    assert (tmp_path / "switchhook.toml").exists()
    assert secrets_in(tmp_path) == []


def test_synthesizer_has_the_dictionaries_of_the_languages_it_says(root: Path) -> None:
    told = json.loads((root / "usr/lib/switchhook/release.json").read_text())["speaks"]
    assert set(told) == set(SPOKEN)
    data = next(root.glob("usr/lib/*/espeak-ng-data"))
    there = {path.name.removesuffix("_dict") for path in data.glob("*_dict")}
    assert there == {DICTIONARIES.get(language, language) for language in told}
    voices = {p.name.partition("-")[0] for p in data.glob("lang/**/*") if p.is_file()}
    assert voices == set(told)


def test_the_root_has_the_programs_that_scripts_call(root: Path) -> None:
    folders = [root / "usr" / "bin", root / "usr" / "sbin"]
    there = {p.name: p for folder in folders for p in folder.iterdir()}
    assert set(PROGRAMS) <= set(there), set(PROGRAMS) - set(there)
    for program in NOT_BUSYBOX:
        assert not there[program].is_symlink()
