"""What is soldered where: the board file as values. The board is data, no driver knows a pin.

A board file names its lines in jack order; see board/virtual/board.toml for one with comments.
Numbering: `slot` is the place in the PCM frame from 0; pins are GPIO numbers of the processor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from drivers.board_table import Need, Table, refuse_unprintable
from drivers.codec_spec import (
    SLIC_KEYS,
    CodecSpec,
    SlicSpec,
    codec_of,
    refuse_shared_slics,
    slic_of,
)
from drivers.countries import codes
from drivers.errors import BoardFileError
from drivers.line_supply import USUAL_SUPPLY, LineSupply, supply_of
from drivers.panel_spec import PanelSpec, panel_of, virtual_panel
from drivers.sampling import SAMPLE_RATE
from drivers.slot_map import LAW_SLOTS, LINEAR_SLOTS, VOICE_BITS, Coding, SlotMap, Stream

PCLK_HZ = (256_000, 512_000, 768_000, 1_024_000, 1_536_000, 2_048_000, 4_096_000, 8_192_000)
"""Bit clocks from which both line chips derive their own clocks [Si3215 DS, PCLK]."""

VIRTUAL_STATIONS = 2
"""Handsets of a board file that only says how many outside lines it has."""

LINES_PER_INTERRUPT_PIN = 8
"""On the virtual board: few pins to read in a quiet beat, few chips to ask in a busy one."""

Kind = Literal["station", "trunk"]
ChipName = Literal["si3210", "si3050"]
CHIP_OF_KIND: Mapping[str, str] = {"station": "si3210", "trunk": "si3050"}
"""Si3210 stands for the family: an Si3215 on the board is found at run time."""
CHIPS_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "station": ("si3210", "ag1171"),
    "trunk": ("si3050",),
}
"""What a board file may name; an Ag1171 is no LineSpec but a SlicSpec."""


@dataclass(frozen=True, slots=True)
class LineSpec:
    """One jack and the chip behind it."""

    name: str
    """The jack's label, e.g. "101" or "line1"."""
    kind: Kind
    chip: ChipName
    bus: int
    """SPI bus."""
    chip_select: int
    reset: int
    """Pin, active low; chips may share it."""
    interrupt: int
    """Pin, active low, open drain; chips may share it."""
    slot: int
    frame: SlotMap = LINEAR_SLOTS
    """The slots of the board's frame."""
    supply: LineSupply = USUAL_SUPPLY
    """What feeds the board's handsets."""
    board_name: str = ""
    """Of the board that it belongs to."""

    @property
    def start(self) -> int:
        """Bit clocks from frame sync to the first bit of this line's voice, both directions."""
        return self.frame.start(self.slot)

    @property
    def coding(self) -> Coding:
        """How the chip codes its voice."""
        return self.frame.coding

    @property
    def place(self) -> str:
        """Jack, chip, bus and board as error texts name them."""
        board = f" of board {self.board_name}" if self.board_name else ""
        return f"{self.name} ({self.chip} on SPI {self.bus}.{self.chip_select}{board})"


