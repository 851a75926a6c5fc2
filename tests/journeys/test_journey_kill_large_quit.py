"""Journey: the mail service is killed amid a QUIT of 1,000 removals, which it does in parts.

Before the removal is noted nothing is removed, and no answer was given. From then on all of it is
going to be removed: what the kill left is done at the next start, before anybody can look. Each
message goes once, whatever the instant.
"""

import poplib
import random
from pathlib import Path

import pytest

from app.inbox.removals import AT_ONCE
from app.inbox.store import EntryState
from app.store.database import Tx
from tests.kit.kill_load import log_in
from tests.kit.killing import House, kill_at, needs_strace, watch
from tests.kit.syscalls import FILE_CALLS, cut_power, read_calls

pytestmark = needs_strace

COUNT = 4 * AT_ONCE
MAIL = b"Subject: x\r\n\r\nx\r\n"
NOTED = 1
"""The sync of the writer's thread that notes the removal; before it only the start has synced."""


@pytest.fixture(scope="module")
def model_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Anna with COUNT messages; every run has a copy."""
    house = House(tmp_path_factory.mktemp("house") / "var")
    house.furnish(("anna",))
    box = house.inbox()

    def work(tx: Tx) -> None:
        content = box.store.contents.write(tx, [MAIL])
        tx.execute(
            "INSERT INTO entry (person, content, uidl, kind, state, prefix, size, chunks, dotted,"
            " received_at, sender, subject) SELECT 1, ?, 'u' || value, 'email', 'new', x'', ?, 1,"
            " 0, 0, '', '' FROM json_each(?)",
            (content, len(MAIL), str(list(range(COUNT)))),
        )

    box.db.now(work)
    box.db.close()
    return house


def removed(house: House) -> int:
    """How many messages lie in the bin, each of them removed once."""
    box = house.inbox()
    try:
        binned = box.store.entries(1, states=[EntryState.BIN])
        rows = [row.entry for row in box.store.history() if row.verb == "removed"]
        assert sorted(rows, key=str) == sorted((entry.id for entry in binned), key=str)
        assert {(entry.removed_door, entry.removed_by) for entry in binned} <= {("pop3", "anna")}
        return len(binned)
    finally:
        box.db.close()


def quit_killed(house: House, number: int, call: str = "fdatasync") -> bool:
    """Delete all in one session that is killed at a call of a thread; whether QUIT was answered."""
    with house.mail((*watch(FILE_CALLS), *kill_at(number, call))) as service:
        assert service.ready, "killed before it was ready"
        client = log_in(service, "anna")
        client.sock.sendall(b"".join(b"DELE %d\r\n" % (n + 1) for n in range(COUNT)))
        for _ in range(COUNT):
            assert client.file.readline().startswith(b"+OK")
        try:
            answer = client.quit()
        except (poplib.error_proto, OSError):
            answer = b""
        if answer:
            service.kill()
        else:
            assert service.ended() == -9, service.log()
    return answer.startswith(b"+OK")


def after_a_start(house: House) -> int:
    """How many messages are removed once the service is up again; nobody sees it half done."""
    with house.mail() as service:
        client = log_in(service, "anna")
        count, _ = client.stat()
        client.quit()
        assert service.terminate() == 0
    house.check_store()
    found = removed(house)
    assert count == COUNT - found
    return found


def test_a_large_quit_that_is_killed_amid_its_parts_is_finished_at_the_next_start(
    model_house: House, tmp_path: Path
) -> None:
    """Two starts of the service, one under strace: three seconds of a processor's time."""
    house = model_house.copy(tmp_path / "var")
    assert not quit_killed(house, NOTED + 3)
    assert 0 < removed(house) < COUNT, "the kill came amid the parts"
    assert after_a_start(house) == COUNT
    house.clear()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(60))
def test_a_large_quit_that_is_killed_or_cut_off_at_any_instant_is_whole_or_nothing(
    model_house: House, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(f"large quit {seed}")
    house = model_house.copy(tmp_path / "var")
    call = dice.choice(("fdatasync", "pwrite64"))
    number = dice.randint(1, 8) if call == "fdatasync" else dice.randint(20, 900)
    answered = quit_killed(house, number, call)
    if dice.random() < 0.6:
        database = house.paths.database
        files = (database, database.with_name(database.name + "-wal"))
        print(f"the power was cut: {cut_power(read_calls(house.trace), files, dice)} in doubt")
    found = after_a_start(house)
    print(f"{call} {number}: answered {answered}, {found} removed")
    assert found == COUNT if answered else found in (0, COUNT)
    house.clear()
