"""Joins the front panel with the rest: its part of the admin service's plan, and its store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.config.paths import Paths
from app.inbox.greetings import Greetings
from app.operations.panel import PanelBox
from app.panel.config import PanelConfig
from app.store.database import Database
from app.store.presence import must_exist
from drivers.errors import BoardFileError
from drivers.panel_spec import LOUDSPEAKER

if TYPE_CHECKING:
    from app.config.panel import FrontPanel
    from app.inbox.limits import Limits
    from drivers.board_spec import BoardSpec


def panel_config(
    wanted: FrontPanel, load_board: Callable[[], BoardSpec], has_box: bool, limits: Limits
) -> PanelConfig | None:
    """What the front panel must know of the settings; None if there is none to serve."""
    try:
        board = load_board()
    except BoardFileError:  # lines are what a board is for: the phone service says it
        return None
    if board.panel is None or not wanted.enabled:
        return None
    stations = [line.name for line in board.jacks if line.kind == "station"]
    return PanelConfig(
        spec=board.panel,
        has_box=has_box,
        mailbox=wanted.mailbox,
        handset=LOUDSPEAKER
        if wanted.loudspeaker
        else wanted.handset or (stations[0] if stations else ""),
        limits=limits,
    )


def open_for_panel(paths: Paths, config: PanelConfig) -> PanelBox:
    """The store as the front panel uses it. Raises StoreMissing and StoreFailed."""
    must_exist(paths.database)
    return PanelBox(Database(paths.database), Greetings(paths.greetings), config.limits)
