"""Random walks of callers and owners through voicemail, on the real switch, clerk and store.

To the walks of calls (tests/phone/test_phone_walks.py) come those who speak to a greeting, work
through their messages, write and send on, and what happens behind their backs: other doors remove
messages and people, lines fail. At the end the store has every message that was said, once.
"""

import itertools
import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from app.call_parts import call_scripts, on_news, receptionist
from app.clerk.api import Job
from app.clerk.client import InProcessClerk
from app.inbox.entries import EntryState, Kind
from app.phone.config import IncomingRoute, PhoneConfig
from app.phone.groups import ATTENDANT, AttendantConfig, RingGroup
from app.phone.pbx import Pbx
from app.voicemail.config import RecordingLimits
from app.voicemail.follow_me import follow_script
from app.voicemail.jobs import LetterResult, RecordingResult
from app.voicemail.message_waiting import MessageWaitingLamps
from drivers.ports import PortRecovered
from tests.kit.invariants import check_store
from tests.kit.phone import Bench, StubBoard
from tests.kit.voicemail import PIN, House, tone
from tests.phone.test_phone_walks import LINES, WHICH, Walk, one_of, walk

WALKS = int(os.environ.get("SWITCHHOOK_VOICEMAIL_WALKS", "10000"))
SHM = Path("/dev/shm")
EVERY = tuple(EntryState)
SAID_S = 3
SPEAK, HANG_UP, FAIL, REMOVE, WAIT = "speak", "hang up", "fail", "remove", "wait"
CALLER_ENDS = st.lists(
    st.sampled_from([HANG_UP, HANG_UP, FAIL, WAIT, SPEAK, "#", "1", "2", "3", "4", "0", "*"]),
    max_size=6,
)
HEARD = ("1", WAIT, WAIT, WAIT)
"""Listens to a whole message: while it is played some keys mean other things."""
TO = ("202#", "203#", "201#", "#")
OWNER_DOES = st.lists(
    st.sampled_from(
        [
            *("1", "1", "4", "5", "6", "6", "7", "7", "8", "9", "9", "0", "*", "#"),
            *("22", "21", "23", "37", "34", "39", "32", "38", "31", "8"),
            *(*TO, *TO, SPEAK, SPEAK, HANG_UP, REMOVE, WAIT),
        ]
    )
    | st.sampled_from(
        [
            ("8", "203#", "#", SPEAK, "#", "1"),
            *(HEARD + last for last in (("38", "202#", "#", "2"), ("31", SPEAK, "#", "1"))),
            *(HEARD + last for last in (("7",), ("9",), ("7", "6", "7"))),
        ]
    ),
    min_size=2,
    max_size=8,
).map(lambda all_: [w for one in all_ for w in ((one,) if isinstance(one, str) else one)])


