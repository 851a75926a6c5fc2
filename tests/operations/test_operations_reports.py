"""Reports and first steps: sizes, making room, what became of a message, setting up."""

import pytest

from app.appliance import Inbox
from app.inbox.call_log import KEPT
from app.inbox.entries import EntryState, Facts, Kind
from app.operations import reports
from app.operations.actor import Actor, Role
from app.operations.calls import list_calls
from app.operations.errors import NotAllowed, NotFound, OperationError
from app.operations.first_steps import DISMISSED, STEPS, begin_again, first_steps, step_done
from app.operations.people import NewPerson, add_person
from app.operations.reports import find_message, remove_saved, report_sizes
from app.store.database import Tx
from tests.kit.actors import ADMIN, owner

NOW = 1_700_000_000.0
DAY = 86_400
BOTH, NONE = frozenset(Kind), frozenset[Kind]()


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for number, login in enumerate(("anna", "ben"), 1):
        add_person(box, ADMIN, NewPerson(login, login.title(), f"20{number}", f"10{number}"))


def put(
    box: Inbox, login: str, days: float = 0, kind: Kind = Kind.EMAIL, heard: bool = True,
    saved: bool = False, message_id: str = "", octets: int = 100,
) -> int:  # fmt: skip
    """A message that came so many days ago; its number."""
    person = box.people.by_login(login)
    assert person is not None
    facts = Facts(NOW - days * DAY, "Marta", "Lunch", by="192.0.2.7", message_id=message_id)

    def work(tx: Tx) -> int:
        content = box.store.contents.write(tx, [b"a: b\r\n\r\n" + b"x" * octets + b"\r\n"])
        entry = box.store.add_entry(tx, person.id, content, b"", kind, EntryState.NEW, facts)
        if heard or saved:
            state = EntryState.HEARD if heard else None
            box.store.mark(tx, [entry], state, saved=saved or None)
        return entry

    return box.db.now(work)


def in_bin(box: Inbox, *numbers: int) -> list[bool]:
    return [e is not None and e.state is EntryState.BIN for e in map(box.store.entry, numbers)]


def test_sizes_are_told_the_fullest_first(box: Inbox) -> None:
    put(box, "ben", octets=5000)
    put(box, "anna", kind=Kind.VOICEMAIL, heard=False)
    found = report_sizes(box, ADMIN)
    assert [one.login for one in found.boxes] == ["ben", "anna"]
    anna = found.boxes[1]
    assert (anna.voicemails, anna.new_voicemails, anna.new_emails) == (1, 1, 0)
    assert anna.quota == 1_000_000_000 and 100 < anna.used < 300
    second = report_sizes(box, ADMIN, page=2, size=1)
    assert [one.login for one in second.boxes] == ["anna"] and second.pages == 2


def test_saved_messages_go_by_age_kind_and_whether_they_are_kept(box: Inbox) -> None:
    old, young = put(box, "ben", 40), put(box, "ben", 3)
    voice, kept = put(box, "ben", 40, Kind.VOICEMAIL), put(box, "ben", 40, saved=True)
    new, others = put(box, "ben", 40, heard=False), put(box, "anna", 40)
    all_of_them = (old, young, voice, kept, new, others)
    done = remove_saved(box, ADMIN, "ben", 30, frozenset({Kind.EMAIL}), False, NOW)
    assert (done.done, done.more) == (1, False)
    assert in_bin(box, *all_of_them) == [True, False, False, False, False, False]
    assert remove_saved(box, ADMIN, "ben", 0, BOTH, True, NOW).done == 3
    assert in_bin(box, *all_of_them) == [True, True, True, True, False, False]


def test_at_most_so_many_go_at_once_and_the_rest_is_told(
    box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "AT_ONCE", 2)
    monkeypatch.setattr(reports, "READ", 2)
    for _ in range(5):
        put(box, "ben", 40)
    found = [remove_saved(box, ADMIN, "ben", 30, BOTH, False, NOW) for _ in range(3)]
    assert [(one.done, one.more) for one in found] == [(2, True), (2, True), (1, False)]


@pytest.mark.parametrize(
    ("days", "kinds", "field"), [(-1, BOTH, "days"), (1, frozenset(), "kinds")]
)
def test_what_cannot_be_meant_is_refused_by_its_field(
    box: Inbox, days: int, kinds: frozenset[Kind], field: str
) -> None:
    with pytest.raises(OperationError) as refused:
        remove_saved(box, ADMIN, "ben", days, kinds, False, NOW)
    assert refused.value.field == field


def test_message_is_found_by_its_id_in_every_box_and_after_it_is_gone_for_good(
    box: Inbox,
) -> None:
    first, second = (put(box, login, message_id="<a.1@x.test>") for login in ("anna", "ben"))
    put(box, "ben", message_id="<a.2@x.test>")
    box.db.now(lambda tx: box.store.remove(tx, [first], "pop3", "anna"))
    box.db.now(lambda tx: box.store.empty_bin(tx, float("inf")))
    found = find_message(box, ADMIN, " a.1@x.test ")
    assert [(one.number, one.login) for one in found] == [(second, "ben"), (first, "anna")]
    assert found[1].entry is None and found[1].rows[-1].verb == "purged"
    assert find_message(box, ADMIN, str(second))[0].rows[0].by == "192.0.2.7"


@pytest.mark.parametrize("text", ["", "x", "1" * 19, "a@" + "x" * 600])
def test_what_is_neither_number_nor_id_is_said_so(box: Inbox, text: str) -> None:
    with pytest.raises(OperationError) as refused:
        find_message(box, ADMIN, text)
    assert refused.value.field == "message"


def test_only_so_many_calls_are_remembered(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inbox.call_log.KEPT", 10)
    for number in range(25):
        box.db.now(
            lambda tx, number=number: box.store.calls.note(  # type: ignore[misc]
                tx, "line1", str(number), None, "101", "answered", 4, number
            )
        )
    page = list_calls(box, ADMIN, limit=4)
    assert [call.caller for call in page.calls] == ["24", "23", "22", "21"] and page.more
    rest = list_calls(box, ADMIN, page.calls[-1].id, 50)
    assert len(rest.calls) == 6 and not rest.more and KEPT == 5000
    phones = Actor("cora", "web", frozenset({Role.USER, Role.PHONE}))
    assert list_calls(box, phones).calls


def test_first_steps_are_asked_until_they_are_done_or_dismissed(box: Inbox) -> None:
    steps = first_steps(box, ADMIN)
    assert steps.wanted and steps.next == STEPS[0]
    for name in STEPS[:-1]:
        steps = step_done(box, ADMIN, name)
    assert steps.wanted and steps.next == STEPS[-1]
    assert not step_done(box, ADMIN, DISMISSED).wanted
    assert begin_again(box, ADMIN).next == STEPS[0]
    for name in STEPS:
        steps = step_done(box, ADMIN, name)
    assert not steps.wanted and steps.next == ""
    with pytest.raises(NotFound):
        step_done(box, ADMIN, "lunch")


def test_who_is_no_administrator_sees_nothing_of_others(box: Inbox) -> None:
    ben = owner(box, "ben")
    for ask in (
        lambda: report_sizes(box, ben),
        lambda: remove_saved(box, ben, "ben", 0, BOTH, False, NOW),
        lambda: find_message(box, ben, "1"),
        lambda: list_calls(box, ben),
        lambda: first_steps(box, ben),
    ):
        with pytest.raises(NotAllowed):
            ask()
