"""The list for Raspberry Pi Imager says of a built image what Imager checks."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts.image.image_file import ImageError
from scripts.image.os_list import Offer, main, os_list

OCTETS = bytes(510) + b"\x55\xaa" + bytes(100_000)
URL = "https://downloads.example.org/switchhook/card.img.zst"
REQUIRED = {
    "name": str,
    "description": str,
    "icon": str,
    "url": str,
    "extract_size": int,
    "extract_sha256": str,
    "image_download_size": int,
    "release_date": str,
}
"""Of Imager's schema, os-list-schema.json."""


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    plain = tmp_path / "card.img"
    plain.write_bytes(OCTETS)
    path = tmp_path / "card.img.zst"
    subprocess.run(["zstd", "-q", str(plain), "-o", str(path)], check=True)
    os.utime(path, (0, 1_800_000_000))
    return path


def test_the_entry_is_what_imager_checks(packed: Path) -> None:
    listed = os_list(packed, Offer("1.2.3", URL, "2026-11-24"))
    assert list(listed) == ["os_list"]
    entries = listed["os_list"]
    assert isinstance(entries, list) and len(entries) == 1
    entry = entries[0]
    assert {name: type(entry[name]) for name in REQUIRED} == REQUIRED
    assert entry["name"] == "Switchhook 1.2.3"
    assert entry["url"] == URL
    assert entry["extract_size"] == len(OCTETS)
    assert entry["extract_sha256"] == hashlib.sha256(OCTETS).hexdigest()
    assert entry["image_download_size"] == packed.stat().st_size < 1000
    assert entry["release_date"] == "2026-11-24"
    assert entry["devices"] == ["pi4-64bit", "pi3-64bit"]


def test_the_command_takes_the_day_from_the_image(packed: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(main, [str(packed), "--url", URL, "--version", "9.9"])
    assert told.exit_code == 0, told.output
    entry = json.loads(told.output)["os_list"][0]
    assert entry["release_date"] == "2027-01-15"
    assert entry["name"] == "Switchhook 9.9"
    file = tmp_path / "os_list.json"
    arguments = [str(packed), "--url", URL, "--released", "2026-12-01", "--output", str(file)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert json.loads(file.read_text())["os_list"][0]["release_date"] == "2026-12-01"


@pytest.mark.parametrize("url", ["card.img.zst", "ftp://host/card", "https://host"])
def test_an_address_that_imager_cannot_fetch_is_refused(packed: Path, url: str) -> None:
    told = CliRunner().invoke(main, [str(packed), "--url", url])
    assert told.exit_code == 2
    assert "is not the address of a file" in told.output


def test_what_is_no_image_is_not_listed(tmp_path: Path) -> None:
    other = tmp_path / "notes"
    other.write_bytes(bytes(2000))
    with pytest.raises(ImageError, match="no partition table"):
        os_list(other, Offer("1", URL, "2026-01-01"))
    told = CliRunner().invoke(main, [str(other), "--url", URL])
    assert told.exit_code == 1
