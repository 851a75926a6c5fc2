"""A codec and the SLIC modules behind it, as a board file describes them.

What no data sheet at hand settles is a value of the file: the crystal, which of its two DSP modes a
codec calls A, the sense of the SLIC's power-down pin, its ring trip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from drivers.board_table import Table
from drivers.errors import BoardFileError
from drivers.sampling import PERIOD_MS

CodecName = Literal["wm8960", "wm8731"]
Framing = Literal["i2s", "dsp_a", "dsp_b"]

FRAMINGS = ("i2s", "dsp_a", "dsp_b")
ADDRESSES: Mapping[str, tuple[int, ...]] = {"wm8960": (0x1A,), "wm8731": (0x1A, 0x1B)}
"""A WM8960 has one address; a WM8731 has two, chosen by its pin CSB [kernel drivers]."""
CRYSTALS_HZ: Mapping[str, tuple[int, ...]] = {
    "wm8960": (24_000_000, 12_288_000),
    "wm8731": (12_288_000, 12_000_000, 18_432_000),
}
"""Of which each codec makes 8 kHz: the WM8960 out of 24 MHz by its PLL, the others by division."""
DSP_A_LRP: Mapping[str, int] = {"wm8960": 0, "wm8731": 1}
"""The bit LRP for DSP mode A; mode B has the other one. Taken from the two kernel drivers, which
contradict each other [unverified]: so it is a value of the board file."""
GAIN_DB = range(-12, 7)
CHANNELS = range(2)
_PIN = range(64)

CODEC_KEYS = ("chip", "bus", "address", "crystal_hz", "framing", "dsp_a_lrp", "in_db", "out_db")
SLIC_KEYS = (
    "name", "kind", "chip", "slot", "ring_mode", "forward", "hook", "power_down",
    "power_down_level", "test_hook", "ring_trip_ms", "on_hook_audio",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CodecSpec:
    """The codec of a board: it has a crystal, and is the clock of the PCM port."""

    chip: CodecName
    bus: int
    """I2C bus."""
    address: int
    crystal_hz: int
    channels: tuple[int, ...] = (0,)
    """Channels that have a line: 0 is left, 1 is right."""
    framing: Framing = "i2s"
    dsp_a_lrp: int = 0
    in_db: int = 0
    """Gain in dB of what comes from the line, by the codec's digital or input volume."""
    out_db: int = 0
    """Gain in dB of what goes to the line."""

    @property
    def lrp(self) -> int:
        """The bit LRP of the interface register: for I2S 0, so that low is left."""
        return {"i2s": 0, "dsp_a": self.dsp_a_lrp, "dsp_b": 1 - self.dsp_a_lrp}[self.framing]

    @property
    def place(self) -> str:
        """Chip and bus as error texts name them."""
        return f"codec {self.chip} at I2C {self.bus} address {self.address:#04x}"


@dataclass(frozen=True, slots=True)
class SlicSpec:
    """A handset's jack with a ringing SLIC (Ag1171 or KS0835F) on GPIO pins, behind the codec."""

    name: str
    slot: int
    """The codec's channel: 0 is left, 1 is right."""
    ring_mode: int
    """Pin of RM."""
    forward: int
    """Pin of F/R."""
    hook: int
    """Pin of SHK."""
    power_down: int | None = None
    """Pin of PD, if it is wired: without it the loop cannot be opened."""
    power_down_level: bool = True
    """The level of PD at which the module is off: high [unverified]."""
    test_hook: bool = True
    """SHK must be low while the module is off, which is tested at a start [unverified]."""
    ring_trip_ms: int = 40
    """So long without a break SHK is high in a burst when the handset has been lifted: a whole wave
    of 25 Hz, because the bell's current may raise SHK at the crests [unverified]."""
    on_hook_audio: bool = False
    """A resistor of 20 kilohm is fitted between TIP and RING [Ag1171 DS, on-hook transmission]."""

    @property
    def place(self) -> str:
        """Jack, chip and pins as error texts name them."""
        return f"{self.name} (ag1171 on pins {', '.join(str(pin) for pin, _ in self.uses)})"

    @property
    def kind(self) -> Literal["station"]:
        """A handset's."""
        return "station"

    @property
    def uses(self) -> tuple[tuple[int, str], ...]:
        """Its pins, and what for, by the keys of the board file."""
        pins = ((self.ring_mode, "ring_mode"), (self.forward, "forward"), (self.hook, "hook"))
        return pins if self.power_down is None else (*pins, (self.power_down, "power_down"))


