"""`people` and `alias`: who has a box, and where their messages go."""

import re
from pathlib import Path

import pytest

from app.commands.people import people_table
from app.device.first_boot import BY
from app.inbox.limits import Limits
from app.inbox.people import Person, PinOrigin, PinResult, Transfer
from app.inbox.store import EntryState, Facts, Kind
from app.operations.people import PersonLine
from tests.kit.commands import Shell

ANNA = "people add anna --name Anna --mailbox 201 --handset 101 --admin"
BEN = "people add ben --name Ben --mailbox 202"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


def deliver(shell: Shell, login: str) -> int:
    box = shell.inbox()
    person = box.people.by_login(login)
    assert person is not None
    content = box.db.now(lambda tx: box.store.contents.write(tx, (b"Subject: x\r\n\r\nx\r\n",)))
    facts = Facts(0.0, "someone", "x")
    return box.db.now(
        lambda tx: box.store.add_entry(
            tx, person.id, content, b"", Kind.EMAIL, EntryState.NEW, facts
        )
    )


def test_the_password_and_the_pin_that_are_shown_are_the_ones_that_work(shell: Shell) -> None:
    said = shell.ok(ANNA)
    found = re.search(r"Password: (\S+)   PIN: (\d+)", said)
    assert found, said
    people = shell.inbox().people
    person = people.check_password("anna", found[1])
    assert person is not None and person.admin
    assert people.check_pin(person.id, found[2], PinOrigin("101")).result is PinResult.OK


