"""The settings of a broker: section mqtt of app/config/settings.py."""

from typing import Literal

from pydantic import Field

from app.config.kinds import HostAndPort
from app.config.section import Section


class Mqtt(Section):
    """A broker of a home automation that is told what goes on here; none unless it is named."""

    server: HostAndPort = Field(
        "",
        pattern=r"^$|^[^:\s]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$",
        description="host:port of the broker, without a port 1883; empty: none.",
    )
    encryption: Literal["auto", "yes", "no"] = Field(
        "auto", description="Whether TLS is spoken to it; auto: on port 8883."
    )
    verify: bool = Field(True, description="Whether the broker's certificate is checked.")
    authority: str = Field(
        "",
        description="File with the certificate of who has signed the broker's (PEM); empty: whoever"
        " the system trusts.",
    )
    user: str = Field("", description="Login at the broker; empty: none.")
    password: str = Field(
        "",
        description="Password of that login; it is kept in the store, encrypted: the box takes it"
        " out of this file at its next start.",
    )
    topic: str = Field(
        "switchhook",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="What the topics begin with.",
    )
    discovery: str = Field(
        "homeassistant",
        pattern=r"^$|^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        description="Where Home Assistant looks for devices; empty: it is not told of this one.",
    )
    callers: bool = Field(
        True, description="Whether the broker is told who calls and who has sent a message."
    )
