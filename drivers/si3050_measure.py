"""What an Si3050 with its line side measures on an outside line: one look at its registers.

[Si3050 DS, registers 2, 5, 11, 12 and 29]
"""

from app.core.sentences import sentence
from drivers import si3050_registers as reg
from drivers.errors import ChipMissing
from drivers.ports import LineReading
from drivers.registers import SI3050_FRAMING, RegisterBus, RegisterTransfer

LOOP_MA_STEP = 3.3
"""Of the field LCS in register 12 [DS]."""

LINE_SIDES = {1: "Si3018", 3: "Si3019", 4: "Si3011"}
"""By LSID [unverified: line-side identity]."""

_LOOK = RegisterTransfer(
    SI3050_FRAMING,
    [
        reg.CONTROL_2.read(),
        reg.DAA_CONTROL_1.read(),
        reg.REVISION.read(),
        reg.LINE_STATUS.read(),
        reg.LINE_VOLTAGE.read(),
    ],
)


def reading(bus: RegisterBus, place: str) -> LineReading:
    """What the chip says now; `place` names it in errors. Raises ChipMissing."""
    control, hook, revision, status, volts = bus.send(_LOOK)
    if control in (0x00, 0xFF):
        raise ChipMissing(
            sentence(
                "%(place)s: no chip answers (register 2 reads %(control)s); "
                "check the line hat and its supply",
                place=place,
                control=f"{control:#04x}",
            )
        )
    linked = bool(reg.FDT.of(status))
    side = LINE_SIDES.get(reg.LSID.of(revision), "unknown line side")
    system = revision & 0x0F
    seized = bool(reg.OH.of(hook))
    return LineReading(
        chip=f"Si3050 + {side}" if linked else "Si3050, no line side",
        revision=chr(ord("A") + system - 1) if system else "?",
        doing=("off hook" if seized else "on hook") if linked else "isolation link down",
        volts=float(signed_volts(volts)),
        ma=reg.LCS.of(status) * LOOP_MA_STEP,
        battery_volts=None,
        off_hook=seized,
    )


def signed_volts(octet: int) -> int:
    """Register 29 as volts; the sign is the polarity."""
    return octet - 256 if octet & 0x80 else octet
