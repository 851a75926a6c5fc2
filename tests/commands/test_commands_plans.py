"""Plans prepared for the services: taken only when they are of these settings and root's own."""

import os
from pathlib import Path
from typing import Any

import pytest

from app.commands import plans
from app.core.own_addresses import own_addresses
from app.place import Place

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="prepared plans are root's alone")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "data")
    place.make()
    place.etc.mkdir()
    place.settings_file.write_text("[mail]\npop3_port = 1110\n[voicemail]\nlongest_s = 77\n")
    return place


def prepared(place: Place) -> None:
    plans.prepare(place, place.settings())


@pytest.mark.parametrize("service", sorted(plans.PLANS))
def test_a_prepared_plan_is_the_one_worked_out(place: Place, service: str) -> None:
    now = plans.plan(place, service)
    prepared(place)
    assert plans._prepared(place, service) is not None
    assert plans.plan(place, service) == now


def changed(place: Place) -> None:
    place.settings_file.write_text("[mail]\npop3_port = 1111\n")


def for_the_group(place: Place) -> None:
    (place.etc / "plans" / "mail").chmod(0o660)


def in_a_folder_for_all(place: Place) -> None:
    (place.etc / "plans").chmod(0o777)


def somebody_elses(place: Place) -> None:
    os.chown(place.etc / "plans" / "mail", 65534, 65534)


def cut_off(place: Place) -> None:
    os.truncate(place.etc / "plans" / "mail", 20)


@pytest.mark.parametrize(
    "harm", [changed, for_the_group, in_a_folder_for_all, somebody_elses, cut_off]
)
def test_what_is_not_to_be_trusted_is_worked_out_anew(place: Place, harm: Any) -> None:
    prepared(place)
    harm(place)
    assert plans._prepared(place, "mail") is None
    wanted = place.settings().mail.pop3_port
    assert plans.plan(place, "mail").pop3_port == wanted


def test_the_machines_addresses_are_those_of_now(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import appliance

    monkeypatch.setattr(appliance, "own_addresses", lambda: ("192.0.2.99",))  # a day ago
    prepared(place)
    assert plans.plan(place, "mail").delivery.host_addresses == own_addresses()
    assert plans.plan(place, "phone").desk.host_addresses == own_addresses()
