"""What a device's getty leads to: the real getty, at a pseudo terminal."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect.fdpexpect
import pytest

from app.config.paths import PROJECT
from tests.device.test_device_overlay import OVERLAY
from tests.kit.console import PASSWORD, WITHIN_S, make_box

SCRIPTS = ("etc/s6/getty/run", "usr/sbin/console-login")
OURS = f'exec {sys.executable} -m app "$@"'


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The overlay's scripts with this folder for their root; `login` tells that it was called."""
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed; scripts/setup test does that")
    root, paths = tmp_path / "root", make_box(tmp_path / "var")
    script(
        root / "etc/switchhook/environment",
        f"export PATH={root}/bin:/usr/bin:/bin PYTHONPATH={PROJECT} SWITCHHOOK_VAR={paths.var}",
    )
    script(root / "bin/switchhook", OURS)
    script(root / "bin/login", 'echo "the system\'s login for $1"; read -r _')
    script(root / "bin/getty", f'exec {busybox} getty "$@"')
    for name in SCRIPTS:
        text = (OVERLAY / name).read_text()
        for place in ("/etc/switchhook", "/usr/sbin"):
            text = text.replace(place, f"{root}{place}")
        script(root / name, text.partition("\n")[2])
    return root


@contextmanager
def typed(root: Path, name: str) -> "Iterator[pexpect.fdpexpect.fdspawn]":
    """A console after this name was typed at its getty."""
    ours, theirs = pty.openpty()
    folder = root / f"getty-{os.ttyname(theirs).removeprefix('/dev/')}"  # as services copies it
    folder.mkdir(parents=True)
    getty = subprocess.Popen(
        [root / SCRIPTS[0]],
        cwd=folder,
        env={**os.environ, "PATH": f"{root}/bin:{os.environ['PATH']}"},
        start_new_session=True,
    )
    screen = pexpect.fdpexpect.fdspawn(ours, timeout=WITHIN_S, encoding="utf-8")
    try:
        screen.expect_exact("login: ")
        screen.send(f"{name}\r")
        yield screen
    finally:
        getty.kill()
        getty.wait()
        screen.close()
        os.close(theirs)


def test_administrator_gets_the_shell_of_commands(root: Path) -> None:
    with typed(root, "anna") as screen:
        screen.expect_exact("Password: ")
        screen.send(f"{PASSWORD}\r")
        screen.expect_exact("switchhook> ")
        screen.send("people list\r")
        screen.expect_exact("anna")
        screen.expect_exact("switchhook> ")
        screen.send("\x03")  # Ctrl-C is for a command, not for what has started the shell
        screen.expect_exact("switchhook> ")
        screen.send("\x1cpeople list\r")  # and so is Ctrl-\
        screen.expect_exact("anna")


def test_login_sh_is_the_systems_own(root: Path) -> None:
    with typed(root, "sh") as screen:
        screen.expect_exact("the system's login for admin")


def test_system_is_reached_when_our_program_cannot_run(root: Path) -> None:
    script(root / "bin/switchhook", OURS.replace("-m app", "-m no_such_program"))
    with typed(root, "anna") as screen:
        screen.expect_exact("the system's login for admin")
