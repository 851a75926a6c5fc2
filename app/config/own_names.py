"""The names under which clients know the box."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.config.settings import Settings


def own_names(settings: "Settings") -> tuple[str, ...]:
    """The box's own name first, then the one that mDNS announces, then those of the settings."""
    host = settings.site.hostname
    names = (host, f"{host.partition('.')[0]}.local", *settings.certificate.names)
    return tuple(dict.fromkeys(name.lower() for name in names))
