"""What cannot work is said in one line, by the real command line: which, where, what to do."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.config.ports import PORTS
from app.config.settings import Mail
from tests.kit.killing import SETTINGS, House
from tests.kit.running import processes_of

WITHIN_S = 15.0  # much less than `run` gives its services to become ready
SERVICES = ["run", "mail", "phone"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A box that has been used; nothing may be left running in it."""
    house = House(tmp_path / "var")
    house.furnish(["anna"])
    yield house
    assert processes_of(house.var) == []


def refusal(house: House, command: str, **environment: str) -> str:
    """What a command that cannot work says; it ends soon, with 1, and without a trace."""
    done = subprocess.run(
        [sys.executable, "-m", "app", *command.split()],
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(house.var), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr and "Switchhook runs" not in done.stdout, done
    return done.stderr


# ---- the store


def make_newer(database: Path) -> list[Path]:
    """As a newer program leaves a store when the power fails: file and WAL, which are returned."""
    files = [database, database.with_name("inbox.db-wal")]
    connection = sqlite3.connect(database)
    connection.execute("UPDATE schema SET version = 901, readable_from = 900")
    connection.commit()
    for file in files:
        shutil.copy(file, file.with_name(f"{file.name}.kept"))
    connection.close()
    for file in files:
        file.with_name(f"{file.name}.kept").replace(file)
    return files


@pytest.mark.parametrize("command", [*SERVICES, "admin", "people list"])
def test_a_store_of_a_newer_program_is_refused_and_not_touched(house: House, command: str) -> None:
    files = make_newer(house.paths.database)
    before = [file.read_bytes() for file in files]
    assert all(before)
    said = refusal(house, command)
    (known,) = (word for word in said.split("knows up to ")[1].split(".")[:1])
    assert str(house.paths.database) in said and "version 901" in said and "version 900" in said
    assert known.isdigit() and "newer program" in said
    assert [file.read_bytes() for file in files] == before


def test_a_file_that_is_no_store_is_named(house: House) -> None:
    """By commands; the services start over it, for the telephones and to say what is wrong."""
    house.paths.database.write_bytes(b"not a store " * 1000)
    said = refusal(house, "people list")
    assert f"{house.paths.database} cannot be opened: file is not a database" in said


# ---- what must be installed


@pytest.mark.parametrize(("program", "package"), [("s6-svscan", "s6"), ("espeak-ng", "espeak-ng")])
def test_the_package_of_a_missing_program_is_named(
    house: House, tmp_path: Path, program: str, package: str
) -> None:
    path = tmp_path / "bin"
    path.mkdir()
    for other in ("s6-svscan", "espeak-ng"):
        if other != program:
            (path / other).symlink_to("/bin/true")
    said = refusal(house, "run", PATH=str(path))
    assert f"{program} is missing; install the package {package}" in said


@pytest.mark.parametrize("command", ["run", "phone"])
def test_the_package_of_a_library_that_cannot_be_loaded_is_named(
    house: House, tmp_path: Path, command: str
) -> None:
    for name in ("libspandsp.so.2", "libspandsp.so.3"):
        (tmp_path / name).write_text("not a library")
    said = refusal(house, command, LD_LIBRARY_PATH=str(tmp_path))
    assert "install the package libspandsp2" in said


# ---- ports


@pytest.mark.parametrize("command", ["run", "mail"])
@pytest.mark.parametrize("setting", [f"{name}_port" for name in PORTS])
def test_a_port_in_use_is_named_with_its_setting(house: House, command: str, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        settings = SETTINGS.replace(f"{setting} = 0", f"{setting} = {port}")
        house.paths.settings_file.write_text(settings)
        said = refusal(house, command)
    assert f"port {port}" in said and "in use" in said and f"mail.{setting}" in said


@pytest.mark.parametrize("command", ["run", "mail"])
def test_an_address_that_is_not_ours_is_named(house: House, command: str) -> None:
    settings = SETTINGS.replace("[mail]", '[mail]\nlisten = "203.0.113.7"')
    house.paths.settings_file.write_text(settings)
    said = refusal(house, command)
    assert "203.0.113.7" in said and "settings" in said


# ---- settings


@pytest.mark.parametrize("command", [*SERVICES, "people list"])
def test_a_setting_that_does_not_exist_is_named_with_its_line(house: House, command: str) -> None:
    house.paths.settings_file.write_text("[mail]\n# a comment\npop_port = 0\n")
    said = refusal(house, command)
    assert f"{house.paths.settings_file}, line 3: mail.pop_port: no such setting" in said
    assert f"allowed here: {', '.join(sorted(Mail.model_fields))}" in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[mail]\npop3_port = 99999", "line 2: mail.pop3_port: Input should be less than or equal"),
        (
            "[site]\n\ncountry = 'xx'",
            "line 3: site.country: country 'xx'; allowed: at, au, be,",
        ),
        (
            "[mial]\nlisten = '::'",
            "line 1: mial: no such setting; allowed here: attendant, calls, certificate, codes,",
        ),
        ("[mail]\nlargest_mb = 'many'", "line 2: mail.largest_mb: Input should be a valid integer"),
        ("[mail\n", "Expected ']' at the end of a table declaration (at line 1"),
    ],
)
def test_a_setting_that_cannot_be_is_told_with_its_line_and_what_can(
    house: House, text: str, told: str
) -> None:
    house.paths.settings_file.write_text(text)
    said = refusal(house, "mail")
    assert said.startswith(f"switchhook: {house.paths.settings_file}") and told in said


@pytest.mark.parametrize("command", ["run", "phone"])
def test_a_board_that_does_not_exist_is_named(house: House, command: str) -> None:
    house.paths.settings_file.write_text(SETTINGS + '[phone]\nboard = "nosuch"\n')
    assert "board/nosuch/board.toml: cannot be read" in refusal(house, command)


# ---- the folder


@pytest.mark.parametrize("command", [*SERVICES, "people list"])
def test_a_place_that_is_no_folder_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "var").write_text("a file")
    said = refusal(House(tmp_path / "var"), command)
    assert f"the folder {tmp_path / 'var'} cannot be made: File exists" in said


def test_a_folder_whose_name_is_too_long_for_sockets_is_named(tmp_path: Path) -> None:
    house = House(tmp_path / ("long" * 30) / "var")
    assert "octets too long for the sockets in it" in refusal(house, "run")
