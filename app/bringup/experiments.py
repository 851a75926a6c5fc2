"""The eight experiments that tell most about a line hat nobody has run, most worth first.

docs/hardware.md has the same eight, with the places in the code that depend on them.
"""

from app.bringup import on_board, on_station, on_trunk
from app.bringup.talk import Experiment

EXPERIMENTS = (
    Experiment(
        "ring-detector",
        "1. What the outside line's chip shows of ringing",
        "trunk",
        "Plug an outside line into the jack. Have a second telephone at hand to call it.",
        "Whether the end of a burst can be told, and whether turned polarity looks like ringing.",
        on_trunk.ring_detector,
    ),
    Experiment(
        "battery",
        "2. Battery at a start, and the line IC",
        "station",
        "Plug one telephone into the handset's jack, on its hook. A scope at RING is welcome.",
        "Whether supply, converter timing and line IC in board.toml are those of this hat.",
        on_station.battery,
    ),
    Experiment(
        "scratch-noise",
        "3. Noise by the chip's scratch memory",
        "station",
        "Lift the handset and lay it into a drawer, or put 600 ohm across the jack. Twenty starts"
        " take about two minutes.",
        "Whether rubbish in indirect register 97 is heard in recordings.",
        on_station.scratch_noise,
    ),
    Experiment(
        "framing",
        "4. Slots of the PCM stream",
        "board",
        "Nothing. The chips send back what they get.",
        "Whether each line's voice lies in the slot that board.toml says.",
        on_board.framing,
    ),
    Experiment(
        "overrun",
        "5. Slots after an overrun",
        "board",
        "Nothing. The program stands still for a second, then the markers are sent again.",
        "Whether left and right, or other slots, change places when the sound stream overruns.",
        on_board.overrun,
    ),
    Experiment(
        "calibration",
        "6. Calibration with fast and with slow settling",
        "station",
        "Put the handset on its hook and leave it there.",
        "Whether the chip's own calibration may take the short way.",
        on_station.calibration,
    ),
    Experiment(
        "ringing-voltage",
        "7. Line voltage while it rings",
        "trunk",
        "The outside line again, and a telephone to call it.",
        "Whether battery and polarity may be judged while ringing voltage is on the line.",
        on_trunk.ringing_voltage,
    ),
    Experiment(
        "short",
        "8. A short between the wires",
        "station",
        "Unplug the telephone; have a short wire ready to join TIP and RING of the jack.",
        "What the chip's feed register reads after a power alarm.",
        on_station.short,
    ),
)

TITLES = {one.key: one.title for one in EXPERIMENTS}