def test_the_list_shows_who_is_where(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    deliver(shell, "anna")
    said = shell.ok("people list")
    assert re.search(r"^anna \(admin\) +Anna +201 +101 +0 +1 +17 B of 1.0 GB", said, re.M), said
    assert re.search(r"^ben +Ben +202 +- +0 +0 ", said, re.M)


@pytest.mark.parametrize("columns", [80, 100])
def test_people_list_fits_its_columns_and_cuts_no_login(columns: int) -> None:
    long = "maximiliane.von-und-zu.guttenberg"
    person = Person(
        1, long, "Maximiliane von und zu Guttenberg", "2010", "101", f"{long}@example.org", True,
        None, None, None, Transfer.ALL, False, "de", "switchhook",
    )  # fmt: skip
    limits = Limits(10**9, 0, 0, 0, 0, 0)
    line = PersonLine(person, 12, 345, 999 * 10**6, limits, "", 99.0)
    table = people_table([line], 0.0, one_line=False)
    lines = table.text(columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    first = "".join(line.split("  ")[0].strip() for line in lines[1:])
    assert first.startswith(long), "the login is whole, over as many lines as it needs"
    for word in ("2010", "101", "12", "345", "Guttenberg", "(admin)", "locked"):
        assert any(word in line for line in lines), word


def test_a_second_person_with_the_same_mailbox_is_refused(shell: Shell) -> None:
    shell.ok(ANNA)
    said = shell.refused("people add eva --name Eva --mailbox 201")
    assert "the mailbox 201 is anna's" in said


def test_a_trivial_pin_is_refused_with_the_rule_it_breaks(shell: Shell) -> None:
    shell.ok(ANNA)
    said = shell.refused("people pin anna 1111")
    assert "same digit" in said or "repeat" in said, said
    assert "The PIN is set." in shell.ok("people pin anna 80713")


def test_a_new_password_replaces_the_old_one(shell: Shell) -> None:
    shell.ok(ANNA)
    said = shell.ok("people passwd anna")
    password = said.split()[1]
    assert shell.inbox().people.check_password("anna", password) is not None
    said = shell.ok("people passwd anna --ask", typed="long enough\nlong enough\n")
    assert "long enough" not in said
    assert shell.inbox().people.check_password("anna", "long enough") is not None


def test_a_fresh_pin_never_contains_its_owners_numbers(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter([720193, 751014, 739150, 482017, 846317])  # with 201, 101, fine; 201, fine
    monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))
    assert "PIN: 739150" in shell.ok(ANNA)
    assert "PIN: 846317" in shell.ok("people pin anna")


def test_somebody_unknown_is_answered_with_who_there_is(shell: Shell) -> None:
    shell.ok(ANNA)
    assert "there are: anna" in shell.refused("people passwd annna")


def test_changing_changes_what_is_named_only(shell: Shell) -> None:
    shell.ok(ANNA)
    assert "anna is changed: transfer" in shell.ok("people change anna --transfer none"), (
        "what was changed is said"
    )
    person = shell.inbox().people.by_login("anna")
    assert person is not None
    assert (person.transfer, person.name) == ("none", "Anna")


def test_removing_asks_what_becomes_of_the_box_and_hands_it_over(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    deliver(shell, "ben")
    said = shell.ok("people remove ben", typed="anna\n")
    assert "holds 1 messages" in said and "handed over to anna" in said
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None and len(box.store.entries(anna.id)) == 1
    assert box.people.by_login("ben") is None


def test_removing_with_discard_puts_the_content_into_the_bin(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    entry = deliver(shell, "ben")
    assert "put into the bin" in shell.ok("people remove ben --discard")
    assert shell.inbox().store.need(entry).state is EntryState.BIN


def test_an_alias_is_set_listed_traced_and_removed(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    assert "sales stands for anna, ben" in shell.ok("alias set sales anna ben")
    shell.ok("alias set anna anna anna@outside.example")
    trace = shell.ok("alias trace sales@switchhook.local")
    steps = [line.split(". ", 1)[1] for line in trace.splitlines()]
    assert steps[-1].startswith("anna@outside.example: comes back, unless the name servers here")
    assert steps[:-1] == [
        "sales@switchhook.local is sales here",
        "sales stands for anna, ben",
        "anna stands for anna, anna@outside.example",
        "anna keeps it in the inbox",
        "anna@outside.example is outside: it is sent there",
        "ben keeps it in the inbox",
        "anna gets it back if it cannot go to anna@outside.example",
    ]
    assert re.search(r"sales +group +anna, ben", shell.ok("alias list"))
    shell.ok("alias rm sales")
    assert "sales" not in shell.ok("alias list")


def test_a_cycle_is_refused_and_shown(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok("alias set one anna")
    shell.ok("alias set two one")
    assert "one → two → one" in shell.refused("alias set one two")


def test_an_unknown_member_is_refused(shell: Shell) -> None:
    shell.ok(ANNA)
    assert "eva is neither a person nor an alias" in shell.refused("alias set sales anna eva")


def test_a_trace_of_nobody_says_so(shell: Shell) -> None:
    assert "neither a person nor an alias" in shell.refused("alias trace nobody")


def test_login_added_again_offers_the_box_it_had(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    entry = deliver(shell, "ben")
    shell.ok("people remove ben --discard")
    assert re.search(rf"^ *{entry} ", shell.ok("inbox list ben --former"), re.M)
    said = shell.ok(f"{BEN} --no-adopt")
    assert "1 messages" in said and "inbox list ben --former" in said
    assert "name who gets the messages" in shell.refused(f"inbox restore {entry}")
    assert "restored: 1 of 1" in shell.ok(f"inbox restore {entry} --to anna")
    box = shell.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None and [e.id for e in box.store.entries(anna.id)] == [entry]


def test_login_added_again_with_adopt_has_its_messages(shell: Shell) -> None:
    shell.ok(ANNA)
    shell.ok(BEN)
    entry = deliver(shell, "ben")
    shell.ok("people remove ben --discard")
    shell.ok(f"{BEN} --adopt")
    assert re.search(rf"^ *{entry} +email +new", shell.ok("inbox list ben"), re.M)


def test_first_person_of_a_new_device_is_told_whose_handset_it_was(shell: Shell) -> None:
    box = shell.inbox()
    box.db.now(
        lambda tx: box.people.add(
            tx, "admin", "Administrator", "200", handset="101", admin=True, quota=1, by=BY
        )
    )
    said = shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --key-map swapped")
    assert "The handset 101 was admin's until now." in said and "mailbox 201" in said
    person = shell.inbox().people.by_handset("101")
    assert person is not None and (person.login, person.key_map) == ("anna", "swapped")


def test_jack_and_number_that_cannot_be_are_refused_with_what_there_is(shell: Shell) -> None:
    assert "there are: 101, 102" in shell.refused(f"{BEN} --handset 103")
    assert "emergency number" in shell.refused("people add ben --name Ben --mailbox 911")
    assert "no sound pack for xx" in shell.refused(f"{BEN} --language xx")
    shell.ok(BEN)
    assert "number of a handset" in shell.refused("people change ben --mailbox 102")


def test_roles_are_given_and_taken_and_unknown_ones_are_refused(shell: Shell) -> None:
    shell.ok(f"{BEN} --roles phone,network")
    assert "ben (network) (phone)" in " ".join(shell.ok("people list").split())
    assert "there is no role lines" in shell.refused("people change ben --roles lines")
    shell.ok("people change ben --roles phone")
    assert re.search(r"^ben \(phone\) ", shell.ok("people list"), re.M)
    shell.ok("people change ben --roles ,")
    assert re.search(r"^ben +", shell.ok("people list"), re.M)
    assert "no codes" in shell.refused("people codes-off ben")
