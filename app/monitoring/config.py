"""What telling others by MQTT must know of the settings, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.config.host_port import host_and_port

if TYPE_CHECKING:
    from app.config.settings import Settings

PLAIN, TLS = 1883, 8883
"""Ports of MQTT, as IANA has them."""


@dataclass(frozen=True)
class MqttConfig:
    """One broker, and what it is told."""

    server: str
    port: int
    tls: bool
    verify: bool
    """Whether the broker's certificate is checked."""
    authority: str
    """File with the certificate of who signed it (PEM); "": whom the system trusts."""
    user: str
    """Who logs in there; "": nobody. The password lies in the store."""
    topic: str
    """What all topics of this box begin with."""
    discovery: str
    """What those begin with in which Home Assistant looks for devices; "": it is not told."""
    callers: bool
    """Whether it is told who calls and who has sent a message."""
    host: str
    """The box's own name."""


def mqtt_config(settings: Settings) -> MqttConfig | None:
    """The broker that is told what goes on; None if there is none."""
    mqtt = settings.mqtt
    place = host_and_port(mqtt.server, PLAIN)
    if place is None:
        return None
    server, port = place
    return MqttConfig(
        server=server,
        port=port,
        tls=mqtt.encryption == "yes" or (mqtt.encryption == "auto" and port == TLS),
        verify=mqtt.verify,
        authority=mqtt.authority,
        user=mqtt.user,
        topic=mqtt.topic,
        discovery=mqtt.discovery,
        callers=mqtt.callers,
        host=settings.site.hostname,
    )
