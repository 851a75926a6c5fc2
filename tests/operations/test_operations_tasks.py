"""Tasks: asked for by a pipe, checked, done by a process of its own, and told."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.appliance import open_inbox
from app.commands.task import means_of
from app.config.paths import Paths
from app.core.control import NotRunning
from app.core.process import started_at
from app.core.records import BadRecord
from app.core.told import Told
from app.device import reset
from app.operations import task_work, tasks
from app.operations.backups import (
    BackupFacts,
    BackupMade,
    open_backup,
    restore_waits,
)
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.people import NewPerson, add_person
from app.operations.task_results import Restarted, SettingsOutcome
from app.operations.task_work import NO_DEVICE
from app.operations.tasks import Task, TaskState, as_line, ask, from_line, read_task, result_of
from app.operations.uploads import (
    BACKUP,
    BUNDLE,
    CERTIFICATE,
    keep_text,
    keep_upload,
    opened_upload,
)
from tests.kit.actors import ADMIN, owner
from tests.kit.tasks import outcome, task_service

WORDS = "brass kettle on the hob"


@pytest.fixture
def house(paths: Paths) -> Paths:
    """A box with an administrator and a person."""
    box = open_inbox(paths, paths.settings())
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))
    add_person(box, ADMIN, NewPerson("ben", "Ben", "202", "102"))
    box.db.close()
    return paths


def done(paths: Paths, work: tasks.Work, actor: Any = ADMIN) -> TaskState:
    """Do a task in this process."""
    line = as_line(Task("1", actor, work))
    return task_work.perform(paths, line, means_of(paths)).state


def change(**values: str | None) -> tasks.ChangeSettings:
    named = {name.replace("__", "."): value for name, value in values.items()}
    return tasks.ChangeSettings(named, {}, during_calls=False)


def came(paths: Paths, octets: bytes) -> Path:
    """A file as a page has taken it."""
    path = paths.uploads / "came.part"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(octets)
    return path


# ---- the pipe and the process


def test_task_is_done_by_a_process_of_the_service_and_told(house: Paths) -> None:
    with task_service(house):
        number = ask(house, ADMIN, change(site__country="de", phone__ring_seconds="30"))
        state = outcome(house, "settings", number)
        assert (state.outcome, state.by) == ("done", "root"), state.text
        found = result_of(state, SettingsOutcome)
        assert found is not None
        assert found.changed == (
            ("site.country", "us", "de"),
            ("phone.ring_seconds", "20", "30"),
        )
        assert house.settings().site.country == "de"
        second = ask(house, ADMIN, change(site__country="xx"))
        refused = outcome(house, "settings", second)
    assert (refused.outcome, refused.field) == ("refused", "site.country")
    assert house.settings().site.country == "de"


def test_pipe_is_its_owners_alone_and_is_missed_when_nobody_reads_it(house: Paths) -> None:
    with pytest.raises(NotRunning, match="the service `tasks` does not run"):
        ask(house, ADMIN, tasks.SelfTest())
    with task_service(house):
        assert stat.S_IMODE(house.task_pipe.stat().st_mode) == 0o600
    with pytest.raises(NotRunning):
        ask(house, ADMIN, tasks.SelfTest())


def test_what_is_no_task_is_refused_before_anything_is_done(house: Paths) -> None:
    whole = json.loads(as_line(Task("1", ADMIN, change(site__country="de"))))
    wrong: Any
    for wrong in (
        {**whole, "kind": "shell"},
        {**whole, "kind": ["settings"]},
        {**whole, "more": 1},
        {**whole, "work": {**whole["work"], "program": "/bin/sh"}},
        {**whole, "work": {**whole["work"], "values": {"site.country": ["de"]}}},
        {**whole, "actor": {**whole["actor"], "roles": ["emperor"]}},
        [],
    ):
        with pytest.raises(BadRecord):
            task_work.perform(house, json.dumps(wrong).encode(), means_of(house))
    assert not house.settings_file.exists() and not list(house.run.glob("task/*"))


def test_task_that_is_too_long_for_the_pipe_is_refused(house: Paths) -> None:
    with pytest.raises(OperationError, match="too much for one time"):
        ask(house, ADMIN, change(site__hostname="x" * tasks.LONGEST))


def test_secret_words_of_a_task_are_shown_by_no_text_of_it(house: Paths) -> None:
    assert WORDS not in repr(from_line(as_line(Task("1", ADMIN, tasks.MakeBackup(WORDS)))))


def test_task_whose_process_is_gone_is_lost_and_not_running(house: Paths) -> None:
    house.task_states.mkdir()
    me = (os.getpid(), started_at(os.getpid()))
    state = TaskState("1", "backup", "anna", 5.0, None, "running", (), "", Told(""), "", me)
    tasks.write_state(house, state)
    assert read_task(house, "backup") == state
    tasks.write_state(house, replace(state, process=(me[0], me[1] + 1)))
    found = read_task(house, "backup")
    assert found is not None and found.outcome == "lost"


def test_rights_are_those_of_whoever_has_asked(house: Paths) -> None:
    box = open_inbox(house, house.settings())
    nobody = owner(box, "ben")
    box.db.close()
    for work in (
        change(site__country="de"),
        tasks.MakeBackup(WORDS),
        tasks.CheckBackup(WORDS),
        tasks.BeginRestore(1),
        tasks.CheckBundle(),
        tasks.InstallBundle(restart=False),
        tasks.SelfTest(),
        tasks.RestartServices(("mail",), during_calls=False),
        tasks.StartAgain(),
        tasks.ShutDown(),
        tasks.EraseBox(),
        tasks.UseCertificate(),
        tasks.OwnCertificate(),
        tasks.MakeSigningKey(again=False),
        tasks.RemoveBackup(),
    ):
        state = done(house, work, nobody)
        assert state.outcome == "refused" and "administrator" in state.text, work
    with pytest.raises(NotAllowed):
        keep_upload(house, nobody, BACKUP, came(house, b"x"))


# ---- settings


def test_settings_are_changed_all_or_none(house: Paths) -> None:
    state = done(house, change(site__country="de", phone__ring_seconds="many"))
    assert (state.outcome, state.field) == ("refused", "phone.ring_seconds")
    assert not house.settings_file.exists()


def test_setting_that_somebody_else_has_changed_meanwhile_is_not_overwritten(house: Paths) -> None:
    done(house, change(site__country="de"))
    late = tasks.ChangeSettings({"site.country": "fr"}, {"site.country": "us"}, during_calls=False)
    state = done(house, late)
    assert state.field == "site.country"
    assert "has been changed meanwhile, from us to de" in state.text
    assert house.settings().site.country == "de"


# ---- backup and restore


def test_backup_is_made_fetched_checked_and_put_in_place(house: Paths, tmp_path: Path) -> None:
    made = result_of(done(house, tasks.MakeBackup(WORDS)), BackupMade)
    assert made is not None
    download = open_backup(house, ADMIN, made.name)
    with open(download.fd, "rb") as file:
        octets = file.read()
    assert len(octets) == download.octets == made.octets and octets.startswith(b"age-encryption")

    other = Paths(tmp_path / "other")
    other.make()
    box = open_inbox(other, other.settings())
    add_person(box, ADMIN, NewPerson("carla", "Carla", "203", "101", admin=True))
    box.db.close()
    keep_upload(other, ADMIN, BACKUP, came(other, octets))
    wrong = done(other, tasks.CheckBackup("not the passphrase"))
    assert (wrong.outcome, wrong.field) == ("refused", "passphrase")
    facts = result_of(done(other, tasks.CheckBackup(WORDS)), BackupFacts)
    assert facts is not None and (facts.people, facts.host) == (2, "switchhook.local")
    assert done(other, tasks.BeginRestore(facts.made_at + 1)).field == "file"
    assert not restore_waits(other)
    state = done(other, tasks.BeginRestore(facts.made_at))
    assert state.outcome == "done" and "make run" in state.result
    assert restore_waits(other)


def test_backup_needs_a_passphrase_that_nobody_guesses(house: Paths) -> None:
    state = done(house, tasks.MakeBackup("short"))
    assert state.field == "passphrase" and "12 characters" in state.text


def test_only_the_newest_backup_is_kept_and_only_by_its_name(house: Paths) -> None:
    done(house, tasks.MakeBackup(WORDS))
    (house.downloads / "switchhook-2020-01-01.backup").write_bytes(b"old")
    made = result_of(done(house, tasks.MakeBackup(WORDS)), BackupMade)
    assert made is not None and [path.name for path in house.downloads.iterdir()] == [made.name]
    for name in ("../settings.toml", "switchhook-2020-01-01.backup", ""):
        with pytest.raises(NotFound):
            open_backup(house, ADMIN, name)
    assert done(house, tasks.RemoveBackup()).outcome == "done"
    assert not list(house.downloads.iterdir())


def test_long_work_is_done_one_at_a_time(house: Paths) -> None:
    house.task_states.mkdir()
    with task_work._alone(house, "update"):
        state = done(house, tasks.MakeBackup(WORDS))
    assert state.outcome == "refused" and "is under way" in state.text


# ---- uploads


@pytest.mark.parametrize("kind", ["symlink", "hard link"])
def test_link_in_the_place_of_an_upload_is_not_followed(house: Paths, kind: str) -> None:
    house.uploads.mkdir(exist_ok=True)
    secret = house.var / "secret"
    secret.write_text("root's alone")
    laid = house.uploads / BUNDLE
    laid.symlink_to(secret) if kind == "symlink" else laid.hardlink_to(secret)
    with pytest.raises(NotFound), opened_upload(house, BUNDLE):
        pass


def test_upload_that_is_empty_leaves_the_one_before(house: Paths) -> None:
    assert keep_upload(house, ADMIN, BUNDLE, came(house, b"first")) == 5
    with pytest.raises(OperationError) as refused:
        keep_upload(house, ADMIN, BUNDLE, came(house, b""))
    assert refused.value.field == "file"
    with opened_upload(house, BUNDLE) as path:
        assert path.read_bytes() == b"first"
    with pytest.raises(OperationError):
        keep_text(house, ADMIN, CERTIFICATE, b" \n")
    keep_text(house, ADMIN, CERTIFICATE, b"a key")
    assert stat.S_IMODE((house.uploads / CERTIFICATE).stat().st_mode) == 0o600


# ---- what is done by commands of ours


def test_update_that_is_no_bundle_is_refused_with_its_reason(
    house: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_upload(house, ADMIN, BUNDLE, came(house, b"no bundle" * 1000))
    monkeypatch.setenv("SWITCHHOOK_VAR", str(house.var))
    state = done(house, tasks.CheckBundle())
    assert (state.outcome, state.field) == ("refused", "file")
    assert "no update bundle" in state.text


def test_virtual_board_is_not_started_again_by_a_page_and_says_so(house: Paths) -> None:
    for work in (tasks.StartAgain(), tasks.ShutDown(), tasks.EraseBox()):
        assert done(house, work).text == NO_DEVICE
    assert not (house.var / reset.MARK).exists()


def test_service_that_is_none_is_not_started_again(house: Paths) -> None:
    state = done(house, tasks.RestartServices(("sshd",), during_calls=False))
    assert state.field == "services" and "phone, mail, admin" in state.text
    found = result_of(done(house, tasks.RestartServices(("mail",), during_calls=False)), Restarted)
    assert found == Restarted((), ())  # it does not run here
