"""Experiments with an outside line: what the DAA shows of ringing and of turned polarity."""

from collections.abc import Sequence

from app.bringup.bench import Bench, Look, in_runs
from app.bringup.talk import Shown, Talk
from drivers import si3050_registers as reg
from drivers.si3050_measure import signed_volts

WAIT_PERIODS = 9000
"""90 s for a call to come, or for wires to be turned."""
AFTER_PERIODS = 1500
"""15 s from the first ringing on: two bursts in any country, and a one-shot of 9 s behind them."""
BURST_GAP_MS = 300
"""Silence within a burst is shorter (double bursts have 200 ms and more between two)."""
SEIZED_PERIODS = 50
LONG_SHOT_MS = 2000
"""RDT that stays for so long after a burst cannot tell its end."""
QUIET_VOLTS = 3
"""A line voltage that moves no more than this while it rings does not follow the ringing."""


def ring_detector(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Log register 5 through two bursts, through going off hook, and through a reversal."""
    talk.say(f"now call the line at {jack} from outside, and let it ring; waiting up to 90 s")
    bench.quiet = True
    try:
        calm = _wait_for_ring(bench, jack)
        if not calm:
            return Shown(False, "no ringing was seen within 90 s", {"seen": False})
        looks = bench.log(jack, [reg.DAA_CONTROL_1, reg.INT_SOURCE], AFTER_PERIODS)
        off_hook = _off_hook(bench, jack)
        talk.say("hang up; then turn the two wires of the line round once; waiting up to 90 s")
        reversal = bench.log(jack, [reg.DAA_CONTROL_1], WAIT_PERIODS, _turned_and_settled)
    finally:
        bench.registers(jack).write(reg.DAA_CONTROL_1, reg.ONHM.mask)
        bench.quiet = False
    return _judged(looks, off_hook, reversal)


def _wait_for_ring(bench: Bench, jack: str) -> bool:
    looks = bench.log(
        jack, [reg.DAA_CONTROL_1], WAIT_PERIODS, lambda seen: _rings(seen[-1].values[0])
    )
    return _rings(looks[-1].values[0])


def _rings(octet: int) -> bool:
    return reg.RING_NOW.of(octet) != 0


def _off_hook(bench: Bench, jack: str) -> list[Look]:
    bench.registers(jack).write(reg.DAA_CONTROL_1, reg.OH.mask)
    looks = bench.log(jack, [reg.DAA_CONTROL_1], SEIZED_PERIODS)
    bench.registers(jack).write(reg.DAA_CONTROL_1, reg.ONHM.mask)
    bench.beat(SEIZED_PERIODS)
    return looks


def _turned_and_settled(looks: list[Look]) -> bool:
    """Half a second after the first sign of the reversal."""
    first = next((one.at_ms for one in looks if _rings(one.values[0])), None)
    return first is not None and looks[-1].at_ms - first >= 500


def bursts_of(looks: Sequence[Look]) -> list[tuple[int, int]]:
    """Beginning and end (ms) of each burst, by RDTP and RDTN alone."""
    found: list[tuple[int, int]] = []
    for look in looks:
        if not _rings(look.values[0]):
            continue
        if found and look.at_ms - found[-1][1] <= BURST_GAP_MS:
            found[-1] = found[-1][0], look.at_ms
        else:
            found.append((look.at_ms, look.at_ms))
    return found


def _held(looks: Sequence[Look], bursts: Sequence[tuple[int, int]]) -> int | None:
    """How long RDT stayed after the first burst, in ms; None: until the next, or it never rose."""
    if not bursts:
        return None
    end = bursts[0][1]
    last = bursts[1][0] if len(bursts) > 1 else looks[-1].at_ms
    for look in looks:
        if end < look.at_ms < last and not reg.RDT.of(look.values[0]):
            return look.at_ms - end
    return None


def _judged(looks: list[Look], off_hook: list[Look], reversal: list[Look]) -> Shown:
    bursts = bursts_of(looks)
    held = _held(looks, bursts)
    rose = any(reg.RDT.of(look.values[0]) for look in looks)
    cleared = not reg.RDT.of(off_hook[-1].values[0])
    trips = [one.at_ms for one in reversal if _rings(one.values[0])]
    behaves = "never rose" if not rose else "held on" if held is None else f"stayed {held} ms"
    text = (
        f"{len(bursts)} bursts by RDTP/RDTN; RDT {behaves} after the first; off hook "
        f"{'clears' if cleared else 'does not clear'} it; the reversal tripped RDTP/RDTN "
        f"{f'for {trips[-1] - trips[0] + 10} ms' if trips else 'not at all'}"
    )
    short = not trips or trips[-1] - trips[0] < 60
    return Shown(
        len(bursts) >= 2 and short,
        f"{text}. The driver ends a burst by the gap of RDTP/RDTN and takes less than 64 ms of "
        "them for no ringing; two bursts and a short trip are what it counts on",
        {
            "bursts_ms": [list(burst) for burst in bursts],
            "rdt_held_ms": held,
            "rdt_rose": rose,
            "off_hook_clears_rdt": cleared,
            "register_5_and_4": in_runs(looks),
            "register_5_off_hook": in_runs(off_hook),
            "register_5_reversal": in_runs(reversal),
        },
    )


def ringing_voltage(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Log register 29 and the polarity bit of register 4 while it rings."""
    talk.say(f"call the line at {jack} once more, and let it ring; waiting up to 90 s")
    registers = bench.registers(jack)
    bench.quiet = True
    try:
        rest = signed_volts(registers.read(reg.LINE_VOLTAGE))
        registers.run(reg.INT_SOURCE.clear(0xFF))
        if not _wait_for_ring(bench, jack):
            return Shown(False, "no ringing was seen within 90 s", {"seen": False})
        looks = bench.log(
            jack, [reg.DAA_CONTROL_1, reg.LINE_VOLTAGE, reg.INT_SOURCE], AFTER_PERIODS // 3
        )
        registers.run(reg.INT_SOURCE.clear(0xFF))
    finally:
        bench.quiet = False
    volts = [signed_volts(look.values[1]) for look in looks if _rings(look.values[0])]
    latched = any(reg.POLI.of(look.values[2]) for look in looks)
    swing = max(volts, default=rest) - min(volts, default=rest)
    return Shown(
        True,  # the driver stands both: it freezes battery and polarity while it rings
        f"on hook {rest} V; while it rings register 29 goes from {min(volts, default=rest)} to "
        f"{max(volts, default=rest)} V and POLI is {'set' if latched else 'not set'}. "
        + (
            "It follows the ringing, so battery and polarity must not be judged meanwhile, as the "
            "driver does"
            if swing > QUIET_VOLTS or latched
            else "It does not follow the ringing: the driver's freeze costs nothing"
        ),
        {
            "rest_volts": rest,
            "least_volts": min(volts, default=rest),
            "most_volts": max(volts, default=rest),
            "poli": latched,
            "registers_5_29_4": in_runs(looks),
        },
    )
