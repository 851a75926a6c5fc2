"""What boot scripts learn of the settings; and that bad settings never stop a device."""

import stat
import subprocess
from pathlib import Path

import pytest

from app.config.paths import PROJECT, Paths
from app.config.settings import Settings, SettingsError
from app.device.boot_env import (
    CARD_REFUSED,
    SETTINGS_REFUSED,
    device_env,
    take_card_file,
    usable,
    write_env,
)

BOARDS = PROJECT / "board"
CARD = """
[site]
country = "de"
[phone]
board = "rpi"
[network]
address = "192.168.1.10/24"
gateway = "192.168.1.1"
nameservers = ["192.168.1.1", "9.9.9.9"]
wlan = "O'Hara's net $(reboot)"
passphrase = "a secret; with signs"
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "data")
    paths.make()
    paths.etc.mkdir()
    return paths


def card_file(paths: Paths, text: str) -> Path:
    path = paths.var.parent / "switchhook.toml"
    path.write_text(text)
    return path


def in_shell(env: Path, expression: str) -> str:
    done = subprocess.run(
        ["sh", "-c", f'. {env}; printf "%s" "{expression}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_shell_reads_what_the_settings_say_and_runs_nothing(paths: Paths) -> None:
    assert take_card_file(paths, card_file(paths, CARD), BOARDS)
    settings = usable(paths, BOARDS)
    env = paths.etc / "device.env"
    write_env(env, device_env(settings))
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    assert in_shell(env, "$BOARD $ADDRESS $GATEWAY") == "rpi 192.168.1.10/24 192.168.1.1"
    assert in_shell(env, "$NAMESERVERS") == "192.168.1.1 9.9.9.9"
    assert in_shell(env, "$WLAN|$PASSPHRASE") == "O'Hara's net $(reboot)|a secret; with signs"


def test_the_host_name_is_the_first_part(tmp_path: Path) -> None:
    settings = Settings.model_validate({"site": {"hostname": "pbx.example.org"}})
    env = device_env(settings)
    assert (env["HOST_NAME"], env["FULL_NAME"]) == ("pbx", "pbx.example.org")


def test_the_cards_file_becomes_the_owners(paths: Paths) -> None:
    assert take_card_file(paths, card_file(paths, CARD), BOARDS)
    assert CARD in paths.settings_file.read_text()
    assert paths.settings().site.country == "de"
    assert not (paths.etc / CARD_REFUSED).exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[site]\ncountri = "de"\n', "line 2: site.countri: no such setting"),
        ('[phone]\nboard = "toaster"\n', "there is no board toaster; there are: "),
        ("[site\n", "Expected ']'"),
    ],
)
def test_a_bad_file_on_the_card_changes_nothing_and_is_told(
    paths: Paths, text: str, complaint: str
) -> None:
    paths.settings_file.write_text('[site]\ncountry = "fr"\n')
    assert not take_card_file(paths, card_file(paths, text), BOARDS)
    assert complaint in (paths.etc / CARD_REFUSED).read_text()
    assert usable(paths, BOARDS).site.country == "fr"
    assert (paths.etc / CARD_REFUSED).exists(), "told until it is mended"
    assert take_card_file(paths, card_file(paths, CARD), BOARDS)
    assert not (paths.etc / CARD_REFUSED).exists()


def test_a_card_file_with_a_byte_order_mark_becomes_usable_settings(paths: Paths) -> None:
    file = card_file(paths, CARD)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert take_card_file(paths, file, BOARDS)
    assert usable(paths, BOARDS).site.country == "de"


def test_a_card_file_of_comments_changes_nothing(paths: Paths) -> None:
    template = (BOARDS / "boot" / "switchhook.toml").read_text()
    assert take_card_file(paths, card_file(paths, template), BOARDS)
    assert not paths.settings_file.exists()


def test_settings_broken_by_hand_give_way_to_the_last_good_ones(paths: Paths) -> None:
    paths.settings_file.write_text('[site]\ncountry = "fr"\n')
    assert usable(paths, BOARDS).site.country == "fr"
    paths.settings_file.write_text('[site]\ncountry = "xx"\n')
    assert usable(paths, BOARDS).site.country == "fr"
    assert paths.settings().site.country == "fr"
    said = (paths.etc / SETTINGS_REFUSED).read_text()
    assert "line 2: site.country" in said
    assert "settings.refused" in said
    assert "xx" in (paths.var / "settings.refused").read_text()
    paths.settings_file.write_text('[site]\ncountry = "uk"\n')
    assert usable(paths, BOARDS).site.country == "gb"
    assert not (paths.etc / SETTINGS_REFUSED).exists()


def test_without_good_ones_the_defaults_hold(paths: Paths) -> None:
    paths.settings_file.write_text("[nonsense]\n")
    assert usable(paths, BOARDS) == Settings()
    assert not paths.settings_file.exists()


def test_broken_defaults_of_the_firmware_are_no_owners_fault(paths: Paths, tmp_path: Path) -> None:
    lower = tmp_path / "device.toml"
    lower.write_text("[nonsense]\n")
    with pytest.raises(SettingsError):
        usable(Paths(paths.var, (lower,)), BOARDS)
