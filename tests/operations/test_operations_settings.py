"""Settings: written with comments kept, refused with the field, taken up by services."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.appliance import Inbox, open_inbox
from app.config import services
from app.config.annotated import annotated
from app.config.paths import Paths
from app.config.settings import Settings
from app.device import given, pem
from app.device.certify import certify
from app.operations.actor import Actor, Role
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.people import NewPerson, add_person, remove_person
from app.operations.settings import (
    ChangedSetting,
    check_settings,
    get_setting,
    list_settings,
    set_setting,
)
from tests.kit.actors import ADMIN


class Box:
    """Sets settings in one folder."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        box = open_inbox(paths, Settings())
        add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True))

    def box(self) -> Inbox:
        return open_inbox(self.paths, self.paths.settings())

    def plans(self, settings: Settings) -> Mapping[str, Any]:
        return services.plans(self.paths, settings)

    def set(self, name: str, value: str | None, actor: Actor = ADMIN) -> ChangedSetting:
        return set_setting(self.box(), actor, self.paths, name, value, self.plans)

    def refused(self, name: str, value: str) -> str:
        before = self.paths.settings_file.exists() and self.paths.settings_file.read_text()
        with pytest.raises(OperationError) as problem:
            self.set(name, value)
        assert problem.value.field == name
        after = self.paths.settings_file.exists() and self.paths.settings_file.read_text()
        assert before == after, "a refused setting is not written"
        return str(problem.value)


@pytest.fixture
def house(paths: Paths) -> Box:
    return Box(paths)


def test_name_that_is_set_stands_in_the_certificate_at_once(house: Box) -> None:
    house.set("certificate.names", '["one.example.org"]')
    assert not house.paths.keys.exists(), "whoever has made none gets none"
    certify(house.paths, house.paths.settings())
    house.set("certificate.names", '["two.example.org"]')
    shown = given.read(house.paths.keys).certificate
    assert pem.is_for(shown, "two.example.org") and not pem.is_for(shown, "one.example.org")


def test_first_setting_is_written_into_an_annotated_file(house: Box) -> None:
    changed = house.set("phone.ring_seconds", "30")
    assert (changed.old, changed.new) == ("20", "30")
    text = house.paths.settings_file.read_text()
    assert text == annotated().replace(
        "#ring_seconds = 20\n", "#ring_seconds = 20\nring_seconds = 30\n"
    )
    assert house.paths.settings().phone.ring_seconds == 30


def test_change_is_in_the_history_with_old_and_new(house: Box) -> None:
    house.set("site.country", "DE")
    (row,) = [r for r in house.box().store.history() if r.verb == "setting changed"]
    assert (row.by, row.door, row.detail) == ("root", "web", "site.country: us → de")


def test_secret_is_neither_shown_nor_in_the_history(house: Box) -> None:
    changed = house.set("network.passphrase", "tin whistle")
    assert (changed.old, changed.new) == ("", "…")
    assert all("whistle" not in row.detail for row in house.box().store.history())
    assert get_setting(ADMIN, house.paths.settings(), "network.passphrase").shown == "…"
    assert "short" not in house.refused("network.passphrase", "short")


def test_default_holds_again_when_a_setting_is_taken_out(house: Box) -> None:
    house.set("site.country", "de")
    changed = house.set("site.country", None)
    assert (changed.old, changed.new) == ("de", "us")
    assert house.paths.settings_file.read_text() == annotated()


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("phone.ring_seconds", "3", "greater than or equal to 4 (found 3); Seconds a call rings"),
        ("phone.ring_seconds", "many", "valid integer"),
        ("site.country", "xx", "allowed: at, au"),
        ("mail.lan", "10.0.0.0/8, lan", "does not appear to be an IPv4 or IPv6 network"),
        ("site.postmaster", "eva", "there is no eva here; there are: anna"),
        ("site.language", "xx", "there is no sound pack for xx; there are: en"),
        ("phone.incoming.line1.language", "xx", "there is no sound pack for xx; there are: en"),
        ("lamps.neon", "109", "109"),
        ("site.language", "cy", "there is no sound pack for cy; there are: en"),
        ("site.hostname", "a..b", "site.hostname: 'a..b' is no host name: letters, digits"),
        ("site.hostname", "x" * 64 + ".test", "is no host name"),
        ("site.domains", "", "at least 1 item"),
        ("site.domains", "our_home", "'our_home' is no host name"),
        ("mail.listen", "everywhere", "does not appear to be an IPv4 or IPv6 address"),
        ("mail.smtp_port", "2110", "POP3 has this port already (mail.pop3_port)"),
        ("mail.pop3s_port", "2110", "POP3 has this port already (mail.pop3_port)"),
        ("mail.smtp_port", "2995", "POP3 by TLS has this port already (mail.pop3s_port)"),
        ("mail.submissions_port", "2587", "submission has this port already"),
        ("mail.pop3_port", "2525", "mail.smtp_port: POP3 has this port already"),
        ("outbound.smarthost", "mail.example:99999", "a port is a number from 1 to 65535"),
        ("voicemail.sounds", "/nowhere", "there is no folder /nowhere"),
        (
            "phone.board",
            "toaster",
            "there is no board toaster; there are: qemu, rpi, rpi-codec, rpi8, virtual",
        ),
        (
            "phone.incoming.line1.mailbox",
            "209",
            "nobody has the mailbox 209; there are: 201 (anna)",
        ),
        ("phone.incoming.line1.handsets", "101,109", "no handset jack 109; there are: 101, 102"),
        ("calls.without_call_waiting", "101,109", "no handset jack 109; there are: 101, 102"),
        ("calls.hold_music", "/nowhere.wav", "there is no file /nowhere.wav; a soft tone"),
        ("phone.incoming.line9.mailbox", "201", "no outside line line9; there are: line1, line2"),
        ("fax.receiving.line9.mailbox", "201", "no outside line line9; there are: line1, line2"),
        ("fax.receiving.line1.mailbox", "209", "nobody has the mailbox 209; there are: 201 (anna)"),
        ("fax.station", "box", "digits, + and spaces"),
    ],
)
def test_setting_that_cannot_be_is_refused_with_meaning_and_what_there_is(
    house: Box, name: str, value: str, text: str
) -> None:
    assert text in house.refused(name, value)


