"""Journey: the mail service is killed while it fetches mail from a server elsewhere.

Wherever it happens, each message is in the inbox once when the next service has been there, and
has gone from the server, which was told to delete what was fetched.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.inbox.fetch_accounts import Tls
from tests.kit.killing import House, kill_at, needs_strace
from tests.kit.pop3_elsewhere import PASSWORD, USER, Pop3Elsewhere

MESSAGES = 30
LARGE = 600_000  # octets: three chunks, each with a commit of its own
WITHIN_S = 30.0

pytestmark = needs_strace


def message(number: int) -> bytes:
    head = f"From: x@y.test\r\nSubject: {number}\r\nMessage-ID: <{number}@y.test>\r\n\r\n"
    body = b"x" * 76 + b"\r\n"
    return head.encode() + body * (LARGE // 78 if number % 10 == 5 else 3)


def wait_for(happened: Callable[[], bool]) -> None:
    """Return when it has happened; what another process does has no notice for us."""
    pause = threading.Event()
    for _ in range(int(WITHIN_S / 0.02)):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError("it does not happen")


def furnished(path: Path, port: int) -> House:
    """Anna's mail on the server is fetched, and deleted there at once."""
    house = House(path)
    house.furnish(["anna"])
    box = house.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    fields = {
        "server": "127.0.0.1", "port": port, "tls": Tls.NONE, "user": USER, "poll_s": 60.0,
        "keep_days": 0,
    }  # fmt: skip
    box.db.now(lambda tx: box.fetch_accounts.add(tx, anna.id, fields, PASSWORD))
    box.db.close()
    return house


def subjects(house: House) -> list[str]:
    box = house.inbox()
    anna = box.people.by_login("anna")
    assert anna is not None
    found = [entry.subject for entry in box.store.entries(anna.id)]
    box.db.close()
    return found


# Of the 37 or so commits of such a visit; every third of them was tried when this was written.
@pytest.mark.parametrize(("instant", "names"), [(5, True), (17, False), (30, True)])
def test_what_was_being_fetched_comes_once(tmp_path: Path, instant: int, names: bool) -> None:
    mails = {f"n{number}": message(number) for number in range(MESSAGES)}
    with Pop3Elsewhere(mails, names=names) as old:
        house = furnished(tmp_path / "var", old.port)
        with house.mail(kill_at(instant)) as service:
            service.ended()
        assert len(set(subjects(house))) == len(subjects(house)), "doubled before the second start"
        before = len(subjects(house))
        with house.mail() as service:
            wait_for(lambda: not old.messages)
            wait_for(lambda: went_well(house))
            service.terminate()
        house.check_store()
        found = subjects(house)
        assert sorted(found, key=int) == [str(number) for number in range(MESSAGES)]
        assert before < MESSAGES, "the service was killed after it had fetched all"
        fetched = old.count("RETR")
        assert MESSAGES <= fetched <= MESSAGES + 1, "only what was under way is fetched again"


def went_well(house: House) -> bool:
    box = house.inbox()
    (account,) = box.fetch_accounts.all()
    box.db.close()
    return account.ok_at is not None and account.error == ""
