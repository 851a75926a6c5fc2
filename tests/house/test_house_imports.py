"""Imports run one way (README, "From line to inbox"), and one module imports hardware libraries."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.kit import order

ROOT = Path(__file__).resolve().parents[2]

# Each package may import these packages of the project; itself is always allowed.
MAY_IMPORT = {
    "drivers": set[str](),
    "app.core": set(),
    "app.config": {"drivers", "app.core"},  # the countries that a setting may name
    "app.store": {"app.core"},
    "app.message": {"drivers", "app.core"},  # G.711 and the sample rate
    "app.inbox": {"app.core", "app.store", "app.message"},
    "app.phone": {"drivers", "app.core"},
    "app.voicemail": {"drivers", "app.core", "app.phone", "app.inbox"},
    "app.clerk": {
        "drivers",
        "app.core",
        "app.store",
        "app.message",
        "app.inbox",
        "app.phone",
        "app.voicemail",
    },
    "app.net": {"app.core"},
    "app.imap": {"app.core", "app.store", "app.message", "app.inbox", "app.net"},
    # of drivers: the countries, by which a fax number is judged
    "app.mail": {
        "drivers",
        "app.core",
        "app.store",
        "app.message",
        "app.inbox",
        "app.net",
        "app.imap",
    },
    "app.web": {
        "app.core",
        "app.config",
        "app.store",
        "app.inbox",
        "app.net",
        "app.operations",
        "app.monitoring",
    },
    "app.monitoring": {"app.core", "app.config", "app.operations"},
    "app.device": {"drivers", "app.core", "app.config", "app.store", "app.inbox"},
    "app.console": {
        "drivers",
        "app.core",
        "app.config",
        "app.inbox",
        "app.net",
        "app.device",
        "app.operations",
        "app.panel",
    },
    "app.bringup": {"drivers", "app.core"},
    # of the phone its detectors; of the clerk how the sound of a message is read; of mail the
    # part of a message that waits for its text
    "app.transcript": {
        "drivers",
        "app.core",
        "app.store",
        "app.message",
        "app.inbox",
        "app.phone",
        "app.clerk",
    },
    "app.panel": {
        "drivers",
        "app.core",
        "app.config",
        "app.inbox",
        "app.device",
        "app.operations",
    },
    "app.operations": {
        "drivers",
        "app.core",
        "app.config",
        "app.store",
        "app.message",
        "app.inbox",
        "app.device",
        "app.voicemail",
    },
}
# The composition root and the commands see everything.
SEES_ALL = (
    "app.panel_parts",
    "app.appliance",
    "app.call_parts",
    "app.pages_box",
    "app.phone_plan",
    "app.mail_plan",
    "app.admin_plan",
    "app.commands",
    "app.service",
    "app.__main__",
)
# One module of a package that otherwise sees less: it works out what each service is told.
EXCEPTIONS = {
    "app.core.timers": {"drivers"},  # the length of a period
    "drivers.chip": {"app.core"},  # the state engine
    # what is wrong with a chip, as sentences that pages translate
    **{
        f"drivers.{name}": {"app.core"}
        for name in (
            "ag1171",
            "codec",
            "findings",
            "si3050",
            "si3050_measure",
            "si3050_setup",
            "si321x",
        )
    },
    **{
        f"drivers.si321x_{name}": {"app.core"}
        for name in ("calibration", "indirect", "line_test", "measure", "setup")
    },
    "drivers.slot_proof": {"app.core"},
    "app.config.services": {
        "app.appliance",
        "app.call_parts",
        "app.phone_plan",
        "app.admin_plan",
        "app.commands",
        "app.device",
        "app.mail",
    },
}

SQL = re.compile(
    r"\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b", re.DOTALL
)

HARDWARE = {"spidev", "smbus2", "RPi", "serial", "alsaaudio", "gpiod", "lgpio"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for folder in ("app", "drivers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found.append((".".join(path.relative_to(ROOT).with_suffix("").parts), path))
    assert len(found) > 40, "the tree is not where this test looks for it"
    return found


@cache
def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: imports are absolute in this house"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def package_of(module: str) -> str:
    if module.startswith("drivers"):
        return "drivers"
    return ".".join(module.removesuffix(".__init__").split(".")[:2])


def test_imports_run_one_way() -> None:
    wrong = [
        f"{module} imports {name}; {package} may import {sorted(allowed)} only"
        for module, path in modules()
        if (package := package_of(module)) not in ("app", *SEES_ALL)
        for allowed in [MAY_IMPORT[package] | {package} | EXCEPTIONS.get(module, set())]
        for name in imported(path)
        if name.split(".")[0] in ("app", "drivers") and name not in ("app", "drivers")
        if package_of(name) not in allowed
    ]
    assert wrong == []


def test_hardware_libraries_have_one_door() -> None:
    wrong = [
        f"{module} imports {used}; ask drivers/linux.py"
        for module, path in modules()
        if (used := {name.split(".")[0] for name in imported(path)} & HARDWARE)
        if module not in ("drivers.linux", "drivers.linux_alsa")
    ]
    assert wrong == []


def test_the_telephone_side_has_one_thread() -> None:
    wrong = [
        f"{module}: {word} makes beats late; give the work to the clerk"
        for module, path in modules()
        if package_of(module) in ("app.phone", "app.voicemail", "app.clerk")
        for word in ("to_thread", "Thread(", "ThreadPool", "run_in_executor")
        if word in path.read_text()
    ]
    assert wrong == []


def test_only_store_and_inbox_hold_sql() -> None:
    others = [m for m in modules() if package_of(m[0]) not in ("app.store", "app.inbox")]
    wrong = [module for module, path in others if "sqlite3" in imported(path)]
    assert wrong == [], "they import sqlite3; store and inbox may"
    texts = [
        f"{module}:{node.lineno}"
        for module, path in others
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if SQL.search(node.value)
    ]
    assert texts == [], "SQL outside store and inbox"


def test_sql_in_a_text_is_found() -> None:
    assert SQL.search("SELECT id FROM entry") and SQL.search("DELETE FROM entry WHERE id = ?")
    assert not SQL.search("Select a message from the list")


# What a door does to a box goes through app/operations. These may see the store itself: services
# are put together here, and a device's own care stands beside the doors.
NO_DOORS = ("services", "service_", "device", "update", "selftest", "composition", "supervision")
DOORS = ("app.commands", "app.web", "app.console", "app.panel")
# Of store and inbox a door may know the values that operations give and take.
VALUES = {
    "app.store.errors",
    "app.store.errors.StoreError",
    "app.inbox.awaited_texts",
    "app.inbox.awaited_texts.LONGEST_MIN",
    "app.inbox.entries",
    "app.inbox.entries.Entry",
    "app.inbox.entries.EntryState",
    "app.inbox.entries.Kind",
    "app.inbox.entries.MissedCall",
    "app.inbox.fetch_accounts",
    "app.inbox.fetch_accounts.FetchAccount",
    "app.inbox.fetch_accounts.Tls",
    "app.inbox.limits",
    "app.inbox.limits.Limits",
    "app.inbox.people",
    "app.inbox.people.Former",
    "app.inbox.people.Person",
    "app.inbox.people.Transfer",
    "app.inbox.transcripts",
    "app.inbox.transcripts.Transcript",
}


def test_doors_change_a_box_through_operations_only() -> None:
    looked_at = 0
    for module, path in modules():
        name = module.removeprefix("app.commands.")
        if package_of(module) not in DOORS or name.startswith(NO_DOORS):
            continue
        looked_at += 1
        beyond = {
            other
            for other in imported(path)
            if package_of(other) in ("app.store", "app.inbox") and other not in VALUES
        }
        assert not beyond, f"{module} imports {sorted(beyond)}; app/operations is for that"
        for word in (".db.now(", ".people.add(", ".store.remove("):
            assert word not in path.read_text(), f"{module}: {word} is for app/operations"
    assert looked_at >= 30


def test_longest_tests_are_files_that_are_there() -> None:
    assert [name for name in order.LONGEST if not (ROOT / "tests" / f"{name}.py").exists()] == []
