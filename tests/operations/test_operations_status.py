"""The status report: what needs attention is in it, and what cannot be read hides nothing else."""

from dataclasses import replace

import pytest

from app.appliance import Inbox, open_inbox
from app.clerk.spool import CallFacts, Spool, SpoolFolder
from app.commands.status import show
from app.config.paths import Paths
from app.core.clock import ManualClock
from app.core.units import MB
from app.inbox.people import PinOrigin, PinResult
from app.operations.attention import attention
from app.operations.errors import NotAllowed
from app.operations.lines import Lines, LineStatus
from app.operations.panel_state import NOT_SERVED, PanelState, PanelTold
from app.operations.people import NewPerson, add_person
from app.operations.status import StatusReport, read_status
from app.store import space
from app.store.condition import StoreCondition
from app.store.database import Tx
from tests.kit.actors import ADMIN, owner

NOW = 1_790_000_000.0
DAY_S = 86_400


def report(paths: Paths, clock: ManualClock | None = None) -> StatusReport:
    clock = clock or ManualClock(NOW)
    return read_status(
        ADMIN, paths, lambda where, settings: open_inbox(where, settings, clock), clock
    )


@pytest.fixture
def anna(paths: Paths) -> int:
    box = open_inbox(paths, paths.settings(), ManualClock(NOW))
    person = add_person(box, ADMIN, NewPerson("anna", "Anna", "201", "101", admin=True)).person
    return person.id


def test_report_of_a_box_that_does_not_run_shows_the_store(paths: Paths, anna: int) -> None:
    found = report(paths)
    assert [s.name for s in found.services] == ["box", "phone", "mail", "admin", "tasks"]
    assert not any(service.supervised for service in found.services)
    assert "is the appliance running?" in found.lines.problem
    assert (found.holdings.inboxes, found.holdings.used) == (1, 0)
    assert attention(found) == []


def test_ports_that_mail_is_served_on_are_shown_while_it_runs(
    paths: Paths, anna: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(paths).ports == {}
    paths.sockets.mkdir(parents=True, exist_ok=True)
    paths.mail_ports.write_text('{"host": "0.0.0.0", "pop3": 110, "pop3s": 995, "smtp": 25}')
    show(report(paths))
    assert "ports    POP3 110, POP3 by TLS 995, SMTP 25\n" in capsys.readouterr().out


def test_settings_that_cannot_be_read_are_told_and_the_rest_is_shown(
    paths: Paths, anna: int
) -> None:
    paths.settings_file.write_text("[site]\ncountry = “de”\n")
    found = report(paths)
    assert "line 2" in found.settings_problem
    assert found.holdings.inboxes == 1
    assert any("the settings cannot be used" in text for text in attention(found))


def test_store_that_cannot_be_opened_is_told_and_the_rest_is_shown(paths: Paths, anna: int) -> None:
    for file in paths.database.parent.glob("inbox.db*"):
        file.unlink()
    paths.database.write_bytes(b"no store " * 1000)
    found = report(paths)
    assert "cannot be opened" in found.store_problem
    assert len(found.services) == 5
    assert any("the store of messages is damaged" in text for text in attention(found))


def test_damage_is_told_with_what_it_means_and_the_rest_of_the_store_is_shown(
    paths: Paths, anna: int
) -> None:
    StoreCondition(paths.database).note("page 7 cannot be read")
    found = report(paths)
    assert found.holdings.inboxes == 1
    [told] = attention(found)
    for words in ("page 7 cannot be read", "mail is refused for the time being", "`inbox repair`"):
        assert words in told


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ('[site]\npostmaster = "eva"\n', "site.postmaster: there is no eva here; there are: anna"),
        (
            '[phone]\nincoming.line1.mailbox = "209"\n',
            "phone.incoming.line1.mailbox: nobody has the mailbox 209; there are: 201 (anna)",
        ),
        (
            '[phone]\nboard = "toaster"\n',
            "phone.board: there is no board toaster; there are: qemu, rpi, rpi-codec, rpi8,"
            " virtual",
        ),
        (
            '[phone]\nincoming.lime1.mailbox = "201"\n',
            "phone.incoming.lime1: the board virtual has no outside line lime1; there are: line1,"
            " line2",
        ),
    ],
)
def test_typo_in_the_settings_is_told_and_the_rest_is_shown(
    paths: Paths, anna: int, settings: str, told: str
) -> None:
    paths.settings_file.write_text(settings)
    found = report(paths)
    assert attention(found) == [told]
    assert found.holdings.inboxes == 1


