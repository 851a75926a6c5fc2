"""The prompts of one language as a squashfs of their own, with their own version.

They lie on the data partition (prompts/<language>-<version>.sqfs), so that an update of the slots
does not carry them and other languages can be added.
"""

import shutil
from pathlib import Path

from scripts.image.apt import Apt, unpack
from scripts.image.squash import squash
from scripts.image.work import Folders

PACKS = {
    language: f"asterisk-core-sounds-{language}-wav" for language in ("en", "es", "fr", "it", "ru")
}
"""Debian's package of each language's recorded prompts."""
LEFT_OUT = (
    "agent-", "conf-", "confbridge-", "demo-", "dictate/", "phonetic/", "silence/",
    "spy-", "tt-",
)  # fmt: skip
"""How names begin that only applications of Asterisk say which we have not: half of a pack."""


def build(apt: Apt, language: str, folders: Folders, epoch: int) -> Path:
    """The pack of a language: en-1.6.1.sqfs, its files of the time `epoch` (seconds)."""
    deb = apt.fetch(PACKS[language])[0]
    version = deb.name.split("_")[1].rsplit("-", 1)[0]
    tree = folders.build / "prompts" / language
    shutil.rmtree(tree, ignore_errors=True)
    sounds = unpack(deb, tree) / "usr" / "share" / "asterisk" / "sounds"
    voice = next(folder for folder in sorted(sounds.iterdir()) if folder.is_dir())
    for path in sorted(voice.rglob("*.wav")):
        if path.relative_to(voice).as_posix().startswith(LEFT_OUT):
            path.unlink()
    for licence in sorted(tree.rglob("copyright")):
        shutil.copy2(licence, voice / "copyright")
    return squash(voice, folders.build / "prompts" / f"{language}-{version}.sqfs", epoch)
