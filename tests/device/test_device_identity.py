"""Name, console password and certificates of a device; openssl is the judge of the latter."""

import stat
import subprocess
from pathlib import Path

import pytest

from app.device import certificates, identity

NAMES = ("switchhook-1a2b.local", "pbx.example.org")


def card(net: Path, name: str, address: str, real: bool = True) -> None:
    (net / name).mkdir(parents=True)
    (net / name / "address").write_text(address + "\n")
    if real:
        (net / name / "device").mkdir()


def test_the_name_ends_like_the_first_card_that_is_real(tmp_path: Path) -> None:
    card(tmp_path, "dummy0", "00:00:00:00:00:01", real=False)
    card(tmp_path, "eth0", "b8:27:eb:12:1a:2b")
    card(tmp_path, "wlan0", "b8:27:eb:12:ff:ff")
    assert identity.new_name(tmp_path) == "switchhook-1a2b"


def test_without_a_card_chance_gives_the_name(tmp_path: Path) -> None:
    card(tmp_path, "eth0", "00:00:00:00:00:00")
    names = {identity.new_name(tmp_path) for _ in range(20)}
    assert len(names) > 1
    assert all(len(name) == len("switchhook-1a2b") for name in names)


def test_the_console_knows_the_administrator_and_never_root(tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    identity.write_shadow(shadow, "kjpn-7cjb-wuj8")
    assert stat.S_IMODE(shadow.stat().st_mode) == 0o600
    lines = [line.split(":") for line in shadow.read_text().splitlines()]
    assert [line[0] for line in lines] == ["root", "admin"]
    assert lines[0][1] == "*"
    scheme, salt, _ = lines[1][1].split("$")[1:]
    assert scheme == "6"  # SHA-512, which busybox checks
    again = openssl("passwd", "-6", "-salt", salt, "kjpn-7cjb-wuj8").strip()
    assert again == lines[1][1]
    assert all(field for field in lines[1][2:6]), "busybox overlooks a line without these numbers"


def openssl(*words: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    certificates.ensure(tmp_path, NAMES)
    return tmp_path


def test_the_server_is_vouched_for_by_the_own_authority_under_its_names(keys: Path) -> None:
    verified = openssl("verify", "-CAfile", keys / "ca.crt", "-purpose", "sslserver",
                       "-verify_hostname", NAMES[0], keys / "server.crt")  # fmt: skip
    assert verified.strip().endswith("OK")
    told = openssl("x509", "-in", keys / "server.crt", "-noout", "-ext", "subjectAltName")
    assert all(f"DNS:{name}" in told for name in NAMES)
    own = openssl("x509", "-in", keys / "ca.crt", "-noout", "-ext", "basicConstraints")
    assert "CA:TRUE, pathlen:0" in own


def test_keys_are_read_by_nobody_else(keys: Path) -> None:
    assert stat.S_IMODE((keys / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((keys / "server.key").stat().st_mode) == 0o640
    assert not list(keys.glob("*.new"))
    assert not list(keys.glob("*.csr"))


def test_what_is_good_is_left_alone(keys: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    assert certificates.ensure(keys, NAMES) is False
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


def test_another_name_means_another_certificate_by_the_same_authority(keys: Path) -> None:
    authority, key = (keys / "ca.crt").read_bytes(), (keys / "server.key").read_bytes()
    assert certificates.ensure(keys, ("other.local",)) is True
    assert (keys / "ca.crt").read_bytes() == authority
    assert (keys / "server.key").read_bytes() == key
    assert "DNS:other.local" in openssl(
        "x509", "-in", keys / "server.crt", "-noout", "-ext", "subjectAltName"
    )


def test_a_certificate_near_its_end_is_made_anew(keys: Path) -> None:
    before = (keys / "server.crt").read_bytes()
    assert certificates.ensure(keys, NAMES, (certificates.SERVER_DAYS - 1) * 86_400) is False
    assert certificates.ensure(keys, NAMES, (certificates.SERVER_DAYS + 1) * 86_400) is True
    assert (keys / "server.crt").read_bytes() != before


def test_two_devices_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        certificates.ensure(tmp_path / name, NAMES)
    for file in ("ca.key", "ca.crt", "server.key", "server.crt"):
        assert (tmp_path / "one" / file).read_bytes() != (tmp_path / "two" / file).read_bytes()