def test_numbers_that_became_wrong_are_told_by_login(paths: Paths, anna: int) -> None:
    box = open_inbox(paths, paths.settings())
    box.db.now(lambda tx: box.people.change(tx, anna, mailbox="102", handset="300"))
    assert attention(report(paths)) == [
        "people.anna.mailbox: 102 is the number of a handset; another one, such as 202, will do",
        "people.anna.handset: the board virtual has no handset jack 300; there are: 101, 102",
    ]


def test_locked_pin_is_told_until_the_lock_ends(paths: Paths, anna: int) -> None:
    clock = ManualClock(NOW)
    box = open_inbox(paths, paths.settings(), clock)
    answers = [box.people.check_pin(anna, "0000", PinOrigin("102")) for _ in range(3)]
    assert answers[-1].result is PinResult.LOCKED
    clock.advance(299)
    (text,) = attention(report(paths, clock))
    assert "102 is locked out of the mailbox of anna until " in text
    assert "`people pin anna`" in text
    clock.advance(1)
    assert report(paths, clock).locks == ()


def miss(box: Inbox, person: int | None) -> None:
    def work(tx: Tx) -> None:
        box.store.missed_call(
            tx, person, line="line1", caller_number="5551234", reason="the mailbox is full"
        )

    box.db.now(work)


def test_missed_calls_of_the_last_days_are_counted_and_those_for_nobody_listed(
    paths: Paths, anna: int
) -> None:
    for days_ago, person in ((8, anna), (2, anna), (1, anna), (1, None), (9, None)):
        miss(open_inbox(paths, paths.settings(), ManualClock(NOW - days_ago * DAY_S)), person)
    missed = report(paths).missed
    assert missed.by_login == (("anna", 2),)
    (call,) = missed.for_nobody
    assert (call.line, call.caller, call.reason) == ("line1", "5551234", "the mailbox is full")


def test_notices_of_the_boot_scripts_come_first(paths: Paths, anna: int) -> None:
    paths.notices.mkdir()
    (paths.notices / "card").write_text("the card is nearly full\n")
    assert attention(report(paths)) == ["the card is nearly full"]


def test_line_with_a_broken_chip_needs_attention_and_one_without_a_plug_does_not(
    paths: Paths, anna: int
) -> None:
    broken = LineStatus("102", "station", "down", "", False, "102: no Si3210 answers", False)
    empty = LineStatus("line2", "trunk", "dead", "", None, "no line voltage", True)
    found = replace(report(paths), lines=Lines((broken, empty)))
    (text,) = attention(found)
    assert text.startswith("102 is out of order: 102: no Si3210 answers")


def test_nobody_but_an_administrator_sees_it(paths: Paths, box: Inbox, anna: int) -> None:
    with pytest.raises(NotAllowed):
        read_status(owner(box, "anna"), paths, open_inbox)


def test_recordings_that_wait_for_the_store_need_attention(paths: Paths, anna: int) -> None:
    spool = Spool([SpoolFolder(str(paths.spool), 1 << 20)])
    for number in (1, 2):
        spool.begin(number, CallFacts("201", "line1"))
    found = report(paths)
    assert found.spooled == 2
    (text,) = attention(found)
    assert text.startswith("2 recordings or missed calls wait")


@pytest.mark.parametrize(
    ("free_mb", "mail", "callers"),
    [(300, "", ""), (150, "try again later", "can still leave"), (20, "try again", "cannot leave")],
)
def test_full_disk_needs_attention_and_says_what_is_still_taken(
    paths: Paths, anna: int, monkeypatch: pytest.MonkeyPatch, free_mb: int, mail: str, callers: str
) -> None:
    monkeypatch.setattr(space, "disk_free", lambda _: free_mb * MB)
    texts = attention(report(paths))
    assert len(texts) == (1 if mail else 0)
    assert all(mail in text and callers in text for text in texts)


def test_front_panel_is_named_with_whether_it_answers(
    paths: Paths, anna: int, capsys: pytest.CaptureFixture[str]
) -> None:
    show(report(paths))
    assert f"panel    by pins (gpio): {NOT_SERVED}\n" in capsys.readouterr().out
    paths.sockets.mkdir(parents=True, exist_ok=True)
    told = PanelTold(paths.panel_state)
    told.tell("")
    assert report(paths).panel == PanelState("gpio", "")
    show(report(paths))
    assert "panel    by pins (gpio): it answers\n" in capsys.readouterr().out
    told.tell("I2C: /dev/i2c-1: No such file or directory")
    show(report(paths))
    assert "panel    by pins (gpio): I2C: /dev/i2c-1: No such" in capsys.readouterr().out
    told.close()
    paths.settings_file.parent.mkdir(parents=True, exist_ok=True)
    paths.settings_file.write_text("[panel]\nenabled = false\n")
    assert report(paths).panel is None
