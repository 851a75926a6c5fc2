"""Services take up new settings: the mail at once, the telephones when nobody is on the line."""

import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import open_inbox
from app.commands.supervision import Supervised
from app.config.paths import Paths
from app.config.settings import Settings
from app.operations import running
from app.operations.errors import OperationError
from app.operations.people import NewPerson, add_person
from app.operations.running import restart, service_states
from app.operations.settings import set_setting
from tests.kit.actors import ADMIN

RUN = """#!/bin/sh
echo $$ >>{starts}
grep -qs 'largest_mb = 13$' {settings} && exit 1
echo >&3
exec sleep 1000
"""


class Services:
    """Services that do nothing but start and be ready, under their real supervisor."""

    def __init__(self, paths: Paths, folder: Path, names: list[str]) -> None:
        self.paths, self.folder = paths, folder
        for name in names:
            service = folder / name
            service.mkdir(parents=True)
            (service / "notification-fd").write_text("3\n")
            (service / "run").write_text(
                RUN.format(starts=folder / f"{name}.starts", settings=paths.settings_file)
            )
            (service / "run").chmod(0o755)
        self.supervised = Supervised(paths, [str(folder / name) for name in names])

    def starts(self, name: str) -> int:
        """How often this service has started."""
        return len((self.folder / f"{name}.starts").read_text().split())


@pytest.fixture
def services(paths: Paths, tmp_path: Path) -> Iterator[Services]:
    services = Services(paths, tmp_path / "own", ["box", "phone", "mail"])
    with services.supervised:
        yield services


class Phone(socketserver.StreamRequestHandler):
    """The phone service's socket: one outside line, with or without a call."""

    call = ""

    def handle(self) -> None:
        self.rfile.readline()
        answer = {"lines": {"line1": {"call": self.call}}, "lost_periods": 0}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


@pytest.fixture
def phone(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Phone]]:
    monkeypatch.setattr(Phone, "call", "")
    with socketserver.UnixStreamServer(str(paths.phone_control), Phone) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Phone
        server.shutdown()
        thread.join()


def test_service_that_runs_is_started_again_and_one_that_does_not_is_left(
    paths: Paths, services: Services, phone: type[Phone]
) -> None:
    restarts = restart(paths, ["mail", "admin"])
    assert (restarts.done, restarts.pending) == (("mail",), ())
    assert (services.starts("mail"), services.starts("phone")) == (2, 1)
    supervised = [one.name for one in service_states(paths, "virtual") if one.supervised]
    assert supervised == ["box", "phone", "mail"]


def test_telephones_are_left_alone_while_a_call_goes_on(
    paths: Paths, services: Services, phone: type[Phone]
) -> None:
    phone.call = "talking"
    restarts = restart(paths, ["phone", "mail"])
    assert restarts.done == ("mail",)
    (pending,) = restarts.pending
    assert pending.what == "phone" and "line1" in pending.why
    assert services.starts("phone") == 1
    assert restart(paths, ["phone"], during_calls=True).done == ("phone",)
    assert services.starts("phone") == 2


def test_setting_restarts_the_services_that_it_concerns(
    paths: Paths, services: Services, phone: type[Phone]
) -> None:
    box = open_inbox(paths, Settings())
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))

    def plans(settings: Settings) -> dict[str, object]:
        return {"mail": settings.mail, "phone": settings.phone, "admin": settings.keeping}

    def set_(name: str, value: str) -> tuple[str, ...]:
        return set_setting(box, ADMIN, paths, name, value, plans).restarts.done

    assert set_("mail.largest_mb", "20") == ("mail",)
    assert set_("phone.ring_seconds", "30") == ("phone",)
    assert set_("keeping.grace_days", "30") == ()
    assert (services.starts("mail"), services.starts("phone")) == (2, 2)


def test_setting_with_which_a_service_does_not_start_is_put_back(
    paths: Paths, services: Services, phone: type[Phone], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "READY_WITHIN_S", 3)
    box = open_inbox(paths, Settings())
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))
    with pytest.raises(OperationError) as refused:
        set_setting(box, ADMIN, paths, "mail.largest_mb", "13", lambda s: {"mail": s.mail})
    assert refused.value.field == "mail.largest_mb"
    assert "mail.largest_mb is 50 as it was: with it the service mail does not start; " in str(
        refused.value
    )
    assert paths.settings() == Settings()
    state = service_states(paths, "virtual")[2].state
    assert state.startswith("up for ") and "not ready" not in state
    changes = [row.detail for row in box.store.history() if row.verb == "setting changed"]
    assert [text.split(",")[0] for text in changes] == [
        "mail.largest_mb: 50 → 13",
        "mail.largest_mb: 13 → 50",
    ]


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("up (pid 12 pgid 12) 3725 seconds, ready 3724 seconds\n", "up for 1:02:05"),
        ("up (pid 12) 2 seconds\n", "up for 0:00:02, not ready yet"),
        ("down (exitcode 1) 9 seconds, normally up, ready 9 seconds\n", "down for 0:00:09"),
        ("s6-svstat: fatal: unable to read status\n", "s6-svstat: fatal: unable to read status"),
    ],
)
def test_words_of_the_supervisor_are_put_into_a_sentence(shown: str, said: str) -> None:
    assert running._in_words(shown) == said
