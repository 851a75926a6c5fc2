"""The checks of a slot on trial, over the whole appliance at real pace."""

import os
import signal
from collections.abc import Iterator

import pytest

from app.appliance import Inbox
from app.commands.board import settle
from app.commands.update_trial import checks, left_file, sweep_up
from app.device.update.confirm import Check
from app.device.update.errors import CheckFailed
from app.inbox.store import Entry, EntryState
from drivers.models.remote_operator import RemoteOperator
from tests.kit.killing import House
from tests.kit.running import Running, until

SETTINGS = """
[site]
hostname = "box.test"
domains = ["box.test"]
[web]
http_port = 0
https_port = 0
[mail]
pop3_port = 0
pop3s_port = 0
submission_port = 0
submissions_port = 0
smtp_port = 0
[phone]
ring_seconds = 4
[keeping]
free_floor_mb = 1
voice_reserve_mb = 1
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    house = House(tmp_path_factory.mktemp("trial") / "var")
    house.paths.make()
    house.paths.settings_file.write_text(SETTINGS)
    with Running(house) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWITCHHOOK_VAR", str(house.var))
        yield running


def these(box: Running) -> dict[str, Check]:
    place = box.house.paths
    return {check.name: check for check in checks(place, place.etc / "broken-lines.json")}


def entries(inbox: Inbox) -> list[Entry]:
    """Everything in everybody's inbox."""
    return [entry for person in inbox.people.all() for entry in inbox.store.entries(person.id)]


def test_a_good_box_passes_and_nothing_of_it_is_left(box: Running) -> None:
    said = {name: check.do() for name, check in these(box).items()}
    assert said["services"] == "all well"
    assert said["mail"] == "a mail went in by SMTP and out by POP3"
    assert said["lines"] == "4 lines, the clerk knows the store's last change"
    assert "a call on line1 was answered" in said["call"]
    inbox = box.house.inbox()
    everybody = inbox.people.all()
    assert [person.login for person in everybody] == ["anna", "ben"]
    assert entries(inbox) == []
    assert not left_file(box.house.paths).exists()
    removed = inbox.store.entries(everybody[0].id, states=(EntryState.BIN,))
    assert [(entry.kind, entry.removed_by) for entry in removed] == [("voicemail", "update check")]
    inbox.db.close()


def test_a_note_of_broken_lines_that_a_power_cut_has_emptied_is_no_note(box: Running) -> None:
    note = box.house.paths.etc / "broken-lines.json"
    note.parent.mkdir(exist_ok=True)
    note.write_text("")
    assert these(box)["lines"].do().startswith("4 lines")
    note.unlink()


def test_a_mail_service_that_hangs_is_found_out(
    box: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.device.update.checks.WITHIN_S", 1)  # of patience
    mail = box.pid("mail")
    os.kill(mail, signal.SIGSTOP)
    try:
        with pytest.raises(CheckFailed, match="not taken by SMTP"):
            these(box)["mail"].do()
    finally:
        os.kill(mail, signal.SIGCONT)
    assert [person.login for person in box.house.inbox().people.all()] == ["anna", "ben"]


@pytest.mark.soak
def test_what_a_trial_has_left_that_the_power_ended_is_swept_up(box: Running) -> None:
    place, inbox = box.house.paths, box.house.inbox()
    trial = os.fork()
    if trial == 0:
        try:
            these(box)["call"].do()
        finally:
            os._exit(1)
    until(lambda: inbox.store.recordings.all(unfinished_only=True), within_s=60)
    os.kill(trial, signal.SIGKILL)
    os.waitpid(trial, 0)
    operator = RemoteOperator(place.operator)
    for command in (
        "wait-for line1 beep within 60s",
        f"say line1 {place.run / 'check.wav'}",
        "hangup line1",
    ):
        done, said = operator.run(command)
        assert done, f"{command}: {said}"
    operator.close()
    assert settle()[0]
    assert len(inbox.people.all()) == 3
    assert len(entries(inbox)) == 1

    assert sweep_up(place) == 1
    assert [person.login for person in inbox.people.all()] == ["anna", "ben"]
    assert entries(inbox) == []
    assert not left_file(place).exists()
    assert sweep_up(place) == 0
    inbox.db.close()
