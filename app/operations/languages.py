"""Which languages the box can speak: those with a sound pack, and those with a voice."""

import re
import subprocess
from pathlib import Path

_TWO_LETTERS = re.compile(r"^([a-z]{2})(?:$|[_-])")


def available(packs: Path, synthesizer: str = "espeak-ng") -> frozenset[str]:
    """Two-letter codes [ISO 639-1] of all languages that prompts can be heard in.

    `packs` is the folder of the sound packs: `en_US_f_Allison` and `en` are English.
    """
    return recorded(packs) | spoken(synthesizer)


def recorded(packs: Path) -> frozenset[str]:
    """The languages that have a sound pack in this folder."""
    names = (folder.name for folder in packs.iterdir()) if packs.is_dir() else ()
    return frozenset(found[1] for name in names if (found := _TWO_LETTERS.match(name)))


def spoken(synthesizer: str = "espeak-ng") -> frozenset[str]:
    """The languages that the synthesizer has a voice for; none if there is no synthesizer."""
    try:
        listed = subprocess.run(
            [synthesizer, "--voices"], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    rows = (line.split() for line in listed.stdout.splitlines()[1:])
    codes = (row[1] for row in rows if len(row) > 1)
    return frozenset(found[1] for code in codes if (found := _TWO_LETTERS.match(code)))
