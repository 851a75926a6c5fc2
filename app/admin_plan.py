"""The settings of the admin service as plain values: app/config/services.py hands them over."""

from dataclasses import dataclass

from app.inbox.retention import Retention
from app.monitoring.config import MqttConfig
from app.panel.config import PanelConfig
from app.web.config import WebConfig


@dataclass(frozen=True)
class AdminPlan:
    """What the admin service must know of the settings."""

    keeping: Retention
    web: WebConfig
    mqtt: MqttConfig | None = None
    """The broker that is told what goes on, if there is one."""
    panel: PanelConfig | None = None
    """None: the board has no front panel, or it is not wanted."""
