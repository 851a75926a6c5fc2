"""Where the page is that sets up mail programs."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from app.config.paths import Paths
from app.core.own_addresses import own_addresses
from app.core.records import parse_json

if TYPE_CHECKING:
    from app.config.settings import Settings

PATH = "/setup"


def setup_page(paths: Paths, settings: Settings) -> str:
    """Its address for another machine in the network, as long as somebody can reach it there.

    By an IP address: not every telephone can look up names that end in .local.
    """
    return setup_pages(paths, settings)[0]


def setup_pages(paths: Paths, settings: Settings) -> list[str]:
    """All its addresses: by each IP address of the box, and by its name."""
    port = _port(paths, settings)
    hosts = _listening_on(settings.web.listen)
    if not ipaddress.ip_address(settings.web.listen).is_loopback:
        hosts.append(settings.site.hostname)
    return [f"http://{host}{'' if port == 80 else f':{port}'}{PATH}" for host in hosts]


def _port(paths: Paths, settings: Settings) -> int:
    """The port that is listened on now, else that of the settings."""
    try:
        return int(parse_json(paths.web_ports.read_bytes())["http"])
    except (OSError, ValueError, KeyError, TypeError):
        return settings.web.http_port


def _listening_on(listen: str) -> list[str]:
    """The addresses that clients can use, as URLs have them; what is beyond the machine first."""
    asked = ipaddress.ip_address(listen)
    if not asked.is_unspecified:
        return [_in_url(asked)]
    found = [ipaddress.ip_address(address) for address in own_addresses()]
    kinds = (4,) if asked.version == 4 else (4, 6)  # hosts_listened_on
    usable = [ip for ip in found if ip.version in kinds and not ip.is_link_local]
    return [_in_url(ip) for ip in sorted(usable, key=lambda ip: ip.is_loopback)]


def _in_url(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return str(ip) if ip.version == 4 else f"[{ip}]"