def slic_of(row: Table) -> SlicSpec:
    """A line whose chip is an Ag1171. Raises BoardFileError."""
    row.word("kind", ("station",))
    level = row.word("power_down_level", ("high", "low"), default="high")
    return SlicSpec(
        name=row.word("name"),
        slot=row.number("slot", CHANNELS),
        ring_mode=row.number("ring_mode", _PIN),
        forward=row.number("forward", _PIN),
        hook=row.number("hook", _PIN),
        power_down=None if row.raw("power_down") is None else row.number("power_down", _PIN),
        power_down_level=level == "high",
        test_hook=row.truth("test_hook", default=True),
        ring_trip_ms=row.number("ring_trip_ms", range(PERIOD_MS, 151, PERIOD_MS), default=40),
        on_hook_audio=row.truth("on_hook_audio", default=False),
    )


def codec_of(path: Path, values: object, slics: Sequence[SlicSpec]) -> CodecSpec | None:
    """The table [codec] of a board with SLIC modules, and of no other. Raises BoardFileError."""
    if values is None and not slics:
        return None
    if values is None:
        raise BoardFileError(
            f"{path}: codec: missing, but {slics[0].name} is an ag1171, which has no samples of its"
            f" own; allowed: a table [codec] with {', '.join(CODEC_KEYS)}"
        )
    table = Table(path, "codec", values, CODEC_KEYS)
    if not slics:
        raise table.error("chip", "no line uses it", 'a [[line]] with chip = "ag1171"')
    chip = cast(CodecName, table.word("chip", tuple(ADDRESSES)))
    return CodecSpec(
        chip=chip,
        bus=table.number("bus", range(8), default=1),
        address=_address(table, chip),
        crystal_hz=table.number("crystal_hz", CRYSTALS_HZ[chip]),
        channels=tuple(sorted(slic.slot for slic in slics)),
        framing=cast(Framing, table.word("framing", FRAMINGS, default="i2s")),
        dsp_a_lrp=table.number("dsp_a_lrp", (0, 1), default=DSP_A_LRP[chip]),
        in_db=table.number("in_db", GAIN_DB, default=0),
        out_db=table.number("out_db", GAIN_DB, default=0),
    )


def _address(table: Table, chip: str) -> int:
    """An address of this chip; told in the base in which it is written."""
    there = ADDRESSES[chip]
    value = table.raw("address")
    if not isinstance(value, int) or isinstance(value, bool) or value not in there:
        seen = "missing" if value is None else repr(value)
        if isinstance(value, int) and not isinstance(value, bool):
            seen = f"{value:#04x}"
        raise table.error("address", seen, ", ".join(f"{one:#04x}" for one in there))
    return value


def refuse_shared_slics(
    path: Path, slics: Sequence[SlicSpec], slots: int, others: Sequence[str]
) -> None:
    """Names, channels and pins belong to one module each. Raises BoardFileError.

    `others` are lines on SPI, which cannot be beside them: a processor has one PCM port, and here
    the codec is its clock.
    """
    if slics and others:
        raise BoardFileError(
            f"{path}: line {others[0]}: is on SPI, beside {slics[0].name} behind a codec; allowed:"
            " lines of one kind, because the PCM port is one"
        )
    owners: dict[tuple[str, object], str] = {}
    for slic in slics:
        if slic.slot >= slots:
            seen = f"{path}: {slic.name}.slot: {slic.slot}"
            raise BoardFileError(f"{seen}; allowed: 0 to {slots - 1}")
        _claim(path, owners, ("name", slic.name), f"{slic.name}.name")
        _claim(path, owners, ("slot", slic.slot), f"{slic.name}.slot")
        for pin, what in slic.uses:
            _claim(path, owners, ("pin", pin), f"{slic.name}.{what}")


def _claim(
    path: Path, owners: dict[tuple[str, object], str], thing: tuple[str, object], place: str
) -> None:
    """Somebody has this name, channel or pin from now on. Raises BoardFileError if one had it."""
    if thing in owners:
        raise BoardFileError(
            f"{path}: {place}: {thing[1]!r} is taken by {owners[thing]}; allowed: one that nothing"
            " else has"
        )
    owners[thing] = place
