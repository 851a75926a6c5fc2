"""Plans prepared for the services: taken only when of these settings, and by the box's owner."""

import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from app.config import services
from app.config.paths import PROJECT, Paths
from app.core.own_addresses import own_addresses

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "data")
    paths.make()
    paths.etc.mkdir()
    paths.settings_file.write_text("[mail]\npop3_port = 1110\n[voicemail]\nlongest_s = 77\n")
    return paths


def prepared(paths: Paths) -> None:
    services.prepare(paths, paths.settings())


@pytest.mark.parametrize("service", services.NAMES)
def test_a_prepared_plan_is_the_one_worked_out(paths: Paths, service: str) -> None:
    now = services.plan(paths, service)
    prepared(paths)
    assert services._prepared(paths, service) is not None
    assert services.plan(paths, service) == now


def test_with_the_first_plans_the_key_of_kept_passwords_is_made(paths: Paths) -> None:
    prepared(paths)
    first = paths.account_key.read_bytes()
    prepared(paths)
    assert len(first) == 32
    assert paths.account_key.read_bytes() == first


def changed(paths: Paths) -> None:
    paths.settings_file.write_text("[mail]\npop3_port = 1111\n")


def for_the_group(paths: Paths) -> None:
    (paths.etc / "plans" / "mail").chmod(0o660)


def in_a_folder_for_all(paths: Paths) -> None:
    (paths.etc / "plans").chmod(0o777)


def somebody_elses(paths: Paths) -> None:
    os.chown(paths.etc / "plans" / "mail", 65534, 65534)


def cut_off(paths: Paths) -> None:
    os.truncate(paths.etc / "plans" / "mail", 20)


def edited(paths: Paths, **changes: Any) -> None:
    file = paths.etc / "plans" / "mail"
    written = json.loads(file.read_text())
    written["plan"] |= changes
    file.write_text(json.dumps(written))


def of_another_type(paths: Paths) -> None:
    edited(paths, pop3_port="1110")


def of_another_version(paths: Paths) -> None:
    edited(paths, a_field_of_tomorrow=1)


def a_pickle(paths: Paths) -> None:
    (paths.etc / "plans" / "mail").write_bytes(pickle.dumps(Path("/")))


@pytest.mark.parametrize(
    "harm",
    [
        changed,
        for_the_group,
        in_a_folder_for_all,
        pytest.param(somebody_elses, marks=needs_root),
        cut_off,
        of_another_type,
        of_another_version,
        a_pickle,
    ],
)
def test_prepared_plan_not_to_be_trusted_is_worked_out_anew(paths: Paths, harm: Any) -> None:
    prepared(paths)
    harm(paths)
    assert services._prepared(paths, "mail") is None
    wanted = paths.settings().mail.pop3_port
    assert services.plan(paths, "mail").pop3_port == wanted


@needs_root
def test_a_plan_is_taken_from_whoever_owns_the_boxs_folder(paths: Paths) -> None:
    """A laptop, where `run` is no root's."""
    prepared(paths)
    for path in (paths.var, paths.etc / "plans", paths.etc / "plans" / "mail"):
        os.chown(path, 65534, 65534)
    assert services._prepared(paths, "mail") is not None
    assert services._prepared(paths, "phone") is None, "root's, in a box of somebody else"


def test_a_plan_is_worked_out_anew_when_a_board_has_changed(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(PROJECT / "board", tmp_path / "board", symlinks=True)
    monkeypatch.setattr(services, "PROJECT", tmp_path)
    prepared(paths)
    assert services._prepared(paths, "phone") is not None
    with (tmp_path / "board" / "virtual" / "board.toml").open("a") as board:
        board.write("# changed\n")
    assert services._prepared(paths, "phone") is None


def test_of_plans_that_are_of_these_settings_none_is_stale(paths: Paths) -> None:
    services.prepare(paths, paths.settings(), ["admin"])
    assert services.stale(paths, ["mail", "admin"]) == ["mail"]
    (paths.etc / "plans" / "mail").write_text("{")
    assert services.stale(paths, ["mail", "admin"]) == ["mail"]
    prepared(paths)
    assert services.stale(paths) == []
    changed(paths)
    assert services.stale(paths) == list(services.NAMES)


def test_plans_name_a_folder_and_are_worked_out_anew_where_it_was_moved(paths: Paths) -> None:
    prepared(paths)
    paths.var.rename(paths.var.with_name("elsewhere"))
    moved = Paths(paths.var.with_name("elsewhere"))
    assert services.stale(moved) == list(services.NAMES)
    assert services.plan(moved, "admin").web.keys == str(moved.keys)


@pytest.mark.parametrize("released", [False, True])
def test_a_plan_of_a_source_tree_is_worked_out_anew_when_a_source_has_changed(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, released: bool
) -> None:
    source = tmp_path / "app" / "part" / "of_it.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    if released:
        (tmp_path / "release.json").write_text("{}")
    monkeypatch.setattr(services, "PROJECT", tmp_path)
    prepared(paths)
    os.utime(source, ns=(0, source.stat().st_mtime_ns + 1))
    assert services.stale(paths) == ([] if released else list(services.NAMES))


def test_the_machines_addresses_are_those_of_now(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import appliance

    monkeypatch.setattr(appliance, "own_addresses", lambda: ("192.0.2.99",))  # a day ago
    prepared(paths)
    assert services.plan(paths, "mail").delivery.host_addresses == own_addresses()
    assert services.plan(paths, "phone").clerk.host_addresses == own_addresses()
    assert services.plan(paths, "admin").keeping.delivery.host_addresses == own_addresses()
