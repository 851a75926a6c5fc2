"""Experiments with a handset's line: battery, calibration, scratch memory, and a short."""

import statistics
from collections.abc import Sequence

from app.bringup.bench import Bench, Look, in_runs
from app.bringup.talk import Shown, Talk
from drivers import si321x_registers as reg
from drivers.errors import HardwareError
from drivers.line_sound import level_dbm0
from drivers.registers import Register
from drivers.si321x_indirect import IndirectAccess
from drivers.si321x_measure import WIRE_VOLTS_STEP

STARTS = 10
"""Of each way that is compared."""
SCRATCH = reg.Indirect(97, 97, 0, "SCRATCH")
RUBBISH = 0x5A5A
NOISE_PERIODS = 1000
LISTEN_PERIODS = 200
"""2 s of idle noise a start; shorter than the 10 s of a careful measurement, told in dB."""
LOUDER_DB = 3.0
BATTERY_LEAST_V = 56.0
"""48 V on the line and the overhead of its transistors."""
DISCHARGE_PERIODS, RUN_DOWN_V = 1000, 10.0
LONGEST_MARK = 60
NOBODY = 0xFF
"""A bus that no chip drives, as in reset; no battery is as high as that."""


def battery(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Log register 82 through a start, and what stands on the line IC."""
    curve: list[float] = []
    registers = bench.registers(jack)
    _discharge(bench, jack)

    def look() -> None:
        octet = registers.read(reg.BATTERY_SENSE)
        curve.append(0.0 if octet == NOBODY else octet * WIRE_VOLTS_STEP)

    bench.start(look)
    fault = bench.faults.get(jack, "")
    most = max(curve, default=0.0)
    rise = _rise_ms(curve, most)
    marking = talk.ask(
        "what is written on the line IC or transistors beside the chip? (Enter: none)"
    )
    peak = talk.ask(
        "scope: peak of RING in V while it rings with one telephone? (Enter: not measured)"
    )
    text = f"battery {most:.1f} V, 90 % of it {rise} ms after it began to rise"
    if fault:
        text += f"; the set-up failed: {fault}"
    return Shown(
        not fault and most >= BATTERY_LEAST_V,
        f"{text}. Supply, converter timing and line IC are [supply] in board.toml; a low or slow "
        "battery means that they are not this hat's",
        {
            "most_volts": round(most, 1),
            "rise_ms": rise,
            "curve_volts": [round(volts, 1) for volts in curve],
            "marking": marking[:LONGEST_MARK],
            "scope_peak": peak[:LONGEST_MARK],
            "fault": fault,
        },
    )


def _discharge(bench: Bench, jack: str) -> None:
    """The converter is switched off until its battery has run down; a reset would not do that."""
    registers = bench.registers(jack)
    bench.quiet = True
    try:
        registers.run(reg.LINEFEED.write(0), reg.POWER_DOWN.write(reg.DCOF.mask))
        bench.log(jack, [reg.BATTERY_SENSE], DISCHARGE_PERIODS, _run_down)
    finally:
        bench.quiet = False


def _run_down(looks: list[Look]) -> bool:
    return looks[-1].values[0] * WIRE_VOLTS_STEP < RUN_DOWN_V


def _rise_ms(curve: Sequence[float], most: float) -> int | None:
    began = next((place for place, volts in enumerate(curve) if volts > 0.1 * most), None)
    there = next((place for place, volts in enumerate(curve) if volts > 0.9 * most), None)
    return None if began is None or there is None else (there - began) * 10


def scratch_noise(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Idle noise of a lifted handset with indirect register 97 cleared and with rubbish in it.

    Raises HardwareError if nobody has lifted the handset.
    """
    noise: dict[int, list[float]] = {0: [], RUBBISH: []}
    for number in range(STARTS):
        for value, levels in noise.items():
            bench.start()
            if not _lifted(bench, jack):
                raise HardwareError(f"{jack}: the handset is not lifted; lift it and repeat")
            access = IndirectAccess(bench.registers(jack), bench.lines[jack].place)
            access.write(SCRATCH, value)
            bench.beat(20)
            bench.sounds[jack].listen()
            bench.beat(LISTEN_PERIODS)
            levels.append(round(level_dbm0(bench.sounds[jack].heard()), 1))
        talk.say(f"start {2 * number + 2} of {2 * STARTS}")
    clean, dirty = (statistics.median(levels) for levels in noise.values())
    louder = dirty - clean
    return Shown(
        True,  # the driver clears it either way
        f"noise {clean:.1f} dBm0 with the register cleared, {dirty:.1f} dBm0 with rubbish in it: "
        + (
            f"it is heard, {louder:.1f} dB louder, and clearing it at each start is needed"
            if louder >= LOUDER_DB
            else "it is not heard in this chip; clearing it costs nothing"
        ),
        {"cleared_dbm0": noise[0], "rubbish_dbm0": noise[RUBBISH], "rubbish": RUBBISH},
    )


def _lifted(bench: Bench, jack: str) -> bool:
    port = bench.stations.get(jack)
    bench.beat(30)
    return port is not None and port.off_hook


def calibration(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Registers 98 to 107 after ten calibrations with fast settling (0x7F) and ten without."""
    registers = bench.registers(jack)
    results: dict[int, list[list[int]]] = {0x7F: [], 0x5F: []}
    failed = 0
    bench.quiet = True
    try:
        for number in range(STARTS):
            for command, found in results.items():
                registers.run(
                    reg.LINEFEED.write(0),
                    reg.CALIBRATE_2.write(0x1F),
                    reg.CALIBRATE_1.write(command),
                )
                looks = bench.log(jack, [reg.CALIBRATE_1], 200, _calibrated)
                failed += not _calibrated(looks)
                found.append(list(registers.run(*(one.read() for one in reg.CAL_RESULTS))))
            talk.say(f"calibration {2 * number + 2} of {2 * STARTS}")
    finally:
        bench.quiet = False
    bench.start()
    apart, steady = _apart(results[0x7F], results[0x5F])
    return Shown(
        failed == 0 and apart <= 1,
        f"results of both ways differ by {apart} steps at most, {steady} within one way"
        + (f"; {failed} calibrations did not end within 2 s" if failed else "")
        + ". The driver settles slowly (0x5F), as the open drivers do; a difference of one step or "
        "less says that fast settling would do as well",
        {
            "fast": results[0x7F],
            "slow": results[0x5F],
            "registers": [one.address for one in reg.CAL_RESULTS],
            "failed": failed,
        },
    )


def _calibrated(looks: list[Look]) -> bool:
    return not looks[-1].values[0] & 0x40


def _apart(fast: list[list[int]], slow: list[list[int]]) -> tuple[int, int]:
    """How far the middles are apart at most, and how far single results within one way are."""
    apart = steady = 0
    for one, other in zip(zip(*fast, strict=True), zip(*slow, strict=True), strict=True):
        apart = max(apart, round(abs(statistics.median(one) - statistics.median(other))))
        steady = max(steady, max(one) - min(one), max(other) - min(other))
    return apart, steady


SHORT_LOG: tuple[Register, ...] = (reg.LINEFEED, reg.INT_STATUS_2, reg.LINE_CURRENT)
SHORT_PERIODS = 3000
AFTER_SHORT_PERIODS = 200
SHORT_MA_STEPS = 8
"""10 mA: somebody has joined the wires."""


def short(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Log register 64 while the two wires are joined; nobody puts the line right meanwhile."""
    talk.say(f"now join TIP and RING of {jack} with a wire for two seconds; waiting up to 30 s")
    registers = bench.registers(jack)
    bench.quiet = True
    try:
        bench.log(jack, SHORT_LOG, SHORT_PERIODS, _joined)
        looks = bench.log(jack, SHORT_LOG, AFTER_SHORT_PERIODS)
        registers.run(reg.INT_STATUS_2.clear(0xFF), reg.LINEFEED.write(1))
    finally:
        bench.quiet = False
    alarmed = [look for look in looks if reg.POWER_ALARMS.of(look.values[1])]
    if not alarmed:
        text = "no power alarm came within 2 s: the wires were not joined, or the chip stands it"
        return Shown(False, f"{text}; repeat it", {"registers_64_19_79": in_runs(looks)})
    after = looks[-1].values[0]
    return Shown(
        after == 0,
        f"{alarmed[0].at_ms} ms to the power alarm; register 64 reads {after:#04x} after it"
        + (
            ": the whole byte is cleared, as the open drivers expect"
            if after == 0
            else ": the order in its low bits stays; the driver looks at the actual state alone, "
            "so it sees the alarm all the same"
        ),
        {
            "register_64": after,
            "alarm_ms": alarmed[0].at_ms,
            "registers_64_19_79": in_runs(looks),
        },
    )


def _joined(looks: list[Look]) -> bool:
    linefeed, alarms, current = looks[-1].values
    opened = reg.LINEFEED_ACTUAL.of(linefeed) == 0
    return (
        reg.LINE_AMPS.of(current) >= SHORT_MA_STEPS or opened or bool(reg.POWER_ALARMS.of(alarms))
    )