PURPOSES = (
    "sound", "spi", "i2c", "pwm", "gpio", "usb", "storage", "network", "radio", "screen",
    "watchdog", "clock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """A whole board."""

    name: str
    title: str
    country: str
    """Country of the lines until the settings name another."""
    slots: int
    """Slots in one PCM frame that carry lines."""
    pclk_hz: int
    lines: tuple[LineSpec, ...]
    frame: SlotMap = LINEAR_SLOTS
    pcm_device: str = "default"
    """ALSA's name of the PCM stream; the virtual board ignores it."""
    capture_device: str = ""
    """ALSA's name of the stream that is heard, where it is another one; empty: the same."""
    box_device: str = ""
    """Of a board made of Python: the far end of `pcm_device`, where the box plays; empty: none."""
    proves_slots: bool = True
    """Whether no voice is connected before its slot is proved. That the chips' loopback gives back
    what is played has not been seen on silicon: who finds that it does not leaves it out."""
    spi_hz: int = 4_000_000
    """SPI clock; both chips allow up to 16 MHz [Si3215 DS, serial timing]."""
    needs: tuple[Need, ...] = ()
    """Of the kernel; an image whose kernel lacks one does not list the board."""
    reset_button: int | None = None
    """Pin of a button to ground: held for ten seconds at a start, it erases the box."""
    panel: PanelSpec | None = None
    """The front panel that can be there."""
    slics: tuple[SlicSpec, ...] = ()
    """Handsets behind a codec; a board has these or `lines` on SPI, for its PCM port is one."""
    codec: CodecSpec | None = None

    @property
    def jacks(self) -> tuple[LineSpec | SlicSpec, ...]:
        """All jacks in the file's order."""
        return (*self.lines, *self.slics)

    @property
    def stream(self) -> Stream:
        """How the slots lie in the sound card's memory."""
        return Stream(self.slots, self.frame.coding)


_PIN = range(64)
_TOP_KEYS = (
    "title",
    "country",
    "reset_button",
    "lines",
    "pcm",
    "spi",
    "needs",
    "supply",
    "line",
    "panel",
    "codec",
)
_PCM_KEYS = (
    "slots", "clock_hz", "coding", "first_bit", "slot_bits", "device", "capture_device",
    "box_device", "prove",
)  # fmt: skip
_SPI_KEYS = ("clock_hz",)
_LINE_KEYS = ("name", "kind", "chip", "bus", "chip_select", "reset", "interrupt", "slot")


def slots_at(pclk_hz: int, slot_bits: int = LINEAR_SLOTS.slot_bits) -> int:
    """How many slots one frame of this bit clock holds: 512 kHz holds 512000/8000/16 = 4."""
    return pclk_hz // SAMPLE_RATE // slot_bits


def load_board(path: Path) -> BoardSpec:
    """The board described by a file board/<name>/board.toml.

    Raises BoardFileError naming file, key and what is allowed there.
    """
    import tomllib  # services are given their boards without

    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BoardFileError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, or far too deep
        raise BoardFileError(f"{path}: is not TOML: {error}") from error
    refuse_unprintable(path, values)
    return _board(path, values)


def _board(path: Path, values: object) -> BoardSpec:
    top = Table(path, "", values, _TOP_KEYS)
    spi = Table(path, "spi", top.raw("spi") or {}, _SPI_KEYS)
    made = _wired(path, top) if top.raw("lines") is None else _virtual(path, top)
    board = replace(
        made,
        name=path.parent.name,
        title=top.word("title"),
        country=top.word("country", codes(), default="us"),
        spi_hz=spi.number("clock_hz", range(100_000, 16_000_001), default=4_000_000),
        reset_button=None if top.raw("reset_button") is None else top.number("reset_button", _PIN),
        needs=Table(path, "needs", top.raw("needs") or {}, PURPOSES).needs(),
        panel=panel_of(path, top.raw("panel"), [jack.name for jack in made.jacks]),
    )
    _refuse_shared_pins(path, board)
    return board


def _wired(path: Path, top: Table) -> BoardSpec:
    """A board whose lines have a table each."""
    pcm = Table(path, "pcm", top.raw("pcm"), _PCM_KEYS)
    frame, pclk_hz = _frame(pcm), pcm.number("clock_hz", PCLK_HZ)
    slots = _slots(pcm, frame, pclk_hz)
    rows = top.raw("line")
    if not isinstance(rows, list) or not rows:
        raise top.error("line", "no lines", "one [[line]] table for each jack")
    supply = supply_of(path, top.raw("supply"))
    lines: list[LineSpec] = []
    slics: list[SlicSpec] = []
    for number, row in enumerate(rows, start=1):
        place = f"line[{number}]"
        if _chip_of(path, place, row) == "ag1171":
            slics.append(slic_of(Table(path, place, row, SLIC_KEYS)))
        else:
            line = _line(Table(path, place, row, _LINE_KEYS), slots, frame)
            lines.append(replace(line, supply=supply, board_name=path.parent.name))
    _refuse_doubles(path, tuple(lines))
    refuse_shared_slics(path, slics, slots, [line.name for line in lines])
    played, heard, far = (
        pcm.word(key) if pcm.raw(key) is not None else ""
        for key in ("device", "capture_device", "box_device")
    )
    return BoardSpec(
        "", "", "", slots, pclk_hz, tuple(lines), frame, played or "default", heard, far,
        pcm.truth("prove", default=True),
        slics=tuple(slics),
        codec=codec_of(path, top.raw("codec"), slics),
    )  # fmt: skip


def _virtual(path: Path, top: Table) -> BoardSpec:
    """A board made of Python by its number of outside lines: slots and clock follow from it."""
    for key in ("pcm", "line"):
        if top.raw(key) is not None:
            raise top.error(key, "beside lines, from which it follows", "one of the two")
    most = slots_at(PCLK_HZ[-1]) - VIRTUAL_STATIONS
    return virtual_board(VIRTUAL_STATIONS, top.number("lines", range(1, most + 1)))


def _frame(pcm: Table) -> SlotMap:
    """Framing and coding; a slot holds at least the bits of one line, so that none overlap."""
    coding = Coding(pcm.word("coding", [str(coding) for coding in Coding], default="linear"))
    bits = VOICE_BITS[coding]
    wider = (bits, 2 * bits) if coding is Coding.LINEAR else (bits,)
    return SlotMap(
        coding,
        pcm.number("first_bit", range(2), default=LINEAR_SLOTS.first_bit),
        pcm.number("slot_bits", wider, default=bits),
    )


def _slots(pcm: Table, frame: SlotMap, pclk_hz: int) -> int:
    """Linear slots must fit into the frame; those of a law fill it, since octets make the words.

    A chip whose start count lies beyond the frame transmits nothing [Si3215 DS, registers 2 to 5].
    """
    most = slots_at(pclk_hz, frame.slot_bits)
    if frame.coding is Coding.LINEAR:
        return pcm.number("slots", range(1, most + 1))
    slots = pcm.number("slots", LAW_SLOTS)
    if slots != most:
        seen = f"{pclk_hz} with {slots} slots of {frame.slot_bits} bits"
        raise pcm.error("clock_hz", seen, str(slots * frame.slot_bits * SAMPLE_RATE))
    return slots


def _refuse_shared_pins(path: Path, board: BoardSpec) -> None:
    """The front panel's service has its pins alone; so have the lines and the reset button."""
    taken = {line.reset: f"{line.name}'s reset" for line in board.lines}
    taken |= {line.interrupt: f"{line.name}'s interrupt" for line in board.lines}
    taken |= {pin: f"{slic.name}'s {what}" for slic in board.slics for pin, what in slic.uses}
    if board.reset_button in taken:
        raise BoardFileError(
            f"{path}: reset_button: pin {board.reset_button} is {taken[board.reset_button]}; "
            f"allowed: a pin that nothing else has"
        )
    if board.reset_button is not None:
        taken[board.reset_button] = "reset_button"
    for pin in () if board.panel is None else board.panel.pins:
        if pin in taken:
            raise BoardFileError(
                f"{path}: panel: pin {pin} is {taken[pin]}; allowed: a pin that nothing else has"
            )
        taken[pin] = "another part of the panel"


def _chip_of(path: Path, place: str, row: object) -> object:
    """What chip a line has, on which it depends what else may be said of it."""
    kind = row.get("kind") if isinstance(row, dict) else None
    if not isinstance(row, dict) or "chip" not in row or kind not in list(CHIPS_OF_KIND):
        return None
    return Table(path, place, row, row).word("chip", CHIPS_OF_KIND[kind])


def _line(row: Table, slots: int, frame: SlotMap) -> LineSpec:
    kind = row.word("kind", CHIP_OF_KIND)
    return LineSpec(
        name=row.word("name"),
        kind=cast(Kind, kind),
        chip=cast(ChipName, row.word("chip", CHIPS_OF_KIND[kind])),
        bus=row.number("bus", range(8)),
        chip_select=row.number("chip_select", range(64)),
        reset=row.number("reset", _PIN),
        interrupt=row.number("interrupt", _PIN),
        slot=row.number("slot", range(slots)),
        frame=frame,
    )


def _refuse_doubles(path: Path, lines: tuple[LineSpec, ...]) -> None:
    """Names, chip selects and slots belong to one line each; a pin has one purpose."""
    owners: dict[tuple[str, object], int] = {}
    resets = {line.reset: line.name for line in lines}
    for number, line in enumerate(lines, start=1):
        place = (line.bus, line.chip_select)
        for key, value in (("name", line.name), ("chip_select", place), ("slot", line.slot)):
            owner = owners.setdefault((key, value), number)
            if owner != number:
                raise BoardFileError(
                    f"{path}: line[{number}].{key}: {value!r} is taken by line[{owner}]; "
                    f"allowed: one that no other line has"
                )
        if line.interrupt in resets:
            raise BoardFileError(
                f"{path}: line[{number}].interrupt: pin {line.interrupt} resets "
                f"{resets[line.interrupt]}; allowed: a pin that no chip uses for its reset"
            )


def virtual_board(stations: int = 2, trunks: int = 2) -> BoardSpec:
    """A board made of Python with a number of stations (handsets 101…) and trunks (line1…).

    The slowest legal bit clock that holds all slots: 2 + 2 lines need 4 slots, 512 kHz; 2 + 24
    need 26, so 4.096 MHz (32 slots). Raises BoardFileError above 64 lines.
    """
    total = stations + trunks
    fitting = [clock for clock in PCLK_HZ if slots_at(clock) >= total]
    if total < 1 or not fitting:
        raise BoardFileError(f"virtual board: {total} lines; allowed: 1 to {slots_at(PCLK_HZ[-1])}")
    lines = _virtual_lines(stations, trunks)
    panel = virtual_panel([line.name for line in lines])
    return BoardSpec("virtual", "Virtual board", "us", total, fitting[0], lines, panel=panel)


def _virtual_lines(stations: int, trunks: int) -> tuple[LineSpec, ...]:
    places = [("station", str(101 + index), index) for index in range(stations)]
    places += [("trunk", f"line{index + 1}", index) for index in range(trunks)]
    return tuple(
        _virtual_line(kind, name, index, slot) for slot, (kind, name, index) in enumerate(places)
    )


def _virtual_line(kind: str, name: str, index: int, slot: int) -> LineSpec:
    """Handsets on SPI 0, outside lines on SPI 1; each kind has one reset pin."""
    bus, reset, interrupt = (0, 5, 8) if kind == "station" else (1, 6, 16)
    return LineSpec(
        name=name,
        kind=cast(Kind, kind),
        chip=cast(ChipName, CHIP_OF_KIND[kind]),
        bus=bus,
        chip_select=index,
        reset=reset,
        interrupt=interrupt + index // LINES_PER_INTERRUPT_PIN,
        slot=slot,
        board_name="virtual",
    )
