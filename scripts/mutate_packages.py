"""What `make mutate` tries: packages, and the tests that are asked about a fault in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """The folders whose modules are changed, and the tests of their own."""

    folders: tuple[str, ...]
    own: tuple[str, ...]


PACKAGES = {
    "app/imap": Package(("app/imap",), ("tests/imap",)),
    "app/inbox": Package(("app/inbox", "app/store"), ("tests/inbox", "tests/store")),
    "app/mail": Package(("app/mail", "app/message"), ("tests/mail", "tests/message")),
    "app/phone": Package(("app/phone",), ("tests/phone",)),
    "app/voicemail": Package(("app/voicemail", "app/clerk"), ("tests/voicemail", "tests/clerk")),
    "drivers": Package(("drivers",), ("tests/drivers",)),
}
WITHOUT = "drivers/models"
"""Test equipment, with tests of its own."""
TESTS = (
    *(folder for package in PACKAGES.values() for folder in package.own),
    *("tests/config", "tests/operations"),
)
"""All that can be asked: what needs no journey, no image, no process from outside."""
