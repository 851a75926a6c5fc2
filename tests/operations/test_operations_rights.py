"""Which role may do what: everything for administrators, a part of the box each for two others."""

from collections.abc import Callable
from typing import Any

import pytest

from app.appliance import Inbox
from app.config.paths import Paths
from app.operations.actor import Actor, Role, actor_of, roles_of
from app.operations.errors import NotAllowed
from app.operations.greetings import set_night
from app.operations.lines import list_lines
from app.operations.people import NewPerson, add_person
from app.operations.queue import list_queue
from app.operations.settings import change_settings, get_setting, list_settings
from app.operations.templates import list_templates
from app.operations.uploads import BACKUP, BUNDLE, CERTIFICATE, keep_upload

Do = Callable[[Inbox, Actor, Paths], Any]


def setting(name: str) -> Do:
    return lambda box, actor, _: get_setting(actor, box.settings, name)


def change(name: str) -> Do:
    """A change to what it is already: no right is as far as it gets without one."""

    def do(box: Inbox, actor: Actor, paths: Paths) -> None:
        change_settings(box, actor, paths, {name: None}, lambda _: {})

    return do


def upload(kind: str) -> Do:
    def do(_: Inbox, actor: Actor, paths: Paths) -> int:
        came = paths.uploads / "came.part"
        came.parent.mkdir(exist_ok=True)
        came.write_bytes(b"x")
        return keep_upload(paths, actor, kind, came)

    return do


PHONE, NETWORK, NOBODY = {Role.PHONE}, {Role.NETWORK}, set[Role]()
RIGHTS: dict[str, tuple[Do, set[Role]]] = {
    "lines": (lambda box, actor, paths: list_lines(box, actor, paths), PHONE),
    "night": (lambda box, actor, _: set_night(box, actor, False), PHONE),
    "see ring time": (setting("phone.ring_seconds"), PHONE),
    "set ring time": (change("phone.ring_seconds"), PHONE),
    "set longest message": (change("voicemail.longest_s"), PHONE),
    "see address": (setting("network.address"), NETWORK),
    "set address": (change("network.address"), NETWORK),
    "set page port": (change("web.http_port"), NETWORK),
    "send update": (upload(BUNDLE), NETWORK),
    "send certificate": (upload(CERTIFICATE), NETWORK),
    "send backup": (upload(BACKUP), NOBODY),
    "see domains": (setting("site.domains"), NOBODY),
    "set domains": (change("site.domains"), NOBODY),
    "set LAN": (change("mail.lan"), NOBODY),
    "add person": (
        lambda box, actor, _: add_person(box, actor, NewPerson("ben", "Ben", "202")),
        NOBODY,
    ),
    "queue": (lambda box, actor, _: list_queue(box, actor), NOBODY),
    "templates": (lambda box, actor, _: list_templates(box, actor), NOBODY),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("what", RIGHTS)
def test_role_has_its_part_of_the_box_and_no_more(
    what: str, role: Role, box: Inbox, paths: Paths
) -> None:
    do, roles = RIGHTS[what]
    actor = Actor("somebody", "web", frozenset({Role.USER, role}), 99)
    if role is Role.SYSTEM or role in roles:
        do(box, actor, paths)
        return
    with pytest.raises(NotAllowed):
        do(box, actor, paths)
    assert box.people.all() == [] and not paths.settings_file.exists()


def test_settings_are_listed_to_those_who_may_use_them(box: Inbox) -> None:
    def listed(*roles: Role) -> set[str]:
        actor = Actor("somebody", "web", frozenset(roles))
        return {line.setting.path[0] for line in list_settings(actor, box.settings)}

    assert listed(Role.PHONE) == {"fax", "phone", "voicemail"}
    assert listed(Role.NETWORK) == {"network", "certificate", "web"}
    assert listed(Role.SYSTEM) >= listed(Role.PHONE, Role.NETWORK) | {"site", "mail"}
    with pytest.raises(NotAllowed):
        listed(Role.USER)


def test_two_kinds_of_settings_are_not_changed_by_who_may_change_one(
    box: Inbox, paths: Paths
) -> None:
    actor = Actor("somebody", "web", frozenset({Role.PHONE}))
    values = {"phone.ring_seconds": "30", "network.gateway": "192.0.2.1"}
    with pytest.raises(NotAllowed):
        change_settings(box, actor, paths, values, lambda _: {})
    assert not paths.settings_file.exists()


def test_administrators_of_before_are_system_administrators(box: Inbox) -> None:
    root = Actor("root", "admin", frozenset({Role.SYSTEM}))
    for login, more, roles in (
        ("anna", {"admin": True}, {Role.SYSTEM, Role.USER}),
        ("ben", {"roles": ("phone", "network")}, {Role.PHONE, Role.NETWORK, Role.USER}),
        ("cora", {}, {Role.USER}),
    ):
        mailbox = str(201 + len(box.people.all()))
        added = add_person(box, root, NewPerson(login, login, mailbox, **more)).person
        assert roles_of(added) == roles and actor_of(added, "web").person == added.id
