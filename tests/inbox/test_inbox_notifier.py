"""People are told of messages that nobody has heard: texts, levels, calls, and when that ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from email import message_from_bytes
from pathlib import Path

import pytest

from app.inbox.entries import Entry, EntryState, Facts, Kind
from app.inbox.notification_rules import CALL_LONGEST_S, Level, Plan, Quiet, Way
from app.inbox.notifier import NO_LINE, Notifier
from tests.kit.store import StoreKit

LEVELS = (Level(Way.MAIL, "cleo", 10, retries=1), Level(Way.CALL, "5559876", 5, retries=1))
PLAN = Plan(("bob", "5551234@sms.example"), levels=LEVELS)
VOICE = b"Subject: Voicemail\r\nImportance: normal\r\n\r\nsound\r\n"


class House(StoreKit):
    """A store whose people are told of messages; time goes in steps."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.add_people()
        self.start()

    def start(self) -> None:
        """The process begins, or begins anew."""
        self.notifier = Notifier(self.db, self.store, self.people, self.delivery, self.clock, UTC)

    def wants(self, login: str, plan: Plan) -> None:
        person = self.person(login).id
        self.db.now(lambda tx: self.people.notifications.set(tx, person, plan, by=login))

    def later(self, minutes: float) -> None:
        self.clock.advance(60 * minutes)
        while self.notifier.look():
            pass

    def voicemail(self, octets: bytes = VOICE) -> Entry:
        def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
            content = self.store.contents.write(tx, (octets,))
            facts = Facts(
                self.clock.now(), "CARL 5550000", "Voicemail", "5550000", "CARL", duration_s=72
            )
            return self.store.add_entry(
                tx, self.person("anna").id, content, b"", Kind.VOICEMAIL, EntryState.NEW, facts
            )

        entry = self.store.need(self.db.now(work))
        self.later(0)
        return entry

    def told(self) -> list[str]:
        """What the history says of it."""
        rows = self.store.history(self.person("anna").id)
        return [row.detail for row in rows if row.verb == "notified"]

    def hear(self, entry: Entry) -> None:
        self.db.now(lambda tx: self.store.mark(tx, [entry.id], door="phone", by="anna"))

    def runs(self) -> int:
        row = self.db.reader().execute("SELECT count(*) FROM notification_run").fetchone()
        return int(row[0])


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "inbox.db")
    yield made
    made.close()


def test_text_goes_at_once_to_people_and_addresses_fits_an_sms_and_is_of_a_machine(
    house: House,
) -> None:
    house.wants("anna", PLAN)
    house.voicemail()
    (text,) = house.inbox("bob")
    mail = message_from_bytes(house.text(text))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    said = mail.get_payload()
    assert isinstance(said, str)
    assert said.strip() == "Anna A.: from CARL 5550000, Mon 21 Sep 14:13, 1:12. New: 1"
    assert len(mail["Subject"]) + 1 + len(said.strip()) <= 160
    (row,) = house.queue.page()
    assert row.recipient == "5551234@sms.example"
    assert house.told() == ["text to bob, 5551234@sms.example: sent"]


def test_nobody_is_told_who_wants_nothing_and_that_costs_no_row(house: House) -> None:
    house.voicemail()
    assert house.told() == [] and house.runs() == 0


def test_levels_follow_while_nobody_has_heard_it_and_end_when_it_is_heard(house: House) -> None:
    house.wants("anna", PLAN)
    entry = house.voicemail()
    house.later(9)
    assert house.inbox("cleo") == []
    house.later(1)
    assert len(house.inbox("cleo")) == 1
    house.hear(entry)
    house.later(0)
    house.later(60)
    assert len(house.inbox("cleo")) == 1
    assert house.told()[1:] == ["level 1, mail to cleo: sent", "ends: heard"]
    assert house.runs() == 0


@pytest.mark.parametrize("how", ["removed", "taken by Bob B."])
def test_it_ends_when_the_message_is_removed_or_taken(house: House, how: str) -> None:
    house.wants("anna", PLAN)
    entry = house.voicemail()
    if how == "removed":
        house.db.now(lambda tx: house.store.remove(tx, [entry.id], "web", "anna"))
    else:
        anna, bob = house.person("anna").id, house.person("bob").id
        house.db.now(lambda tx: house.people.shared.share(tx, anna, bob, "bob"))
        house.db.now(lambda tx: house.people.shared.claim(tx, entry.id, bob, "phone", "bob"))
    house.later(0)
    assert house.told()[-1] == f"ends: {how}"
    house.later(60)
    assert house.inbox("cleo") == []


def test_released_unheard_it_is_escalated_anew_without_a_second_text(house: House) -> None:
    house.wants("anna", PLAN)
    entry, anna = house.voicemail(), house.person("anna").id
    house.db.now(lambda tx: house.people.shared.claim(tx, entry.id, anna, "phone", "anna"))
    house.later(0)
    house.db.now(lambda tx: house.people.shared.release(tx, entry.id, anna, "phone", "anna"))
    house.later(0)
    house.later(10)
    assert len(house.inbox("bob")) == 1 and len(house.inbox("cleo")) == 1


def test_call_is_made_until_it_is_said_how_it_went_and_once_for_each_step(house: House) -> None:
    house.wants("anna", Plan(levels=LEVELS[1:]))
    entry = house.voicemail()
    house.later(5)
    (call,) = house.notifier.calls()
    assert (call.entry, call.target) == (entry.id, "5559876")
    house.start()
    assert house.notifier.calls() == [call]
    assert house.notifier.called(call.number, "not answered")
    assert not house.notifier.called(call.number, "not answered")
    assert house.notifier.calls() == []
    house.later(4)
    assert house.notifier.calls() == []
    house.later(1)
    (second,) = house.notifier.calls()
    assert second.number != call.number
    house.hear(entry)
    assert house.notifier.called(second.number, "heard")
    house.later(0)
    assert house.told() == [
        "level 1, call to 5559876: begins",
        "level 1, call to 5559876: not answered",
        "level 1, call to 5559876: begins",
        "level 1, call to 5559876: heard",
        "ends: heard",
    ]


