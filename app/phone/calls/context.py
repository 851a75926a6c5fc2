"""What a call needs from outside, and the kinds of scripts that it runs."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from app.core.timers import TimerQueue
from app.phone.calls.aims import Aim
from app.phone.calls.call_line import CallLine
from app.phone.calls.dialplan import Dialplan, Subscriber
from app.phone.calls.line import Caller, Line
from app.phone.calls.outside_lines import OutsideLines
from app.phone.config import PhoneConfig
from app.phone.jobs import Outcome
from app.phone.lines.station import StationLine
from app.phone.lines.trunk import TrunkLine
from app.phone.sound.mixer import Bus, Channel, Mixer
from drivers.countries import Tones

AnyLine = StationLine | TrunkLine

CallScript = Callable[[Line, str], Coroutine[Any, Any, None]]
"""answer(line, mailbox) for callers, owner(line, number) for a handset that dials a mailbox."""

PlayScript = Callable[[Line, str, int | str], Coroutine[Any, Any, None]]
"""play(line, mailbox, entry) for a handset that is rung to play messages; entry 0: all."""


class Context(Protocol):
    """What a call needs from outside; app.phone.calls.calls.Calls provides it for one board.

    What it needs of the board's other calls is call.py's CallContext.
    """

    @property
    def queue(self) -> TimerQueue:
        """Line time."""
        ...

    @property
    def mixer(self) -> Mixer:
        """Where conference buses come from."""
        ...

    @property
    def music(self) -> Bus:
        """What parties on hold listen to."""
        ...

    @property
    def tones(self) -> Tones:
        """The country's tones."""
        ...

    @property
    def config(self) -> PhoneConfig:
        """How long it rings."""
        ...

    @property
    def stations(self) -> Mapping[str, StationLine]:
        """The handsets' lines by name."""
        ...

    @property
    def answer(self) -> CallScript:
        """Takes a message from the caller (app/voicemail/answer.py)."""
        ...

    @property
    def owner(self) -> CallScript:
        """The menu of a mailbox's owner (app/voicemail/internal.py)."""
        ...

    @property
    def fax(self) -> CallScript | None:
        """Receives a fax (app/voicemail/fax.py)."""
        ...

    @property
    def follow(self) -> CallScript:
        """Asks who answers a follow-me number to accept the call (app/voicemail/follow_me.py)."""
        ...

    def owner_of_mailbox(self, number: str) -> Subscriber | None:
        """Whose mailbox this is."""
        ...

    @property
    def attendant(self) -> CallScript:
        """Asks a caller whom they want (app/voicemail/attendant.py)."""
        ...

    def aim(self, number: str) -> Aim | None:
        """Where a call to this number of ours goes; None if it is nobody's."""
        ...

    def rang(self, station: str) -> None:
        """This handset is rung, on behalf of whomever it belongs to."""
        ...

    @property
    def outside_lines(self) -> OutsideLines:
        """The outside lines, and who may call what on them."""
        ...

    def owner_of(self, line: AnyLine) -> Subscriber | None:
        """Whose handset this is."""
        ...

    def identity(self, line: AnyLine) -> Caller:
        """Who calls on this line."""
        ...

    def refresh_directory(self) -> None:
        """Who has which number will be needed soon."""
        ...

    def dialplan(self) -> Dialplan:
        """What numbers mean now."""
        ...

    def default_mailbox(self) -> str:
        """Who answers a trunk whose setting names no mailbox; "" is nobody."""
        ...

    def missed_call(self, line: AnyLine, why: str, mailbox: str = "") -> None:
        """Report a call on this line that nobody answered; `why` in words, `mailbox` whose it is.

        Without one it is the administrator's.
        """
        ...

    def ended_call(
        self, line: AnyLine, to: str, outcome: Outcome, *times: int, trunk: str = "", way: str = ""
    ) -> None:
        """Report a call that is over; periods (10 ms) before it was answered, and after that.

        `trunk` is the outside line that a handset called on.
        """
        ...

    def call_line(self, line: AnyLine, channel: Channel, hung_up: Callable[[], None]) -> CallLine:
        """What a script sees of this line; its sound goes by `channel`."""
        ...

    def run(
        self, script: CallScript, line: CallLine, mailbox: str, over: Callable[[], None]
    ) -> None:
        """Start a script; `over` is called when it has ended, by itself or by its death."""
        ...
