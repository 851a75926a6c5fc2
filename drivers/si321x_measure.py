"""What an Si3210 or Si3215 measures on its line: one look at its registers.

[Si3215 DS, "Line voltage and current monitoring"; registers 64, 68, 78 to 82]
"""

from app.core.sentences import sentence
from drivers import si321x_registers as reg
from drivers.errors import ChipMissing
from drivers.ports import LineReading
from drivers.registers import SI321X_FRAMING, RegisterBus, RegisterTransfer

LINE_VOLTS_STEP = 1.5
LINE_MA_STEP = 1.25
WIRE_VOLTS_STEP = 0.376
"""Of registers 78, 79, and 80 to 83 [DS]."""

LINEFEED_NAMES = (
    "open",
    "forward active",
    "forward on-hook transmission",
    "TIP open",
    "ringing",
    "reverse active",
    "reverse on-hook transmission",
    "RING open",
)
"""By the code of register 64 [DS, linefeed states]."""
_RINGING = 4

_LOOK = RegisterTransfer(
    SI321X_FRAMING,
    [
        reg.SPI_MODE.read(),
        reg.PCM_MODE.read(),
        reg.HYBRID.read(),
        reg.LINEFEED.read(),
        reg.LOOP_STATUS.read(),
        reg.LINE_VOLTAGE.read(),
        reg.LINE_CURRENT.read(),
        reg.BATTERY_SENSE.read(),
    ],
)


def reading(bus: RegisterBus, place: str) -> LineReading:
    """What the chip says now; `place` names it in errors. Raises ChipMissing."""
    mode, pcm, hybrid, linefeed, loop, volts, current, battery = bus.send(_LOOK)
    revision = reg.REVISION.of(mode)
    if revision in (0, 15) or hybrid == 0xFF:
        raise ChipMissing(
            sentence(
                "%(place)s: no chip answers (registers 0, 11 read %(mode)s "
                "%(hybrid)s); check the line hat and its supply",
                place=place,
                mode=f"{mode:#04x}",
                hybrid=f"{hybrid:#04x}",
            )
        )
    state = reg.LINEFEED_ACTUAL.of(linefeed)
    closed = reg.RTP.of(loop) if state == _RINGING else reg.LCR.of(loop)
    return LineReading(
        chip="Si3215" if reg.IS_SI3215.of(pcm) else "Si3210",
        revision=chr(ord("A") + revision - 1),
        doing=LINEFEED_NAMES[state],
        volts=line_volts(volts),
        ma=line_ma(current),
        battery_volts=wire_volts(battery),
        off_hook=bool(closed),
    )


def line_volts(octet: int) -> float:
    """Register 78 as volts between the wires; positive: TIP above RING."""
    volts = reg.LINE_VOLTS.of(octet) * LINE_VOLTS_STEP
    return -volts if reg.TIP_BELOW_RING.of(octet) else volts


def line_ma(octet: int) -> float:
    """Register 79 as milliamperes, whichever way they flow."""
    return reg.LINE_AMPS.of(octet) * LINE_MA_STEP


def wire_volts(octet: int) -> float:
    """Registers 80 to 83 as volts below ground, a positive number."""
    return octet * WIRE_VOLTS_STEP
