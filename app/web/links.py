"""Addresses of our own pages, as somebody elsewhere can open them."""

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


SETUP = "/setup"
"""The page that sets up mail programs."""


def url(scheme: str, host: str, port: int, path: str = SETUP) -> str:
    """A URL [RFC 3986 §3.2]: an IPv6 address in brackets, the port only where it is not usual."""
    if ":" in host:
        host = f"[{host}]"
    usual = {"http": 80, "https": 443}[scheme]
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}{path}"


@dataclass
class Links:
    """The ports that are really listened on, once they are known, and the box's names."""

    names: tuple[str, ...]
    http_port: int
    https_port: int
    """0: not listened on."""

    def seen_from(self, request: "Request", path: str = SETUP) -> str:
        """The page's address for somebody beside the reader, such as their telephone.

        By the address that the reader has reached us at: a name that ends in .local is one that
        not every telephone can look up. A public name is taken, if it is one of ours.
        """
        host = request.headers.get("host", "").lower()
        name = re.sub(r":[0-9]+$", "", host)
        if name in self.names and not name.endswith(".local"):
            return url("http", name, self.http_port, path)
        return url("http", _plain(request.scope["server"][0]), self.http_port, path)

    def secure(self, path: str) -> str | None:
        """The same by TLS, under the box's own name; None if there is none."""
        return url("https", self.names[0], self.https_port, path) if self.https_port else None


def _plain(address: str) -> str:
    """An IP address without zone, and IPv4 without the mark of IPv6 [RFC 4291 §2.5.5.2]."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found)
