"""A chip select with registers behind it, at frame level, for unit tests of the drivers.

Not a chip: it stores what is written, clears what is cleared, counts frames. The chips' behaviour
is in drivers/models. Two-frame (Si321x) and three-frame (Si3050) accesses.
"""

from collections.abc import Callable, Iterable, Sequence

from drivers.ports import Steps


class Pin:
    """A pin, both directions."""

    def __init__(self, level: bool = True) -> None:
        self.level = level
        self.history: list[bool] = []
        self.reads = 0

    def set(self, level: bool) -> None:
        self.level = level
        self.history.append(level)

    def read(self) -> bool:
        self.reads += 1
        return self.level


class RegisterFile:
    """SpiDevice: registers that remember; `log` has every write, `reads` every address read."""

    def __init__(
        self,
        access_frames: int,
        registers: dict[int, int],
        write_1_clears: Iterable[int] = (),
        write_0_clears: Iterable[int] = (),
        read_only: Iterable[int] = (),
    ) -> None:
        self.registers = dict(registers)
        self.log: list[tuple[int, int]] = []
        self.reads: list[int] = []
        self.transfers = 0
        self.frames = 0
        self.on_write: dict[int, Callable[[int], None]] = {}
        self.on_read: dict[int, Callable[[], int]] = {}
        self.dead = False
        self.nobody = 0xFF
        """What is read of a dead one: 0 where the wire is held low."""
        self.indirect: dict[int, int] = {}
        """16-bit registers, of a chip that has them."""
        self._access_frames = access_frames
        self._frames: list[int] = []
        self._w1c, self._w0c = set(write_1_clears), set(write_0_clears)
        self._read_only = set(read_only)

    def transfer(self, frames: Sequence[int]) -> list[int]:
        self.transfers += 1
        self.frames += len(frames)
        assert frames, "an empty transfer"
        assert all(0 <= frame <= 0xFF for frame in frames)
        return [self._frame(frame) for frame in frames]

    def _frame(self, frame: int) -> int:
        self._frames.append(frame)
        if len(self._frames) < self._access_frames:
            return 0xFF
        frames, self._frames = self._frames, []
        if self.dead:
            return self.nobody
        if self._access_frames == 2:
            reading, address = bool(frames[0] & 0x80), frames[0] & 0x7F
        else:
            assert frames[0] in (0x20, 0x60)
            reading, address = frames[0] == 0x60, frames[1]
        if reading:
            self.reads.append(address)
            getter = self.on_read.get(address)
            return getter() if getter else self.registers.get(address, 0)
        self._write(address, frames[-1])
        return 0xFF

    def _write(self, address: int, value: int) -> None:
        self.log.append((address, value))
        old = self.registers.get(address, 0)
        if address in self._w1c:
            value = old & ~value
        elif address in self._w0c:
            value = old & value
        if address not in self._read_only:
            self.registers[address] = value & 0xFF
        reaction = self.on_write.get(address)
        if reaction:
            reaction(value)

    def last(self, address: int) -> int:
        """What was written there last."""
        return [value for where, value in self.log if where == address][-1]


def si3210_file() -> RegisterFile:
    """Registers of an Si3210 rev E after reset, with indirect registers and instant power."""
    file = RegisterFile(
        2,
        {0: 0x05, 1: 0x08, 8: 0x02, 11: 0x33, 14: 0x10, 64: 0, 93: 0x14, 107: 0x08, 98: 0x11},
        write_1_clears=(18, 19, 20),
        read_only=(31, 68, 82),
    )
    indirect: dict[int, int] = {}
    touched = [False]

    def data_touched(_: int) -> None:
        touched[0] = True

    def serve(address: int) -> None:
        if touched[0]:
            indirect[address] = file.registers[29] << 8 | file.registers[28]
            touched[0] = False
        else:
            value = indirect.get(address, 0xDEAD)
            file.registers[28], file.registers[29] = value & 0xFF, value >> 8

    def linefeed() -> int:
        return file.registers[64] & 7 | (file.registers[64] & 7) << 4

    def calibrated(value: int) -> None:
        file.registers[96] = value & ~0x40

    def converter(value: int) -> None:
        file.registers[93] = value & ~0x80

    file.on_write = {
        28: data_touched, 29: data_touched, 30: serve, 96: calibrated, 93: converter
    }  # fmt: skip
    file.on_read = {
        64: linefeed,
        82: lambda: 0x10 if file.registers[14] & 0x10 else 0xC8,
    }
    file.indirect = indirect
    return file


def si3050_file() -> RegisterFile:
    """Registers of an Si3050 + Si3019 after reset, link up at once, 48 V on the line."""
    file = RegisterFile(
        3,
        {2: 0x03, 5: 0, 6: 0x10, 11: 0, 12: 0, 13: 0x40, 28: 27, 29: 48, 31: 0x20},
        write_0_clears=(4,),
        read_only=(11, 12, 13, 19, 28, 29),
    )

    def reset(value: int) -> None:
        if value & 0x80:
            file.registers.update({1: 0, 2: 0x03, 3: 0, 5: 0, 6: 0x10, 11: 0, 12: 0})

    def power(value: int) -> None:
        up = not value & 0x10
        file.registers.update({11: 0x35 if up else 0x05, 12: 0x40 if up else 0})

    file.on_write = {1: reset, 6: power}
    return file


def run(steps: Steps, at_most: int = 1000, each: Callable[[], None] = lambda: None) -> int:
    """Run steps to their end; how many periods they took. `each` is called once a period."""
    periods = 0
    for wait in steps:
        assert wait >= 1
        for _ in range(wait):
            periods += 1
            each()
        assert periods <= at_most, "does not end"
    return periods
