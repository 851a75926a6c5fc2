"""The beat of the phone side (signatures first; being filled in)."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from app.phone.config import PhoneConfig
from app.phone.jobs import Clerk
from app.phone.line import Line
from drivers.buses import Samples
from drivers.ports import PortEvent, StationPort, Steps, TrunkPort

CallScript = Callable[[Line, Clerk, str], Coroutine[Any, Any, None]]
"""answer(line, clerk, mailbox) for callers, owner(line, clerk, mailbox) for a mailbox's owner."""


class Board(Protocol):
    """The part of drivers.board.LineBoard that the switch uses."""

    @property
    def stations(self) -> Mapping[str, StationPort]:
        """Station ports by jack label."""
        ...

    @property
    def trunks(self) -> Mapping[str, TrunkPort]:
        """Trunk ports by jack label."""
        ...

    def power_up(self) -> Steps:
        """Bring all chips to life, side by side."""
        ...

    def poll(self) -> list[tuple[str, PortEvent]]:
        """What happened on the lines since the last poll."""
        ...


class Switch:
    """All lines of one board, driven by one call of beat() every 10 ms of line time."""

    def __init__(
        self,
        board: Board,
        slots: int,
        clerk: Clerk,
        config: PhoneConfig,
        answer: CallScript,
        owner: CallScript,
    ) -> None: ...

    def power_up(self) -> None:
        """Start bringing the chips up; beat() goes on with it, calls are taken afterwards."""

    def beat(self, heard: Samples) -> Samples:
        """One period: heard from the lines (slots, 80), returns what is played to them."""
        raise NotImplementedError

    def message_waiting(self, station: str, waiting: bool) -> None:
        """Whether this handset's owner has unheard voicemail: stutter dial tone, lamp."""

    def hang_up_all(self) -> None:
        """End every call; recordings are finished by their scripts."""

    @property
    def busy(self) -> bool:
        """Whether any call script still runs."""
        raise NotImplementedError

    def status(self) -> dict[str, Any]:
        """Lines with their states, lost and late periods, faults; JSON values only."""
        raise NotImplementedError
