"""The files that lie on the device: scripts that shells accept, users that exist, no secret."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from app.commands.update_trial import left_file
from app.config.paths import PROJECT, Paths
from app.config.settings import Settings, load
from app.core import pack
from app.device import packs, reset, restore, text_packs
from app.device.first_boot import LOGIN
from app.device.permissions import GROUP
from tests.kit.secrets import secrets_in

OVERLAY = PROJECT / "rootfs-overlay"
SERVICES = OVERLAY / "etc" / "s6" / "services"
BOARD_SERVICES = PROJECT / "board" / "virtual" / "services"


def scripts() -> list[Path]:
    files = [p for root in (OVERLAY, BOARD_SERVICES) for p in sorted(root.rglob("*"))]
    found = [p for p in files if p.is_file() and not p.is_symlink() and is_script(p)]
    assert len(found) > 25, "the scripts are not where this test looks for them"
    return found


def is_script(path: Path) -> bool:
    return path.read_bytes()[:2] == b"#!"


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("script", scripts(), ids=name)
def test_scripts_are_short_runnable_and_say_what_they_do(script: Path) -> None:
    lines = script.read_text().splitlines()
    assert lines[0] == "#!/bin/sh"
    said = next(line for line in lines[1:] if not line.startswith("# shellcheck"))
    assert said.startswith("# ") and len(said) > 15
    assert len(lines) <= 60
    assert script.stat().st_mode & stat.S_IXUSR
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_shellcheck_finds_nothing() -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed; scripts/setup test does that")
    told = subprocess.run(
        ["shellcheck", "-s", "sh", "-S", "style", "-e", "SC1091", *map(str, scripts())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout


def rows(file: str) -> list[list[str]]:
    return [line.split(":") for line in (OVERLAY / "etc" / file).read_text().splitlines()]


def test_nobody_has_a_password_in_the_image() -> None:
    assert all(fields[1] == "x" for fields in rows("passwd"))
    assert all(fields[1] == "x" for fields in rows("group"))
    shadow = OVERLAY / "etc" / "shadow"
    assert shadow.is_symlink() and str(shadow.readlink()) == "/data/etc/shadow"


def test_only_root_and_the_administrator_are_root_and_only_they_may_log_in() -> None:
    users = {fields[0]: fields for fields in rows("passwd")}
    assert {n for n, f in users.items() if f[2] == "0"} == {"root", LOGIN}
    assert {n for n, f in users.items() if not f[6].endswith("nologin")} == {"root", LOGIN}


def test_groups_and_users_fit_together() -> None:
    groups = {fields[0]: fields for fields in rows("group")}
    users = {fields[0] for fields in rows("passwd")}
    numbers = {fields[2] for fields in groups.values()}
    assert all(fields[3] in numbers for fields in rows("passwd"))
    members = {m for fields in groups.values() for m in fields[3].split(",") if m}
    assert members <= users
    assert GROUP in groups
    named = re.findall(r"^\S+ (\w+):(\w+) [0-7]{3}$", (OVERLAY / "etc/mdev.conf").read_text(), re.M)
    assert len(named) > 8
    assert {user for user, _ in named} <= users
    assert {group for _, group in named} <= set(groups)


def test_services_run_as_users_that_exist() -> None:
    """What they may do is looked at where they run: tests/image/test_boot_virt.py."""
    users = {fields[0] for fields in rows("passwd")}
    named = set(re.findall(r"--reuid=(\w+)", (OVERLAY / "etc" / "s6" / "as").read_text()))
    assert named and named <= users


def test_logs_are_bounded() -> None:
    for run in (*SERVICES.glob("*/log/run"), BOARD_SERVICES / "box" / "log" / "run"):
        assert "n10 s1000000" in run.read_text()
    assert re.search(r"n\d s200000 .* n\d s64000 ", (OVERLAY / "etc/s6/log").read_text())


def test_the_overlay_holds_no_secret() -> None:
    assert secrets_in(OVERLAY) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("admin:$6$MOZBs$H6IlT14k:1:0:99999:7:::", 1),
        ("-----BEGIN PRIVATE KEY-----", 1),
        ("password = hunter2", 1),
        ("the password is made at the first boot", 0),
    ],
)
def test_a_secret_would_be_found(tmp_path: Path, text: str, found: int) -> None:
    (tmp_path / "file").write_text(text)
    assert len(secrets_in(tmp_path)) == found


def test_in_a_program_only_a_text_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("password = new_password()\n")
    assert secrets_in(tmp_path) == []
    (tmp_path / "a.py").write_text('password = "hunter2"\n')
    assert len(secrets_in(tmp_path)) == 1


def test_no_program_of_the_image_holds_a_secret() -> None:
    assert [secrets_in(PROJECT / part) for part in ("app", "drivers", "board")] == [[], [], []]


def test_a_devices_defaults_are_settings() -> None:
    settings = load(OVERLAY / "etc" / "switchhook" / "settings.toml")
    assert (settings.mail.pop3_port, settings.mail.smtp_port) == (110, 25)
    assert settings.voicemail.sounds == packs.MOUNTED
    assert settings.phone == Settings().phone


def shell_text(path: str) -> str:
    return (OVERLAY / path).read_text()


def test_scripts_and_program_name_the_same_files() -> None:
    assert f"/data/{reset.MARK}" in shell_text("etc/init.d/S32reset")
    mark = restore.ready(type("P", (), {"var": Path("/data")})())
    assert str(mark) in shell_text("etc/init.d/S35folders")
    assert str(packs.MOUNTED) in shell_text("etc/init.d/S70prompts")
    assert f"{pack.MOUNTED}/" in shell_text("etc/init.d/S75packs")
    assert text_packs.HOW in shell_text("etc/init.d/S75packs")
    assert str(left_file(Paths(Path("/data")))) in shell_text("etc/s6/services/trial/run")


def test_shell_variables_of_the_settings_all_have_something_to_go_by() -> None:
    from app.device.boot_env import device_env

    text = shell_text("etc/switchhook/device")
    for variable in (*device_env(Settings()), "RESET_BUTTON"):
        assert re.search(rf"\b{variable}=", text), variable
