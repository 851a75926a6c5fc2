"""Stations and trunks: what telephones and exchanges do becomes line events and orders to ports."""

from collections.abc import Callable

import numpy as np
import pytest

from app.core.timers import TimerQueue
from app.phone.calls.line import Caller
from app.phone.lines import caller_id, line_events
from app.phone.lines.hook import Break, classify, pulsed_digit
from app.phone.lines.line_events import LineEvent
from app.phone.lines.station import StationLine, StationState
from app.phone.lines.trunk import TrunkLine
from app.phone.lines.trunk_states import TrunkState
from app.phone.sound import dsp
from app.phone.sound.mixer import Mixer
from app.phone.timers import VMWI_REFRESH
from drivers.buses import PERIOD, Samples
from drivers.countries import country
from drivers.ports import Feed, HookChanged, PolarityReversed, PortFault, PortRecovered
from tests.kit.phone import StubStation, StubTrunk


class OneLine:
    """A mixer with one line, whose periods the test counts."""

    def __init__(self) -> None:
        self.queue, self.mixer = TimerQueue(), Mixer(1)
        self.reported: list[LineEvent] = []
        self.says: list[Samples] = []
        self.played: list[Samples] = []

    def report(self, line: object, event: LineEvent) -> None:
        self.reported.append(event)

    def events(self) -> list[LineEvent]:
        """What was reported since the last look, but that it lies at rest, as at its start."""
        taken: list[LineEvent] = [
            event for event in self.reported if not isinstance(event, line_events.AtRest)
        ]
        self.reported.clear()
        return taken

    def run(self, periods: int) -> None:
        for _ in range(periods):
            self.poll()
            self.queue.beat()
            row = self.says.pop(0) if self.says else np.zeros(PERIOD, np.int16)
            self.mixer.hear(row.reshape(1, PERIOD))
            self.played.append(self.mixer.play()[0])

    def poll(self) -> None:
        raise NotImplementedError

    def say(self, samples: Samples) -> None:
        whole = samples[: len(samples) // PERIOD * PERIOD]
        self.says.extend(whole.reshape(-1, PERIOD))


class OneStation(OneLine):
    """A handset in your handset."""

    def __init__(self, where: str = "us") -> None:
        super().__init__()
        self.lost = 0
        self.port = StubStation("101", 0)
        self.line = StationLine(
            self.port,
            self.mixer.channel(0),
            self.queue,
            country(where),
            self.report,
            lambda: "11241530",
            lambda: self.lost,
        )
        self.line.ready()

    def poll(self) -> None:
        for event in self.port.poll():
            self.line.port_event(event)

    def lift(self, periods: int = 1) -> None:
        self.port.lift()
        self.run(periods)

    def lower(self, periods: int = 1) -> None:
        self.port.lower()
        self.run(periods)

    @property
    def state(self) -> StationState:
        return self.line.machine.state


class OneTrunk(OneLine):
    """An outside line in your handset."""

    def __init__(self, where: str = "us") -> None:
        super().__init__()
        self.port = StubTrunk("line1", 0)
        channel = self.mixer.channel(0)
        self.line = TrunkLine(self.port, channel, self.queue, self.report, country(where))
        self.line.ready()

    def poll(self) -> None:
        for event in self.port.poll():
            self.line.port_event(event)

    def burst(self) -> None:
        """Two seconds of ringing."""
        self.port.burst(True)
        self.run(200)
        self.port.burst(False)
        self.run(1)

    @property
    def state(self) -> TrunkState:
        return self.line.machine.state


@pytest.mark.parametrize(
    ("periods", "what"),
    [
        (1, Break.PULSE),
        (20, Break.PULSE),
        (21, Break.NEITHER),
        (29, Break.NEITHER),
        (30, Break.FLASH),
        (80, Break.FLASH),
        (81, Break.NEITHER),
        (124, Break.NEITHER),
    ],
)
def test_on_hook_time_is_classified_by_its_length(periods: int, what: Break) -> None:
    assert classify(periods) is what


@pytest.mark.parametrize(
    ("periods", "what"), [(20, Break.PULSE), (21, Break.FLASH), (25, Break.FLASH)]
)
def test_r_key_outside_north_america_is_briefer(periods: int, what: Break) -> None:
    assert classify(periods, short=True) is what


@pytest.mark.parametrize(("where", "flashes"), [("us", 0), ("fr", 1)])
def test_break_of_270_ms_is_a_flash_in_france(where: str, flashes: int) -> None:
    handset = OneStation(where)
    handset.lift()
    handset.events()
    handset.lower(27)
    handset.lift(5)
    assert handset.events() == [line_events.Flash()] * flashes


def test_ten_pulses_are_a_zero_and_eleven_no_digit() -> None:
    assert [pulsed_digit(n) for n in (0, 1, 9, 10, 11)] == ["", "1", "9", "0", ""]


def test_station_off_hook_is_not_rung_and_hangs_up_after_1250_ms_on_hook() -> None:
    handset = OneStation()
    handset.lift()
    assert handset.events() == [line_events.OffHook()]
    assert not handset.line.ring(Caller())  # it is off hook
    assert handset.state is StationState.OFF_HOOK
    handset.lower(124)
    assert (handset.state, handset.events()) == (StationState.LOOP_BREAK, [])
    handset.run(2)
    assert (handset.state, handset.events()) == (StationState.ON_HOOK, [line_events.HungUp()])


def test_on_hook_time_of_a_flash_reports_a_flash_and_no_hang_up() -> None:
    handset = OneStation()
    handset.lift(50)
    handset.lower(50)
    handset.lift()
    assert handset.events() == [line_events.OffHook(), line_events.Flash()]
    handset.lower(100)
    handset.lift(100)
    assert handset.events() == []  # neither flash nor hang-up: the call goes on
    assert handset.state is StationState.OFF_HOOK


def test_dial_pulses_are_reported_as_digits() -> None:
    handset = OneStation()
    handset.lift(50)
    for pulses in (1, 10, 3):
        for _ in range(pulses):
            handset.lower(6)
            handset.lift(4)
        handset.run(60)
    assert handset.events() == [
        line_events.OffHook(),
        line_events.Digit("1"),
        line_events.Digit("0"),
        line_events.Digit("3"),
    ]


def test_pulses_before_a_flash_do_not_count_for_the_next_digit() -> None:
    handset = OneStation()
    handset.lift(50)
    for on_hook in (6, 50, 6, 6, 6):  # a pulse, a flash, three pulses
        handset.lower(on_hook)
        handset.lift(4)
    handset.run(60)
    assert handset.events() == [line_events.OffHook(), line_events.Flash(), line_events.Digit("3")]


def test_dtmf_digits_are_reported_only_while_wanted() -> None:
    handset = OneStation()
    handset.lift()
    handset.say(dsp.dtmf("1"))
    handset.run(30)
    assert handset.events() == [line_events.OffHook()]
    handset.line.digits_wanted(True)
    handset.say(dsp.dtmf("23"))
    handset.run(60)
    assert handset.events() == [line_events.Digit("2"), line_events.Digit("3")]


def test_ringing_station_that_is_lifted_stops_ringing_for_good() -> None:
    handset = OneStation()
    start = len(handset.port.feeds)
    assert handset.line.ring(Caller())
    handset.run(199)
    assert handset.port.ringing
    handset.run(1)
    assert handset.port.feeds[start:] == [Feed.RINGING, Feed.ON_HOOK_AUDIO]
    handset.run(400)
    assert handset.port.ringing
    handset.lift()
    assert handset.port.feeds[-1] is Feed.ACTIVE
    assert handset.events() == [line_events.OffHook()]
    handset.run(700)
    assert not handset.port.ringing


@pytest.mark.parametrize(
    ("where", "cadence_ms"), [("us", [2000, 4000] * 2), ("gb", [400, 200, 400, 2000] * 2)]
)
def test_ring_cadence_of_a_country_is_kept_to_the_period(where: str, cadence_ms: list[int]) -> None:
    handset = OneStation(where)
    handset.line.ring(Caller("5551234567"))
    while not handset.port.ringing:
        handset.run(1)
    ringing = []
    for _ in range(sum(cadence_ms) // 10):
        ringing.append(handset.port.ringing)
        handset.run(1)
    edges = np.flatnonzero(np.diff(np.array(ringing).astype(np.int8)))
    lengths = np.diff([-1, *edges.tolist(), len(ringing) - 1]) * 10
    assert (ringing[0], lengths.tolist()) == (True, cadence_ms)


def shown(played: list[Samples]) -> list[Caller | None]:
    receiver = dsp.FskReceiver()
    return [caller_id.parse(m) for row in played for m in receiver.hear(row)]


def test_caller_id_is_sent_between_the_first_two_bursts() -> None:
    handset, caller = OneStation(), Caller("5551234567", "CALLER NAME")
    handset.line.ring(caller)
    handset.run(1250)
    assert shown(handset.played) == [caller]
    sounding = [n for n, row in enumerate(handset.played) if row.any()]
    assert sounding[0] >= 199 + 50 and sounding[-1] <= 599 - 20


def test_caller_id_known_during_a_silence_is_sent_in_it() -> None:
    handset, caller = OneStation(), Caller("5551234567")
    handset.line.ring(Caller())
    handset.run(330)
    handset.line.show(caller)
    handset.run(60)
    assert handset.played[-1].any()
    handset.run(860)
    assert shown(handset.played) == [caller]


def test_caller_id_known_too_late_is_sent_in_the_next_silence() -> None:
    handset, caller = OneStation(), Caller("5551234567")
    handset.line.ring(Caller())
    handset.run(590)
    handset.line.show(caller)
    handset.run(259)
    assert not any(row.any() for row in handset.played)
    handset.run(340)
    assert shown(handset.played) == [caller]


def test_lifting_during_caller_id_ends_it() -> None:
    handset = OneStation()
    handset.line.ring(Caller("5551234567"))
    handset.run(280)
    assert handset.played[-1].any()
    handset.lift(2)
    assert not handset.played[-1].any()


def test_handset_off_hook_after_its_call_hears_busy_tone_then_howler_then_silence() -> None:
    handset = OneStation()
    handset.lift()
    handset.line.end_call()
    handset.run(10)
    assert handset.state is StationState.CALL_OVER and handset.played[-1].any()
    handset.run(3000)
    assert handset.state.name == "HOWLING"
    handset.run(6000)
    assert handset.state.name == "SILENT" and not handset.played[-1].any()
    handset.lower()
    assert handset.state.name == "ON_HOOK"
    assert handset.events() == [line_events.OffHook()]  # the call had ended before


def test_station_that_fails_in_a_call_hangs_up_and_comes_back_when_it_recovers() -> None:
    handset = OneStation()
    handset.lift()
    handset.line.port_event(PortFault("power alarm Q1"))
    assert (handset.state, handset.line.fault) == (StationState.DOWN, "power alarm Q1")
    assert handset.events() == [line_events.OffHook(), line_events.HungUp()]
    handset.line.port_event(HookChanged(True))
    assert handset.events() == []
    handset.line.port_event(PortRecovered())  # the handset is still lifted
    assert handset.events() == [line_events.OffHook()]
    assert handset.line.fault == ""


def test_trunk_whose_call_is_answered_is_seized_until_the_far_end_hangs_up() -> None:
    office = OneTrunk()
    office.line.release()  # nothing to release: harmless
    office.burst()
    assert (office.state, office.events()) == (TrunkState.BETWEEN_BURSTS, [line_events.Ringing()])
    assert office.line.seize() and office.port.seized
    assert not office.line.seize()
    office.port.battery(False)
    office.run(5)
    assert office.events() == []
    office.run(2)
    assert office.events() == [line_events.CallerGone()]
    assert not office.port.seized
    assert office.state is TrunkState.RELEASE_GUARD
    office.port.battery(True)
    office.run(78)
    assert office.state is TrunkState.RELEASE_GUARD
    office.run(2)
    assert office.state.name == "IDLE"


def test_trunk_unplugged_in_a_call_is_dead_after_it() -> None:
    office = OneTrunk()
    office.burst()
    office.line.seize()
    office.port.volts = 0
    office.port.battery(False)
    office.run(90)
    assert office.state is TrunkState.DEAD
    assert "plugged in" in office.line.fault


def test_trunk_that_loses_battery_for_less_than_60_ms_stays_seized() -> None:
    office = OneTrunk()
    office.burst()
    office.line.seize()
    office.port.battery(False)
    office.run(4)
    office.port.battery(True)
    office.run(100)
    assert office.state is TrunkState.SEIZED and office.port.seized


def test_trunk_that_stops_ringing_reports_that_the_caller_has_gone() -> None:
    office = OneTrunk()
    office.burst()
    office.run(399)
    office.burst()
    office.run(798)
    assert office.state is TrunkState.BETWEEN_BURSTS
    office.run(1)
    assert office.state.name == "IDLE"
    assert office.events() == [
        line_events.Ringing(),
        line_events.RingsOn(),
        line_events.CallerGone(),
    ]


def test_burst_of_ringing_that_is_reported_twice_is_one(caplog: pytest.LogCaptureFixture) -> None:
    office = OneTrunk()
    office.port.burst(True)
    office.run(10)
    office.burst()
    assert (office.state, office.events()) == (TrunkState.BETWEEN_BURSTS, [line_events.Ringing()])
    assert [record.message for record in caplog.records] == []


def test_caller_id_of_a_trunk_is_received_between_bursts() -> None:
    office, caller = OneTrunk(), Caller("5551234567", "CALLER NAME")
    office.burst()
    office.run(50)
    office.say(dsp.fsk_message(caller_id.caller_message(caller, "11241530")) // 8)
    office.run(200)
    assert office.events() == [line_events.Ringing(), line_events.CallerKnown(caller)]
    assert office.line.caller == caller
    office.line.seize()
    office.line.release()
    office.run(100)
    office.burst()
    assert office.line.caller == Caller()  # the next call is somebody else's


@pytest.mark.parametrize(
    "happens",
    [
        lambda trunk: trunk.port.fail("line side does not answer"),
        lambda trunk: trunk.port.battery(False),
    ],
)
def test_ringing_trunk_that_fails_reports_that_the_caller_has_gone(
    happens: Callable[[OneTrunk], None],
) -> None:
    office = OneTrunk()
    office.burst()
    happens(office)
    office.run(1)
    assert office.events() == [line_events.Ringing(), line_events.CallerGone()]
    assert office.line.fault
    assert not office.line.seize()


def test_dead_trunk_is_idle_when_battery_comes_back_and_polarity_changes_nothing() -> None:
    office = OneTrunk()
    office.port.battery(False)
    office.run(1)
    assert "plugged in" in office.line.fault
    office.port.battery(True)
    office.run(1)
    office.line.port_event(PolarityReversed())
    assert (office.state, office.line.fault, office.events()) == (TrunkState.IDLE, "", [])


def lamps(played: list[Samples]) -> list[bytes]:
    receiver = dsp.FskReceiver()
    return [message for row in played for message in receiver.hear(row)]


ON, OFF = caller_id.waiting_message(True), caller_id.waiting_message(False)


def test_vmwi_is_sent_to_a_handset_at_rest_at_the_start_and_at_every_change() -> None:
    handset = OneStation()
    handset.line.message_waiting = False
    handset.run(200)
    handset.line.message_waiting = True
    handset.run(200)
    handset.line.message_waiting = True
    handset.run(200)
    handset.line.message_waiting = False
    handset.run(200)
    assert lamps(handset.played) == [OFF, ON, OFF]
    assert handset.port.feeds[-1] is Feed.ACTIVE


def test_vmwi_outdated_while_it_is_sent_is_sent_again() -> None:
    handset = OneStation()
    handset.line.message_waiting = False
    handset.run(70)
    assert handset.played[-1].any()
    handset.line.message_waiting = True
    handset.run(300)
    assert lamps(handset.played) == [OFF, ON]


def test_vmwi_outdated_during_a_call_is_sent_after_it() -> None:
    handset = OneStation()
    handset.line.message_waiting = False
    handset.run(200)
    handset.lift(10)
    handset.line.message_waiting = True
    handset.run(200)
    assert lamps(handset.played) == [OFF]
    handset.lower(300)
    assert lamps(handset.played) == [OFF, ON]


def test_vmwi_cut_off_by_lifting_or_ringing_is_sent_again() -> None:
    handset = OneStation()
    handset.line.message_waiting = False
    handset.run(80)
    assert handset.played[-1].any()
    handset.lift(2)
    assert not handset.played[-1].any() and handset.port.feeds[-1] is Feed.ACTIVE
    handset.lower(200)
    assert handset.played[-1].any()
    assert handset.line.ring(Caller())
    handset.run(100)
    assert handset.port.ringing and not handset.played[-1].any()
    handset.line.stop_ringing()
    handset.run(200)
    assert lamps(handset.played) == [OFF]


def test_vmwi_is_not_sent_before_it_is_known_whether_messages_wait() -> None:
    handset = OneStation()
    handset.run(300)
    assert lamps(handset.played) == []
    handset.line.message_waiting = True
    handset.run(200)
    assert lamps(handset.played) == [ON]


def test_vmwi_is_sent_again_now_and_then_for_a_telephone_that_was_changed() -> None:
    handset = OneStation()
    handset.line.message_waiting = True
    handset.run(200)
    handset.run(VMWI_REFRESH.periods + 200)
    assert lamps(handset.played) == [ON, ON]


def test_vmwi_sent_while_periods_were_lost_is_sent_again() -> None:
    handset = OneStation()
    handset.line.message_waiting = True
    handset.run(60)
    assert handset.played[-1].any()
    handset.lost += 1
    handset.run(300)
    assert lamps(handset.played) == [ON, ON]
    handset.lost += 1  # with nothing under way
    handset.run(300)
    assert lamps(handset.played) == [ON, ON]
