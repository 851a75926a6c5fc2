"""Name and console password of a device."""

import stat
import subprocess
from pathlib import Path

from app.device import identity


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