def test_two_ports_that_the_system_chooses_are_no_conflict(house: Box) -> None:
    house.set("mail.smtp_port", "0")
    assert house.set("mail.pop3_port", "0").new == "0"


def test_language_with_a_pack_is_set(house: Box) -> None:
    sounds = house.paths.var / "sounds"
    (sounds / "cy_GB_f_Test").mkdir(parents=True)
    house.set("voicemail.sounds", str(sounds))
    assert house.set("site.language", "CY").new == "cy"
    assert "there are: cy, en" in house.refused("site.language", "xx")


def test_unknown_name_is_refused_with_the_names_of_its_section(house: Box) -> None:
    with pytest.raises(NotFound, match=r"no setting site.countri; there are: site.hostname"):
        house.set("site.countri", "de")


def test_lists_are_typed_with_commas(house: Box) -> None:
    house.set("phone.incoming.line1.handsets", "101, 102")
    house.set("phone.incoming.line1.mailbox", "201")
    incoming = house.paths.settings().phone.incoming["line1"]
    assert (incoming.handsets, incoming.mailbox) == (("101", "102"), "201")
    assert house.set("phone.incoming.line1.handsets", "").old == "101, 102"


def test_line_that_takes_faxes_is_set_by_its_name(house: Box) -> None:
    house.set("fax.receiving.line1.mailbox", "201")
    house.set("fax.receiving.line1.only", "yes")
    line = house.paths.settings().fax.receiving["line1"]
    assert (line.mailbox, line.only) == ("201", True)


def test_file_that_cannot_be_used_is_mended_by_the_setting_that_is_wrong(house: Box) -> None:
    house.paths.settings_file.write_text('[site]\ncountry = "xx" # oh\n')
    box = open_inbox(house.paths, Settings())
    changed = set_setting(box, ADMIN, house.paths, "site.country", "fr", house.plans)
    (pending,) = changed.restarts.pending
    assert "`settings apply`" in pending.why
    assert house.paths.settings_file.read_text() == '[site]\ncountry = "fr" # oh\n'


def test_new_board_without_somebodys_handset_is_told(house: Box) -> None:
    add_person(house.box(), ADMIN, NewPerson("ben", "Ben", "202", "102"))
    changed = house.set("phone.board", "rpi")
    assert [str(problem) for problem in changed.problems] == [
        "people.ben.handset: the board rpi has no handset jack 102; there are: 101"
    ]


def test_person_who_is_removed_and_still_named_is_told(house: Box) -> None:
    add_person(house.box(), ADMIN, NewPerson("ben", "Ben", "202"))
    house.set("site.postmaster", "ben")
    house.set("phone.incoming.line2.mailbox", "202")
    assert check_settings(ADMIN, house.paths.settings(), house.box()) == []
    removed = remove_person(house.box(), ADMIN, "ben")
    fields = {problem.field for problem in removed.problems}
    assert fields == {"site.postmaster", "phone.incoming.line2.mailbox"}
    assert check_settings(ADMIN, house.paths.settings(), house.box()) == list(removed.problems)


def test_list_names_every_setting_with_value_and_default(house: Box) -> None:
    house.set("site.country", "de")
    house.set("phone.groups.620.handsets", "101, 102")
    lines = {line.setting.name: line for line in list_settings(ADMIN, house.paths.settings())}
    tables = {
        "phone.incoming": "line1.mailbox",
        "phone.groups": "620.order",
        "fax.receiving": "line1.only",
    }
    for section in Settings.model_fields:
        for field in type(getattr(Settings(), section)).model_fields:
            name = f"{section}.{field}"
            assert name in lines or f"{name}.{tables[name]}" in lines, name
    assert (lines["site.country"].shown, lines["site.country"].by_default) == ("de", False)
    assert (lines["mail.lan"].shown, lines["mail.lan"].by_default) == ("127.0.0.0/8, ::1/128", True)
    assert all(line.setting.meaning for line in lines.values())


def test_many_changes_at_once_are_all_in_the_file(house: Box) -> None:
    wanted = {"mail.largest_mb": "31", "mail.connections": "99", "keeping.grace_days": "3"}
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(house.set, wanted, wanted.values()))
    shown = {n: get_setting(ADMIN, house.paths.settings(), n).shown for n in wanted}
    assert shown == {**wanted, "keeping.grace_days": "3.0"}


def test_file_that_cannot_be_written_is_said_in_one_line(house: Box) -> None:
    house.paths.settings_file.with_name("settings.toml.new").mkdir()
    assert "settings.toml cannot be written: Is a directory" in house.refused("site.country", "de")


def test_nobody_but_an_administrator_sees_or_sets(house: Box) -> None:
    other = Actor("ben", "web", frozenset({Role.USER}), 2)
    for attempt in (
        lambda: house.set("site.country", "de", other),
        lambda: list_settings(other, Settings()),
        lambda: get_setting(other, Settings(), "site.country"),
        lambda: check_settings(other, Settings(), house.box()),
    ):
        with pytest.raises(NotAllowed):
            attempt()