class WatchedClerk(InProcessClerk):
    """A clerk whose recordings and letters are kept account of."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.begun: dict[int, str] = {}
        self.pieces: dict[int, dict[int, bytes]] = {}
        self.ended: Counter[int] = Counter()
        self.due: Counter[str] = Counter()
        """Voicemails that must be in a mailbox, by its number."""
        self.faults: list[str] = []
        self._drafts_sent: set[int] = set()

    def _do(self, job: Job, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = super()._do(job, args, kwargs)
        watch = getattr(self, f"_after_{job.name}", None)
        if watch is not None:
            watch(result, **job.arguments(*args, **kwargs))
        return result

    def _after_begin_recording(self, result: Any, mailbox: str, **_: Any) -> None:
        if result.recording is not None:
            self.begun[result.recording] = mailbox
            self.pieces[result.recording] = {}

    def _after_samples(self, _: Any, recording: int, seq: int, octets: bytes) -> None:
        self.pieces[recording][seq] = octets

    def _after_end_recording(
        self, result: Any, recording: int, why: str, takes: Any = (), **_: Any
    ) -> None:
        self.ended[recording] += 1
        if result is RecordingResult.DELIVERED:
            self.due[self.begun[recording]] += 1
        starts = (0, *takes)
        said = [self._said_s(recording, start) for start in starts]
        if said[-1] >= SAID_S - 0.5 and result is not RecordingResult.DELIVERED:
            self.faults.append(f"{said} s were said, and {why} made it {result}")

    def _said_s(self, recording: int, since: int) -> float:
        said = b"".join(o for seq, o in self.pieces[recording].items() if seq >= since)
        return float(np.count_nonzero(np.abs(np.frombuffer(said, "<i2")) > 1000)) / 8000

    def _after_send_letter(self, result: Any, letter: Any, **_: Any) -> None:
        if result is not LetterResult.SENT:
            return
        draft = letter["draft"]
        if draft in self._drafts_sent:
            self.faults.append(f"draft {draft} was sent twice")
        self._drafts_sent |= {draft} if draft else set()
        for address in letter["to"]:
            self.due[BOXES[address.partition("@")[0]]] += 1


BOXES = {"anna": "201", "bob": "202", "cleo": "203"}


class WholeBench(Bench):
    """A switch whose clerk and scripts are the real ones."""

    def __init__(self, config: PhoneConfig, directory: Path) -> None:
        self.house = House(directory)
        self.board = StubBoard(4, 2)
        self.lamps = MessageWaitingLamps(lambda station, on: self.pbx.message_waiting(station, on))
        changed = on_news(self.lamps.update, lambda: self.pbx)
        self.account = WatchedClerk(self.house.jobs, changed)
        numbers = (*self.board.stations, "300")
        self.pbx = Pbx(
            self.board,
            self.board.slots,
            self.account,
            replace(
                config,
                incoming={"line2": IncomingRoute(to=ATTENDANT)},
                groups={"300": RingGroup(("101", "102"), "in turn", 4.0, "201")},
            ),
            *call_scripts(self.account, RecordingLimits(longest_s=20)),
            attendant=receptionist(self.account, AttendantConfig(tries=2), numbers),
        )
        self.pbx.calls.follow = follow_script(self.account)
        self.pbx.power_up()
        self.run(5)

    def run(self, periods: int) -> None:
        for begin in range(0, periods, 50):
            super().run(min(50, periods - begin))
            self.account.dispatch()


class VoicemailWalk(Walk):
    """Anna and Bob have handsets, Cleo has none; line2 leads to the attendant."""

    def board_of(self, config: PhoneConfig) -> Bench:
        shm = str(SHM) if SHM.is_dir() else None
        self._directory = tempfile.TemporaryDirectory(dir=shm)
        self.whole = WholeBench(config, Path(self._directory.name))
        kit = self.whole.house.kit
        bob = kit.person("bob").id
        kit.db.now(lambda tx: kit.people.set_pin(tx, bob, PIN, by="bob"))
        self._hertz = itertools.count(500, 7)
        self.bob_is_there = True
        for _ in range(2):
            self.whole.house.leave("201")
        return self.whole

    def in_scripts(self) -> list[str]:
        return [name for name in self.bench.pbx.lines if self.bench.call(name) == "script"]

    # What callers and owners do.

    @rule(name=LINES, rings=st.sampled_from([8, 8, 8, 3]))
    def call_and_wait(self, name: str, rings: int) -> None:
        trunk = self.bench.trunk(name)
        for _ in range(rings):
            if self.bench.call(name) not in ("", "ringing"):
                break
            trunk.burst(True)
            self.bench.run(100)
            trunk.burst(False)
            self.bench.run(100)

    @precondition(lambda walk: walk.in_scripts())
    @rule(which=WHICH)
    def speak(self, which: int) -> None:
        self._say(one_of(self.in_scripts(), which))

    @rule(name=LINES, ends=CALLER_ENDS)
    def somebody_leaves_a_message(self, name: str, ends: list[str]) -> None:
        """Ring until something answers, skip the greeting, speak, and do something more."""
        self.call_and_wait(name, 8)
        for what in ("#", SPEAK, *ends):
            if self.bench.call(name) == "script":
                self._do(name, what)

    @precondition(lambda walk: walk.free_owners())
    @rule(which=WHICH, does=OWNER_DOES)
    def owner_visits(self, which: int, does: list[str]) -> None:
        name = one_of(self.free_owners(), which)
        self._lift(name)
        self.bench.dial(name, {"101": "201", "102": "202"}[name])
        self.bench.run(20)
        for what in (f"{PIN}#", *does):
            if self.bench.call(name) == "script":
                self._do(name, what)

    @precondition(lambda walk: walk.in_scripts())
    @rule(which=WHICH, does=OWNER_DOES)
    def go_on_in_the_menu(self, which: int, does: list[str]) -> None:
        name = one_of(self.in_scripts(), which)
        for what in does:
            if self.bench.call(name) == "script":
                self._do(name, what)

    @precondition(lambda walk: walk.on_hook())
    @rule(which=WHICH)
    def visit_from_elsewhere(self, which: int) -> None:
        name = one_of(self.on_hook(), which)
        self.lift_and_call(which, "*98")
        self.bench.run(100)
        if self.bench.call(name) == "script":
            self.bench.dial(name, f"201#{PIN}#")
            self.bench.run(100)

    def free_owners(self) -> list[str]:
        return [name for name in ("101", "102") if name in self.on_hook()]

    def _do(self, name: str, what: str) -> None:
        if what == SPEAK:
            self._say(name)
        elif what == HANG_UP and name in self.bench.board.trunks:
            self.far_end_hangs_up(name)
        elif what == HANG_UP:
            self._hang_up(name)
        elif what == FAIL and name in self.bench.board.trunks:
            self.line_fails(name)
        elif what == REMOVE:
            self.other_door("remove")
        elif what not in (FAIL, WAIT):
            self.bench.dial(name, what)
        self.bench.run(300 if what == WAIT else 40)

    def _say(self, name: str) -> None:
        self.bench.run(40 if name in self.bench.board.trunks else 250)
        said = tone(SAID_S, hz=next(self._hertz))
        self.bench.say(name, np.frombuffer(said, "<i2").astype(np.int16))
        self.bench.run(100 * SAID_S + 10)

    # What happens elsewhere.

    @rule(what=st.sampled_from(["remove", "heard", "restore"]))
    def other_door(self, what: str) -> None:
        house = self.whole.house
        anna, store, db = house.kit.person("anna").id, house.kit.store, house.kit.db
        if what == "restore":
            binned = [e.id for e in store.entries(anna, states=(EntryState.BIN,))][:1]
            db.now(lambda tx: store.restore(tx, binned, "web", "anna"))
        elif what == "remove":
            first = [e.id for e in store.entries(anna)][:1]
            db.now(lambda tx: store.remove(tx, first, "web", "anna"))
        else:
            first = [e.id for e in store.entries(anna)][:1]
            db.now(lambda tx: store.mark(tx, first, EntryState.HEARD, door="web", by="anna"))
        self.bench.run(20)

    @precondition(lambda walk: walk.bob_is_there)
    @rule(really=st.sampled_from([False, False, True]))
    def bob_is_removed(self, really: bool) -> None:
        if really:
            kit = self.whole.house.kit
            bob = kit.person("bob").id
            kit.db.now(lambda tx: kit.people.remove(tx, bob, "anna"))
            self.bob_is_there = False
            self.bench.run(20)

    @rule(name=LINES)
    def line_fails(self, name: str) -> None:
        self.bench.trunk(name).fail("a fault of the test")
        self.bench.run(20)
        self.bench.trunk(name).events.append(PortRecovered())
        self.bench.run(5)

    # What must be true.

    @invariant()
    def nothing_said_is_lost(self) -> None:
        assert self.whole.account.faults == []

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.whole.house.kit.close()
            self._directory.cleanup()

    def _end(self) -> None:
        super()._end()
        account, house = self.whole.account, self.whole.house
        assert account.faults == []
        assert account.ended.keys() == account.begun.keys(), "a recording was begun, and not ended"
        assert set(account.ended.values()) <= {1}, "a recording was ended twice"
        assert house.kit.store.recordings.all() == [], "a recording is left"
        self.every_message_is_there_once()
        check_store(house.directory / "inbox.db")

    def every_message_is_there_once(self) -> None:
        account, house = self.whole.account, self.whole.house
        for login, box in BOXES.items():
            if login == "bob" and not self.bob_is_there:
                continue
            person = house.kit.person(login).id
            there = house.kit.store.entries(person, kinds=[Kind.VOICEMAIL], states=EVERY)
            due = account.due[box] + (2 if login == "anna" else 0)
            assert len(there) == due, f"{login} has {len(there)} messages of {due}"


def test_random_walks_through_voicemail_lose_no_message() -> None:
    walk(VoicemailWalk, 3, always_the_same=True)


@pytest.mark.soak
def test_ten_thousand_random_walks_through_voicemail() -> None:
    walk(VoicemailWalk, WALKS, always_the_same=False)
