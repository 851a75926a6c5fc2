"""What root sources, executes and writes lies where no service may write (docs/trust-root.md)."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.device.permissions import PLAN
from tests.device.test_device_overlay import BOARD_SERVICES, OVERLAY, name, scripts

PAGE = (PROJECT / "docs" / "trust-root.md").read_text()

READ_ONLY = ("/etc/", "/usr/", "/bin/", "/sbin/", "/lib/")
"""The image's root file system."""
LINKS = {"/etc/shadow", "/etc/hosts", "/etc/resolv.conf", "/etc/localtime", "/etc/mtab"}
"""What points out of it: files that are read, and neither sourced nor executed."""
WRITABLE = {
    *(f"/data/{place.name}" for place in PLAN if place.services_write),
    "/data/run/sock", "/run/switchhook/sock", "/data/log", "/run/warnings",
    "/run/chrony", "/run/avahi-daemon", "/tmp", "/dev/shm",
}  # fmt: skip
"""Where somebody who is not root may write."""

NAMED_ANYWAY = {
    "rootfs-overlay/etc/init.d/S10mounts": "makes them, before anybody runs",
    "rootfs-overlay/etc/init.d/S35folders": "before anybody runs; chown -h, and a copy as log",
    "rootfs-overlay/etc/profile": "rm, which takes a name away and follows nothing",
    "rootfs-overlay/etc/s6/log": "a folder in root's /run/log, and then it is log",
    "rootfs-overlay/usr/sbin/flush-warnings": "becomes log in its first line",
    "rootfs-overlay/usr/sbin/time-sources": "chronyc, as the user of chrony",
    "rootfs-overlay/etc/s6/services/mdns/run": "the folder itself, which lies in /run",
    "rootfs-overlay/etc/s6/services/time/run": "the folder itself, which lies in /run",
}
"""Scripts that name such a place, and why that is no harm."""


def roots_files() -> list[Path]:
    plain = [
        OVERLAY / "etc" / p for p in ("profile", "switchhook/device", "switchhook/environment")
    ]
    return [*scripts(), *plain]


def words_of(path: Path) -> list[str]:
    """What the shell sees, without comments and without what is given to a program that is log."""
    lines = path.read_text().splitlines()
    return [
        word
        for line in lines
        if not line.lstrip().startswith("#") and not re.search("SWITCHHOOK_LOG|/etc/s6/log", line)
        for word in line.split()
    ]


def is_writable(path: str) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in WRITABLE)


def test_only_files_of_the_image_and_what_root_has_made_are_sourced() -> None:
    sourced = {
        word
        for path in roots_files()
        for word in re.findall(r"(?:^|[;&|] *)\. +(\S+)", path.read_text(), re.MULTILINE)
    }
    assert sourced == {
        "/etc/switchhook/environment", "/etc/switchhook/device", "/data/etc/device.env",
    }  # fmt: skip
    assert not any(is_writable(path) for path in sourced)


def test_programs_come_from_the_image_only() -> None:
    text = (OVERLAY / "etc" / "switchhook" / "environment").read_text()
    said = dict(
        word.split("=", 1)
        for line in text.splitlines()
        if not line.startswith("#")
        for word in shlex.split(line)[1:]
    )
    for variable in ("PATH", "PYTHONPATH", "SWITCHHOOK_HOME", "HOME"):
        for folder in said[variable].split(":"):
            assert f"{folder}/".startswith((*READ_ONLY, "/root/")), f"{variable}: {folder}"
    assert said["PYTHONSAFEPATH"] == "1"
    for path in scripts():
        for value in re.findall(r"\bPATH=(\S+)", path.read_text()):
            assert set(value.split(":")) <= {"/usr/sbin", "/usr/bin", "/sbin", "/bin"}, path


def test_no_module_is_taken_from_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__init__.py").write_text("raise SystemExit('taken from here')")
    done = subprocess.run(
        [sys.executable, "-c", "import app; print(app.__file__)"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == str(PROJECT / "app" / "__init__.py"), done.stderr


def test_supervisor_and_its_services_lie_where_services_cannot_write() -> None:
    text = (OVERLAY / "etc" / "init.d" / "services").read_text()
    (scan,) = re.findall(r"^scan=(\S+)$", text, re.MULTILINE)
    made = (OVERLAY / "etc" / "init.d" / "S10mounts").read_text()
    assert scan == "/run/switchhook/services" and not is_writable(scan)
    assert "mkdir -m 755 /run/switchhook " in made
    assert "chmod 3770 /run/switchhook/sock" in made, "sticky: nobody takes another's socket away"


@pytest.mark.parametrize("path", roots_files(), ids=name)
def test_script_of_root_names_no_place_that_others_write(path: Path) -> None:
    found = {
        named
        for word in words_of(path)
        for named in re.findall(r"/(?:data|run|tmp|dev/shm)[\w./-]*", word)
        if is_writable(named.rstrip("/."))
    }
    if BOARD_SERVICES not in path.parents and name(path) not in NAMED_ANYWAY:
        assert not found, f"{name(path)} names {found}: root would act where a service may write"


def test_what_is_excused_is_told_in_the_page() -> None:
    for script in NAMED_ANYWAY:
        assert f"`{Path(script).relative_to('rootfs-overlay')}`" in PAGE, script


def test_owner_or_mode_is_changed_through_no_link() -> None:
    """-R follows none only with -h; all others name a thing in a folder of root's."""
    for path in scripts():
        for line in path.read_text().splitlines():
            if re.search(r"\bch(own|mod|grp) -\S*R", line):
                assert re.search(r"\bchown -hR ", line), f"{name(path)}: {line}"


def test_page_has_every_script_of_root_and_every_place_of_the_plan() -> None:
    for path in scripts():
        if path.is_relative_to(OVERLAY):
            inside = path.relative_to(OVERLAY)
            parts = (str(inside), str(inside.parent), inside.name)
            assert any(f"`{part}`" in PAGE for part in parts), f"{inside} is not in the page"
    for place in PLAN:
        assert f"| `{place.name}` | {place.mode:o} |" in PAGE, f"{place.name} {place.mode:o}"


def test_every_link_out_of_the_image_is_known() -> None:
    found = {f"/{p.relative_to(OVERLAY)}" for p in OVERLAY.rglob("*") if p.is_symlink()}
    assert found == LINKS
