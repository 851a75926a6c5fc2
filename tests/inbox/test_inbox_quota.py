"""Limits of size and number: whose hold, when their owner is warned, and what callers still get."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.inbox.entries import Entry, Kind
from app.inbox.errors import BadName, MailboxFull, MailboxFullForGood, StillMember
from app.inbox.limits import Limits, PersonLimits
from app.inbox.quota import fullness, level, percent
from app.inbox.retention import clean_up
from tests.kit.defaults import RETENTION, SETTINGS
from tests.kit.letters import parsed
from tests.kit.store import CONFIG, LETTER, RECEIVED, StoreKit, open_store

QUOTA = 100_000
SENDER = "postmaster@example.org"


@pytest.fixture
def kit(tmp_path: Path):  # type: ignore[no-untyped-def]
    with_people = open_store(tmp_path)
    yield with_people
    with_people.close()


def change(kit: StoreKit, login: str, **fields: int | None) -> None:
    person = kit.person(login).id
    kit.db.now(lambda tx: kit.people.change(tx, person, "", "admin", **fields))


def template(kit: StoreKit, name: str, **limits: int | None) -> int:
    return kit.db.now(lambda tx: kit.people.templates.set(tx, name, limits, by="anna"))


def limits_of(kit: StoreKit, login: str) -> Limits:
    return kit.delivery.limits.of(kit.person(login))


PREFIX = b"Return-Path: <carl@elsewhere.example>\r\nDelivered-To: anna@example.org\r\n" + RECEIVED
HEAD = b"Subject: Hello\r\n\r\n"


def deliver(kit: StoreKit, *octets: int) -> None:
    """Mails to Anna whose entries have so many octets each."""
    for size in octets:
        body = b"x" * (size - len(PREFIX + HEAD) - 2) + b"\r\n"
        made = kit.mail("anna", octets=HEAD + body)
        assert kit.store.need(made.entries[0]).size == size


def warnings(kit: StoreKit, login: str = "anna") -> list[str]:
    return [entry.subject for entry in kit.inbox(login) if entry.sender == SENDER]


def remove(kit: StoreKit, *entries: Entry) -> None:
    kit.db.now(lambda tx: kit.store.remove(tx, [entry.id for entry in entries], "pop3", "anna"))


def clean(kit: StoreKit) -> None:
    clean_up(kit.db, kit.store, replace(RETENTION, delivery=kit.config))


# ---- whose limits hold


def test_own_limit_goes_before_the_templates_and_that_before_the_settings(kit: StoreKit) -> None:
    assert limits_of(kit, "anna") == CONFIG.limits
    staff = template(kit, "staff", quota=5000, voicemails=7)
    change(kit, "anna", template=staff, quota=3000)
    assert limits_of(kit, "anna") == replace(CONFIG.limits, quota=3000, voicemails=7)
    change(kit, "anna", quota=None)
    assert limits_of(kit, "anna") == replace(CONFIG.limits, quota=5000, voicemails=7)


def test_where_a_mail_system_decides_nobody_has_a_limit_of_their_own(kit: StoreKit) -> None:
    change(kit, "anna", quota=3000)
    elsewhere = replace(CONFIG.limits, elsewhere=True)
    assert PersonLimits(kit.people.templates, elsewhere).of(kit.person("anna")) == elsewhere


def test_template_that_is_changed_changes_whom_it_is_assigned_to(kit: StoreKit) -> None:
    staff = template(kit, "Staff", quota=5000)
    for login in ("anna", "bob"):
        change(kit, login, template=staff)
    assert template(kit, "staff", heard_days=30) == staff  # in any case of letters
    assert template(kit, "staff", quota=6000) == staff
    for login in ("anna", "bob"):
        assert (limits_of(kit, login).quota, limits_of(kit, login).heard_days) == (6000, 30)
    assert limits_of(kit, "cleo") == CONFIG.limits
    template(kit, "staff", quota=None)
    assert limits_of(kit, "anna").quota == CONFIG.limits.quota
    assert [row.detail for row in kit.store.history() if row.verb == "template set"] == [
        "Staff: quota = 5000",
        "staff: heard_days = 30",
        "staff: quota = 6000",
        "staff: quota = as the settings",
    ]


def test_template_goes_only_when_nobody_is_assigned_to_it(kit: StoreKit) -> None:
    staff = template(kit, "staff", quota=5000)
    change(kit, "bob", template=staff)
    found = kit.people.templates.by_name("STAFF")
    assert found is not None
    with pytest.raises(StillMember, match="bob"):
        kit.db.now(lambda tx: kit.people.templates.remove(tx, found))
    change(kit, "bob", template=None)
    kit.db.now(lambda tx: kit.people.templates.remove(tx, found))
    assert kit.people.templates.all() == []
    templates = kit.people.templates
    wrong: list[tuple[str, dict[str, int | None]]] = [("", {}), ("a b", {}), ("x", {"quota": -1})]
    for name, limits in (*wrong, ("x", {"name": 1})):
        with pytest.raises(BadName):
            kit.db.now(lambda tx, name=name, limits=limits: templates.set(tx, name, limits))  # type: ignore[misc]


# ---- what is refused


@pytest.mark.parametrize("percent_over, most", [(0, 4), (10, 5), (50, 6)])
def test_callers_leave_some_voicemails_more_than_the_limit_says(
    tmp_path: Path, percent_over: int, most: int
) -> None:
    kit = open_store(tmp_path, replace(CONFIG, callers_percent=percent_over))
    change(kit, "anna", voicemails=4)
    route = kit.delivery.route("anna")
    for _ in range(most):
        kit.delivery.check_room(route, 0, Kind.VOICEMAIL)
        kit.delivery.release(route, 0)
        kit.mail("anna", kind=Kind.VOICEMAIL)
    with pytest.raises(MailboxFull):
        kit.delivery.check_room(route, 0, Kind.VOICEMAIL)
    kit.delivery.check_room(route, 1000)  # the number of voicemails is nothing to mail
    assert kit.store.voicemails(kit.person("anna").id) == most
    kit.close()


def test_full_inbox_refuses_for_good_where_the_settings_say_so(tmp_path: Path) -> None:
    for permanent, answer in ((False, (452, "4.2.2")), (True, (552, "5.2.2"))):
        config = replace(CONFIG, full_is_permanent=permanent)
        (tmp_path / str(permanent)).mkdir()
        kit = open_store(tmp_path / str(permanent), config)
        change(kit, "anna", quota=10)
        with pytest.raises(MailboxFull) as refusal:
            kit.delivery.reserve(kit.delivery.route("anna"), 1000)
        assert (refusal.value.reply, refusal.value.status) == answer
        assert isinstance(refusal.value, MailboxFullForGood) == permanent
        kit.close()


# ---- voicemails are counted as they come and go


def test_number_of_voicemails_is_kept_through_everything_that_moves_them(kit: StoreKit) -> None:
    def counted() -> list[int]:
        ids = [kit.person(login).id for login in ("anna", "bob")]
        rows = kit.db.reader().execute(
            "SELECT person, count(*) FROM entry WHERE kind = 'voicemail'"
            " AND state IN ('new', 'heard') GROUP BY person"
        )
        true = dict(rows.fetchall())
        kept = [kit.store.voicemails(person) for person in ids]
        assert kept == [true.get(person, 0) for person in ids]
        return kept

    entries = [kit.put("anna", kind=Kind.VOICEMAIL) for _ in range(3)]
    kit.put("anna")
    ids = [entry.id for entry in entries]
    assert counted() == [3, 0]
    kit.db.now(lambda tx: kit.store.mark(tx, ids[:1]))
    assert counted() == [3, 0]
    kit.db.now(lambda tx: kit.store.remove(tx, ids[:2], "phone", "anna"))
    assert counted() == [1, 0]
    kit.db.now(lambda tx: kit.store.restore(tx, ids[:1], "phone", "anna"))
    assert counted() == [2, 0]
    anna, bob = kit.person("anna").id, kit.person("bob").id
    kit.db.now(lambda tx: kit.store.give_all(tx, anna, bob, "admin", "anna"))
    assert counted() == [0, 2]
    kit.db.now(lambda tx: kit.store.empty_bin(tx, float("inf")))
    assert counted() == [0, 2]
    kit.db.now(lambda tx: tx.execute("DELETE FROM entry WHERE person = ?", (bob,)))
    assert counted() == [0, 0]


# ---- warnings


def test_percent_is_of_size_or_number_whichever_is_more() -> None:
    limits = replace(CONFIG.limits, quota=1000, voicemails=10)
    assert [percent(limits, *held) for held in ((799, 0), (800, 0), (100, 9), (0, 0))] == [
        *(79, 80, 90, 0)
    ]
    assert percent(replace(limits, voicemails=0), 100, 10**6) == 10
    assert [level(full) for full in (0, 79, 80, 89, 90, 100, 250)] == [0, 0, 80, 80, 90, 90, 90]
    assert [fullness(full) for full in (79, 80, 99, 100)] == [
        *("", "nearly full", "nearly full", "full")
    ]


def test_owner_is_warned_at_80_and_at_90_percent_once_each(kit: StoreKit) -> None:
    change(kit, "anna", quota=QUOTA)
    deliver(kit, 79_000)
    assert warnings(kit) == []
    deliver(kit, 1000)
    assert warnings(kit) == ["Your inbox is 80% full"]
    deliver(kit, 500, 500, 500)
    assert warnings(kit) == ["Your inbox is 80% full"]
    deliver(kit, 9000)
    assert warnings(kit) == ["Your inbox is 80% full", "Your inbox is 91% full"]
    deliver(kit, 500, 5000, 9000)  # over the quota, even
    assert len(warnings(kit)) == 2


def test_owner_is_warned_in_their_own_language(kit: StoreKit) -> None:
    anna = kit.person("anna").id
    kit.db.now(lambda tx: kit.people.change(tx, anna, "", "admin", quota=QUOTA, language="fr"))
    deliver(kit, 80_000)
    assert warnings(kit) == ["Votre boîte est pleine à 80 %"]


def test_owner_is_warned_again_only_after_there_was_less(kit: StoreKit) -> None:
    change(kit, "anna", quota=QUOTA)
    deliver(kit, 50_000, 31_000)
    assert len(warnings(kit)) == 1
    big = max(kit.inbox("anna"), key=lambda entry: entry.size)
    remove(kit, big)
    deliver(kit, 1000)
    assert len(warnings(kit)) == 1
    deliver(kit, 50_000)
    assert len(warnings(kit)) == 2


def test_warning_fits_into_a_full_inbox_and_says_what_to_do(kit: StoreKit) -> None:
    change(kit, "anna", quota=QUOTA, voicemails=10)
    deliver(kit, 120_000)
    (entry,) = [entry for entry in kit.inbox("anna") if entry.sender == SENDER]
    message = parsed(kit.text(entry))
    assert message["Subject"] == "Your inbox is full"
    assert message["To"] == "anna@example.org" and message["From"].addresses[0].addr_spec == SENDER
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Return-Path"] == "<>"
    text = message.get_content()
    assert "0.1 MB of 0.1 MB" in text and "0 of 10 voicemails" in text
    assert "delete messages" in text
    assert "waits at its senders" in text
    assert entry.kind is Kind.EMAIL and kit.store.history(entry=entry.id)[0].door == "quota"


def test_voicemails_warn_by_their_number(kit: StoreKit) -> None:
    change(kit, "anna", voicemails=5)
    for expected in (0, 0, 0, 1, 2):
        kit.mail("anna", kind=Kind.VOICEMAIL)
        assert len(warnings(kit)) == expected


def test_each_of_a_group_is_warned_for_the_own_inbox(kit: StoreKit) -> None:
    kit.alias("family", "anna", "bob")
    change(kit, "bob", quota=len(LETTER))
    kit.mail("family")
    assert (warnings(kit), warnings(kit, "bob")) == ([], ["Your inbox is full"])


def test_housekeeping_warns_whose_quota_has_become_smaller(kit: StoreKit) -> None:
    deliver(kit, 9500)
    clean(kit)
    assert warnings(kit) == []
    staff = template(kit, "staff", quota=10_000)
    change(kit, "anna", template=staff)
    clean(kit)
    assert warnings(kit) == ["Your inbox is 95% full"]
    clean(kit)
    assert len(warnings(kit)) == 1
    remove(kit, *kit.inbox("anna"))
    clean(kit)
    deliver(kit, 8500)
    assert warnings(kit) == ["Your inbox is 85% full"]


def test_settings_by_default_hold_a_gigabyte_and_any_number_of_voicemails() -> None:
    keeping = SETTINGS.keeping
    assert (keeping.quota_mb, keeping.voicemails, keeping.callers_percent) == (1000, 0, 10)
    assert not keeping.full_is_permanent
