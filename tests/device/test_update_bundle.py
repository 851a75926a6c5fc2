"""Bundles: what is believed, and every way in which one can be bad."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from app.device.update.bundle import MEMBERS, open_bundle, read_manifest
from app.device.update.errors import BundleError
from tests.kit.bundles import NEW, Workshop
from tests.kit.slots import a_slot


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(scope="module")
def octets(shop: Workshop) -> bytes:
    return shop.bundle().read_bytes()


def test_a_good_bundle_says_what_it_is_and_gives_its_content(shop: Workshop) -> None:
    bundle = open_bundle(shop.bundle(), shop.trusted)
    assert bundle.manifest == shop.manifest(a_slot(2, release=NEW))
    assert bundle.signed_by == "development.pub"
    assert b"".join(bundle.pieces()) == a_slot(2, release=NEW)


def test_the_same_parts_make_the_same_octets(shop: Workshop, octets: bytes) -> None:
    assert shop.bundle().read_bytes() == octets


def test_any_tar_program_can_look_into_it(shop: Workshop) -> None:
    with tarfile.open(shop.bundle()) as archive:
        assert tuple(archive.getnames()) == MEMBERS


def test_somebody_elses_signature_is_refused(shop: Workshop, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"not signed by any key.*development\.pub"):
        open_bundle(shop.bundle(key=shop.stranger()), shop.trusted)
    with pytest.raises(BundleError, match="it has none"):
        open_bundle(shop.bundle(), [])


def _changed(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def refused(shop: Workshop, folder: Path, octets: bytes) -> str:
    path = folder / "bad.update"
    path.write_bytes(octets)
    with pytest.raises(BundleError) as refusal:
        open_bundle(path, shop.trusted).verify()
    return str(refusal.value)


def test_every_changed_octet_that_matters_is_noticed(
    shop: Workshop, octets: bytes, tmp_path: Path
) -> None:
    manifest = octets.index(b"{")
    content = octets.index(b"hsqs")
    signature = content - 1024
    assert "not signed" in refused(shop, tmp_path, _changed(octets, manifest + 100))
    assert "not signed" in refused(shop, tmp_path, _changed(octets, signature + 10))
    for at in (content, content + 50_000, content + len(a_slot(2, release=NEW)) - 1):
        assert "checksum is wrong" in refused(shop, tmp_path, _changed(octets, at))
    assert "cut off" in refused(shop, tmp_path, _changed(octets, 100))  # the archive's own header


def test_a_bundle_cut_off_anywhere_is_refused(
    shop: Workshop, octets: bytes, tmp_path: Path
) -> None:
    end = octets.index(b"hsqs") + len(a_slot(2, release=NEW))
    for length in (0, 1, 511, 512, 700, 1024, 1600, 2048, 2600, 3072, 60_000, end - 1):
        assert "cut off" in refused(shop, tmp_path, octets[:length]), length
    (tmp_path / "whole.update").write_bytes(octets[:end])  # what follows is only tar's padding
    open_bundle(tmp_path / "whole.update", shop.trusted).verify()


def test_what_is_no_bundle_is_refused(shop: Workshop, tmp_path: Path) -> None:
    assert "no update bundle" in refused(shop, tmp_path, b"hello\n" * 1000)
    assert "no update bundle" in refused(shop, tmp_path, b"\x7fELF" + bytes(5000))
    with pytest.raises(BundleError, match="cannot be read: Is a directory"):
        open_bundle(tmp_path, shop.trusted)
    with pytest.raises(BundleError, match="cannot be read: No such file"):
        open_bundle(tmp_path / "none.update", shop.trusted)


def test_a_link_or_another_order_is_refused(shop: Workshop, tmp_path: Path) -> None:
    for names in (MEMBERS[::-1], (MEMBERS[0], MEMBERS[0], MEMBERS[2]), ("../x", *MEMBERS[1:])):
        assert "is missing" in refused(shop, tmp_path, archive(names))
    assert "is missing" in refused(shop, tmp_path, archive(MEMBERS, tarfile.SYMTYPE))


def test_a_huge_manifest_is_not_read(shop: Workshop, tmp_path: Path) -> None:
    assert "too large" in refused(shop, tmp_path, archive(MEMBERS, octets=b"x" * 70_000))


def archive(
    names: tuple[str, ...], kind: bytes = tarfile.REGTYPE, octets: bytes = b"x" * 64
) -> bytes:
    """A tar of these members, whatever they mean."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(octets) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(octets))
    return made.getvalue()


def test_a_field_of_a_later_version_is_passed_over(shop: Workshop) -> None:
    told = json.loads(shop.manifest(a_slot(2)).to_json())
    told["release"]["codename"] = told["codename"] = "heron"
    assert read_manifest(json.dumps(told).encode()) == shop.manifest(a_slot(2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda told: told.update(product="other"), "is for 'other'"),
        (lambda told: told.update(format=2), "an update in between is needed"),
        (lambda told: told.pop("machines"), "machines"),
        (lambda told: told["release"].pop("schema"), "schema"),
        (lambda told: told["release"].update(version="new"), "proper version"),
        (lambda told: told.update(sha256="abc"), "checksum"),
        (lambda told: told.update(octets="many"), "not understood"),
        (lambda told: told.update(release=3), "not understood"),
        (lambda told: told.update(octets=1e400), "not understood"),
        (lambda told: told.update(needs_free=float("inf")), "not understood"),
        (lambda told: told.update(machines="all"), "not understood"),
    ],
)
def test_a_signed_manifest_that_makes_no_sense_is_refused(
    shop: Workshop, change: Callable[[dict[str, object]], object], says: str
) -> None:
    told = json.loads(shop.manifest(a_slot(2)).to_json())
    change(told)
    with pytest.raises(BundleError, match=says):
        read_manifest(json.dumps(told).encode())
    for junk in (b"", b"[]", b"\xff", b"null", b"3", b"[" * 60_000, b'{"octets": Infinity}'):
        with pytest.raises(BundleError):
            read_manifest(junk)
