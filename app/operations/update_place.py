"""Whether this machine has a place where an update could go."""

from app.config.paths import Paths
from app.core.sentences import sentence
from app.device.update.errors import NoSlots
from app.device.update.slots_disk import find


def why_no_update(paths: Paths) -> str:
    """Why no update can be installed here, in words; "" if it can."""
    try:
        find(paths.run / "boot")
    except NoSlots as problem:
        return sentence(
            "%(why)s. On a laptop the program's own folder is brought up to date instead",
            why=problem,
        )
    return ""
