"""The pages of the box as people find them: sections and their pages, by role.

Each area adds its own lines when its pages are there; a section without pages is not shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.operations.actor import Actor, Role

SYSTEM, PHONE, NETWORK = (Role.SYSTEM,), (Role.PHONE,), (Role.NETWORK,)


@dataclass(frozen=True)
class Item:
    """One page."""

    label: str
    """In English; catalogues translate it."""
    path: str
    roles: tuple[Role, ...] = ()
    """Who sees it, besides administrators; none: everybody."""


@dataclass(frozen=True)
class Section:
    """Pages that belong together."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class ShownItem:
    """A page in the navigation of one visit."""

    label: str
    path: str
    here: bool
    """It is the page that is shown, or the one above it."""


@dataclass(frozen=True)
class ShownSection:
    """A section in the navigation of one visit."""

    label: str
    path: str
    """Of its first page."""
    here: bool
    items: tuple[ShownItem, ...]


SECTIONS: Sequence[Section] = (
    Section(
        "My Switchhook",
        (
            Item("Inbox", "/mine"),
            Item("Greetings", "/mine/greetings"),
            Item("Settings", "/mine/settings"),
            Item("Account", "/account"),
        ),
    ),
    Section(
        "Business",
        (
            Item("Users", "/business/users", SYSTEM),
            Item("Templates", "/business/templates", SYSTEM),
            Item("Message Aliases", "/business/aliases", SYSTEM),
            Item("Extensions and Lines", "/business/lines", PHONE),
            Item("Ring Groups", "/business/groups", PHONE),
            Item("Number Plan", "/business/numbers", SYSTEM),
            Item("Lamps", "/business/lamps", SYSTEM),
            Item("Greetings", "/business/greetings", PHONE),
            Item("Notification", "/business/notification", SYSTEM),
        ),
    ),
    Section(
        "Network",
        (
            Item("Configuration", "/network", NETWORK),
            Item("Certificate", "/network/certificate", NETWORK),
        ),
    ),
    Section(
        "Email Server",
        (
            Item("Settings", "/email", SYSTEM),
            Item("Connections", "/email/connections", SYSTEM),
            Item("Signing key", "/email/signing", SYSTEM),
            Item("Domains", "/email/domains", SYSTEM),
        ),
    ),
    Section(
        "Reports",
        (
            Item("Users", "/reports/users", SYSTEM),
            Item("Calls", "/reports/calls", PHONE),
            Item("Queue", "/reports/queue", SYSTEM),
            Item("History of a message", "/reports/history", SYSTEM),
        ),
    ),
    Section(
        "Maintenance",
        (
            Item("Status", "/maintenance", NETWORK),
            Item("Backup", "/maintenance/backup", SYSTEM),
            Item("Restore", "/maintenance/restore", SYSTEM),
            Item("Update", "/maintenance/update", NETWORK),
            Item("Logs", "/maintenance/logs", NETWORK),
            Item("Self-test", "/maintenance/selftest", NETWORK),
            Item("Restart", "/maintenance/restart", NETWORK),
            Item("First start", "/start", SYSTEM),
        ),
    ),
)


def sections_for(actor: Actor, path: str) -> list[ShownSection]:
    """What this person sees, with the page of this path marked."""
    shown = []
    for section in SECTIONS:
        items = [item for item in section.items if not item.roles or actor.may(*item.roles)]
        here = max((item.path for item in items if _under(path, item.path)), key=len, default=None)
        if items:
            pages = tuple(ShownItem(one.label, one.path, one.path == here) for one in items)
            shown.append(ShownSection(section.label, items[0].path, here is not None, pages))
    return shown


def home_of(actor: Actor) -> str:
    """Where somebody begins: the first page that they see."""
    sections = sections_for(actor, "")
    return sections[0].path


def _under(path: str, page: str) -> bool:
    return path == page or path.startswith(page.rstrip("/") + "/")
