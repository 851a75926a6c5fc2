"""Everything that reads octets which others have made, as functions of octets.

A target returns, or raises what is a fault: an exception that its reader does not declare, or an
AssertionError where what must always hold does not. What a reader declares it catches itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Target:
    """Where the function is, how long the octets are that the engine makes for it."""

    module: str
    name: str
    longest: int = 2000
    short_s: int = 60
    """Seconds that it has in `make fuzz-short`."""

    def function(self) -> Callable[[bytes], None]:
        """The function; its module is imported now, and no other target's."""
        found: Callable[[bytes], None] = getattr(import_module(self.module), self.name)
        return found


_ALL = (
    Target("tests.fuzz.mail_targets", "pop3"),
    Target("tests.fuzz.mail_targets", "tls", short_s=20),
    Target("tests.fuzz.mail_targets", "smtp"),
    Target("tests.fuzz.mail_targets", "smtp_client", short_s=20),
    Target("tests.fuzz.mail_targets", "headers"),
    Target("tests.fuzz.mail_targets", "reports", short_s=20),
    Target("tests.fuzz.fetch_targets", "fetch", short_s=20),
    Target("tests.fuzz.fetch_targets", "signatures", short_s=20),
    Target("tests.fuzz.fetch_targets", "spf", short_s=20),
    Target("tests.fuzz.imap_targets", "imap", short_s=20),
    Target("tests.fuzz.imap_targets", "imap_reader", short_s=20),
    Target("tests.fuzz.web_targets", "http", short_s=20),
    Target("tests.fuzz.web_targets", "autodiscover", short_s=20),
    Target("tests.fuzz.sound_targets", "mime"),
    Target("tests.fuzz.sound_targets", "wav", 1000),
    Target("tests.fuzz.sound_targets", "fsk", 4000),
    Target("tests.fuzz.file_targets", "bundle", 4000),
    Target("tests.fuzz.file_targets", "settings"),
    Target("tests.fuzz.bus_targets", "bus", 500),
    Target("tests.fuzz.clerk_targets", "clerk"),
    Target("tests.fuzz.panel_targets", "panel", 500),
)

TARGETS = {target.name: target for target in _ALL}
