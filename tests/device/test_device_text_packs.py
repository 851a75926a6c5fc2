"""Packs that write voicemail down: what is believed, and what is refused in words."""

import json
import platform
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from app.core.errors import SwitchhookError
from app.core.pack import NAME, Facts, found, python
from app.device import text_packs
from scripts import packs
from scripts.image import update
from scripts.image.work import Folders

HERE = Facts(NAME, "1", platform.machine(), python())
CONTENT = b"hsqs" + bytes(range(256)) * 400


class Shop:
    """Makes keys and packs below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = update.signing_key(Folders(folder / "build", folder / "cache"), None)
        update.trust(folder / "root", self.key)
        self.keys = sorted((folder / "root" / update.TRUSTED).iterdir())
        self.place = folder / "packs"

    def pack(self, facts: Facts = HERE, content: bytes = CONTENT, key: Path | None = None) -> Path:
        squashed = self.folder / "content.sqfs"
        squashed.write_bytes(content)
        return packs.bundle(facts, squashed, key or self.key, self.folder / "some.pack")

    def refused(self, pack: Path) -> str:
        with pytest.raises(SwitchhookError) as refusal:
            text_packs.add(pack, self.place, self.keys)
        assert not self.place.exists() or not list(self.place.iterdir())
        return str(refusal.value)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_pack_is_kept_and_a_newer_one_takes_its_place(shop: Shop) -> None:
    kept = text_packs.add(shop.pack(), shop.place, shop.keys)
    assert kept.path.read_bytes() == CONTENT
    assert text_packs.kept(shop.place) == [kept]
    newer = text_packs.add(shop.pack(replace(HERE, version="1.1")), shop.place, shop.keys)
    assert text_packs.kept(shop.place) == [newer] and newer.version == "1.1"


def test_a_wrong_hash_or_signature_is_refused(shop: Shop) -> None:
    good = shop.pack().read_bytes()
    bad = shop.folder / "bad.pack"
    at = good.index(b"hsqs") + 5000
    bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
    assert "checksum is wrong" in shop.refused(bad)
    bad.write_bytes(good.replace(b'"version": "1"', b'"version": "2"'))
    assert "not signed by any key" in shop.refused(bad)
    bad.write_bytes(good[: at + 1])
    assert "cut off" in shop.refused(bad)
    bad.write_bytes(b"hello\n" * 1000)
    assert "is no pack" in shop.refused(bad)
    stranger = shop.folder / "theirs.pem"
    update.make_key(stranger)
    assert "not signed by any key" in shop.refused(shop.pack(key=stranger))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"machine": "riscv64"}, "it is for riscv64, and this machine is"),
        ({"python": "3.9"}, "it is for Python 3.9, and this is"),
        ({"name": "transcribe-tlh"}, "it is transcribe-tlh"),
        ({"version": "../1"}, "is not a pack for this program"),
    ],
)
def test_a_pack_for_something_else_is_refused(shop: Shop, other: dict[str, str], why: str) -> None:
    assert why in shop.refused(shop.pack(replace(HERE, **other)))


def test_what_is_not_here_cannot_be_removed(shop: Shop) -> None:
    with pytest.raises(SwitchhookError, match="there are: none"):
        text_packs.remove(NAME, shop.place)
    text_packs.add(shop.pack(), shop.place, shop.keys)
    text_packs.remove(NAME, shop.place)
    assert text_packs.kept(shop.place) == []


def test_a_folder_is_used_only_if_it_fits_this_machine(tmp_path: Path) -> None:
    place = tmp_path / NAME
    assert found((tmp_path,)) is None
    place.mkdir()
    for text, wanted in (
        ("{", None),
        ('{"name": "transcribe-en"}', None),
        (json.dumps(asdict(replace(HERE, machine="s390x"))), None),
        (json.dumps(asdict(HERE)), place),
    ):
        (place / "pack.json").write_text(text)
        assert found((tmp_path,)) == wanted
