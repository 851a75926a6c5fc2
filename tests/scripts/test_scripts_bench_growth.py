"""The grown store of the bench is a store like any: what is copied is whole, counted and found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings
from app.core.clock import ManualClock
from app.store.check import check
from app.store.condition import State
from scripts.bench_growth import SHORT, Size, grow
from scripts.bench_peer_servers import message

SIZE = Size(messages=14, unread=5, people=4, queued=6)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Inbox]:
    paths = Paths(tmp_path)
    paths.make()
    box = open_inbox(paths, Settings())
    grow(SIZE, box)
    yield box
    box.db.close()


def rows(box: Inbox, sql: str) -> list[tuple[object, ...]]:
    return box.db.now(lambda tx: tx.execute(sql).fetchall())


def test_grown_store_has_what_its_size_says(box: Inbox) -> None:
    # one more read message is the model of the others
    assert rows(box, "SELECT state, count(*) FROM entry GROUP BY state ORDER BY state") == [
        ("heard", SIZE.messages + 1),
        ("new", SIZE.unread),
    ]
    of_each = rows(box, "SELECT count(*) FROM entry WHERE state = 'heard' GROUP BY person")
    assert sorted(of_each) == [(3,), (3,), (4,), (5,)]
    assert rows(box, "SELECT count(*), count(DISTINCT recipient) FROM queue") == [(6, 6)]
    assert len({uidl for (uidl,) in rows(box, "SELECT uidl FROM entry")}) == SIZE.messages + 6


def test_grown_store_is_whole_and_its_people_have_what_is_counted(
    box: Inbox, tmp_path: Path
) -> None:
    octets = len(message(SHORT))
    sizes = rows(box, "SELECT sum(size) FROM entry GROUP BY person")
    assert sorted(sizes) == [(octets * count,) for count in (3, 3, 4, 5, 5)]
    used = rows(box, "SELECT octets FROM usage WHERE octets > 0")
    assert sorted(used) == sorted(sizes)
    for (content,) in rows(box, "SELECT content FROM entry"):
        assert isinstance(content, int)
        assert box.store.contents.chunk(content, 0) == message(SHORT)
    found = check(Paths(tmp_path).database, ManualClock(), lambda _: None)
    assert found.state is State.WELL, found.text
