"""What an operator can make go wrong with a line's chip, and put right again."""

from collections.abc import Mapping

from drivers.models.box import VirtualBox
from drivers.models.faults import Fault

NAMES: Mapping[str, Fault] = {fault.name.lower().replace("_", "-"): fault for fault in Fault}
"""Faults as an operator types them: "no-supply"."""


class NoFault(Exception):
    """There is no such line or fault; the text names those that are."""


def fault(box: VirtualBox, jack: str, name: str, there: bool) -> str:
    """Let a fault be there from now on, or be gone; what happened, in words. Raises NoFault."""
    chip, found = box.chips.get(jack), NAMES.get(name)
    if chip is None:
        raise NoFault(f"no chip is at {jack!r}; there are: {', '.join(box.chips)}")
    if found is None:
        raise NoFault(f"no fault {name!r}; there are: {', '.join(NAMES)}")
    here = {line.name: line.chip for line in box.spec.lines}[jack]
    if found.chip.lower() not in ("", here):  # it would change nothing there
        fitting = (known for known, one in NAMES.items() if one.chip.lower() in ("", here))
        raise NoFault(
            f"no {here} has the fault {name!r}, and {jack} is one; there are: {', '.join(fitting)}"
        )
    if there:
        chip.inject(found)
        return f"{jack}: {found.value}"
    chip.mend(found)
    return f"{jack}: {name} is gone"
