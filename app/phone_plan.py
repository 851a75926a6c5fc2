"""What the phone service must know of the settings; its parts belong to several packages."""

from dataclasses import dataclass

from app.clerk.config import ClerkConfig
from app.phone.config import PhoneConfig
from app.voicemail.config import RecordingLimits
from drivers.board_spec import BoardSpec, Kind


@dataclass(frozen=True)
class PhonePlan:
    """The settings of the phone service and its clerk as plain values."""

    board: BoardSpec
    has_box: bool
    """Whether the board is made of Python and played by a service of its own."""
    calls: PhoneConfig
    clerk: ClerkConfig
    limits: RecordingLimits

    def jacks(self, kind: Kind) -> tuple[str, ...]:
        """The labels of the board's jacks of this kind, in the order of its file."""
        return tuple(line.name for line in self.board.lines if line.kind == kind)
