"""What `make mutate` tries: packages, and the tests that must notice a fault in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """The tests of the modules below a folder, and those of what uses them, run after them."""

    own: tuple[str, ...]
    users: tuple[str, ...]
    without: str = ""
    """A folder in it that is left out."""


def _journeys(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/journeys/test_journey_{name}.py" for name in names)


PACKAGES = {
    "app/store": Package(("tests/store",), ("tests/inbox", *_journeys("power"))),
    "app/inbox": Package(("tests/inbox",), ("tests/clerk", "tests/mail")),
    "app/message": Package(("tests/message",), ("tests/mail", "tests/clerk")),
    "app/mail": Package(("tests/mail",), ("tests/peers", *_journeys("pop3", "alias"))),
    "app/phone": Package(("tests/phone",), ("tests/voicemail", *_journeys("call", "message"))),
    "app/voicemail": Package(("tests/voicemail",), _journeys("owner", "message")),
    "app/clerk": Package(("tests/clerk", "tests/voicemail"), _journeys("message", "voice_by_mail")),
    "drivers": Package(
        ("tests/drivers",), ("tests/phone", *_journeys("message")), "drivers/models"
    ),
}