def test_call_without_a_free_line_is_tried_again_and_one_that_says_nothing_is_over(
    house: House,
) -> None:
    house.wants("anna", Plan(levels=LEVELS[1:]))
    house.voicemail()
    house.later(5)
    house.notifier.called(house.notifier.calls()[0].number, NO_LINE)
    assert house.notifier.calls() == []
    house.later(1)
    assert len(house.notifier.calls()) == 1
    house.later(CALL_LONGEST_S / 60)
    assert house.notifier.calls() == []
    assert house.told()[-1] == "level 1, call to 5559876: nothing was heard of the call"


def test_nobody_is_called_for_an_e_mail_and_the_next_level_follows(house: House) -> None:
    house.wants("anna", Plan(emails=True, levels=(LEVELS[1], Level(Way.MAIL, "bob", 5))))
    house.mail("anna")
    house.later(0)
    house.later(5)
    assert house.notifier.calls() == []
    house.later(5)
    house.later(5)
    assert len(house.inbox("bob")) == 1
    assert house.told()[0] == "level 1, call to 5559876: not called, it is an e-mail"


def test_nobody_is_called_for_two_messages_at_a_time(house: House) -> None:
    house.wants("anna", Plan(levels=LEVELS[1:]))
    first, second = house.voicemail(), house.voicemail()
    house.later(5)
    (call,) = house.notifier.calls()
    assert call.entry == first.id
    house.hear(first)
    house.notifier.called(call.number, "heard")
    house.later(1)
    (call,) = house.notifier.calls()
    assert call.entry == second.id


def test_quiet_hours_hold_back_until_their_end_but_for_urgent_ones(house: House) -> None:
    quiet = Quiet(14 * 60, 16 * 60)  # it is 14:13
    house.wants("anna", replace(PLAN, quiet=quiet, urgent=True))
    house.voicemail()
    heard = house.voicemail()
    assert house.inbox("bob") == []
    house.voicemail(VOICE.replace(b"normal", b"high"))
    assert len(house.inbox("bob")) == 1
    house.hear(heard)
    for _ in range(8):
        house.later(15)
    assert len(house.inbox("bob")) == 2  # after them, if it is unheard
    held = [words for words in house.told() if "held back" in words]
    assert held == ["text to bob, 5551234@sms.example: held back, it is quiet"] * 2


def test_clock_that_was_never_set_knows_no_quiet_hours_and_a_step_of_it_no_ages(
    house: House,
) -> None:
    house.clock.step(-house.clock.now())
    house.wants("anna", replace(PLAN, quiet=Quiet(0, 1439)))
    house.voicemail()
    (text,) = house.inbox("bob")
    assert b"from CARL 5550000, 1:12" in house.text(text)
    house.clock.step(1_790_000_000 + 3600)
    house.later(0)
    assert house.inbox("cleo") == []


def test_notifications_are_never_notified_of(house: House) -> None:
    """Anna tells Bob, who tells Anna, who has an alias of all; e-mails are told of, too."""
    house.alias("all", "anna", "bob", "cleo")
    house.wants("anna", Plan(("bob", "all"), emails=True))
    house.wants("bob", Plan(("anna", "all"), emails=True))
    house.mail("anna")
    house.later(0)
    house.later(60)
    texts = [len(house.inbox(login)) for login in ("anna", "bob", "cleo")]
    assert texts == [1, 2, 1] and house.runs() == 0
    automatic = b"Auto-Submitted: auto-replied (vacation)\r\n\r\nI am away\r\n"
    house.mail("anna", octets=automatic)
    house.later(0)
    assert len(house.inbox("bob")) == 2


def test_crash_in_a_step_neither_loses_nor_doubles_its_text(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wants("anna", PLAN)
    with monkeypatch.context() as broken:

        def die(*_: object, **__: object) -> None:
            raise RuntimeError("power")

        broken.setattr(house.notifier, "_note", die)
        with pytest.raises(RuntimeError):
            house.voicemail()
    assert house.inbox("bob") == [] and house.queue.page() == []
    house.start()
    house.later(0)
    house.later(0)
    assert len(house.inbox("bob")) == 1 and len(house.queue.page()) == 1


def test_target_that_is_gone_is_said_and_the_others_are_told(house: House) -> None:
    house.alias("team", "bob")
    house.wants("anna", Plan(("team", "cleo")))
    house.db.now(lambda tx: house.aliases.remove(tx, "team"))
    house.voicemail()
    assert len(house.inbox("cleo")) == 1
    (words,) = house.told()
    assert words.startswith("text to team, cleo: not sent, team: ")


def test_new_plan_holds_for_what_is_under_way(house: House) -> None:
    house.wants("anna", PLAN)
    house.voicemail()
    house.wants("anna", Plan(levels=(Level(Way.MAIL, "bob", 3),)))
    house.later(0)
    house.later(3)
    assert len(house.inbox("bob")) == 2
    house.wants("anna", Plan())
    house.later(60)
    assert house.runs() == 0


def test_look_reads_by_the_index_however_many_messages_there_are(house: House) -> None:
    plan = house.db.reader().execute(
        "EXPLAIN QUERY PLAN SELECT min(look_box_s) FROM notification_run"
    )
    assert "USING COVERING INDEX notification_run_look" in str(plan.fetchall())
