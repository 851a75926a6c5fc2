"""What the front panel's part of the admin service must know, as plain values."""

from dataclasses import dataclass

from app.inbox.limits import Limits
from drivers.panel_spec import PanelSpec


@dataclass(frozen=True)
class PanelConfig:
    """The panel that the board's file names, and the settings that concern it."""

    spec: PanelSpec
    has_box: bool
    """Whether the panel is the virtual board's."""
    mailbox: str
    """Whose voicemail is played and shown; "": everybody's is shown, nobody's is played."""
    handset: str
    """Where it is played; LOUDSPEAKER: there."""
    limits: Limits
    """Of an inbox, where neither its person nor their template says it."""
