"""Which languages prompts can be heard in: those with a sound pack, and the one of their words."""

import re
from pathlib import Path

from app.voicemail.menu import WITHOUT_PACK

_TWO_LETTERS = re.compile(r"^([a-z]{2})(?:$|[_-])")


def available(packs: Path) -> frozenset[str]:
    """Two-letter codes [ISO 639-1] of all languages that prompts can be heard in.

    `packs` is the folder of the sound packs: `en_US_f_Allison` and `en` are English. A voice of the
    synthesizer is not enough: the words of prompts are English, and only packs say them otherwise.
    """
    names = (folder.name for folder in packs.iterdir()) if packs.is_dir() else ()
    return frozenset(found[1] for name in names if (found := _TWO_LETTERS.match(name))) | {
        WITHOUT_PACK
    }
