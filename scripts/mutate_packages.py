"""What `make mutate` tries: packages, and the tests that must notice a fault in them."""

from dataclasses import dataclass

_JOURNEYS = tuple(
    f"tests/journeys/test_journey_{name}.py"
    for name in ("owner", "message", "call", "pop3", "voice_by_mail", "alias", "room", "power")
)


@dataclass(frozen=True)
class Package:
    """The tests of the modules below a folder, and those of what uses them, run after them."""

    own: tuple[str, ...]
    users: tuple[str, ...]
    without: str = ""
    """A folder in it that is left out."""


PACKAGES = {
    "app/store": Package(("tests/store", "tests/inbox"), ("tests/mail", "tests/clerk")),
    "app/inbox": Package(
        ("tests/inbox",), ("tests/store", "tests/clerk", "tests/mail", "tests/voicemail")
    ),
    "app/message": Package(("tests/message", "tests/mail"), ("tests/clerk", "tests/voicemail")),
    "app/mail": Package(("tests/mail",), ("tests/peers", *_JOURNEYS)),
    "app/phone": Package(("tests/phone",), ("tests/voicemail", *_JOURNEYS)),
    "app/voicemail": Package(("tests/voicemail",), ("tests/clerk", *_JOURNEYS)),
    "app/clerk": Package(("tests/clerk", "tests/voicemail"), _JOURNEYS),
    "drivers": Package(("tests/drivers",), ("tests/phone", *_JOURNEYS), "drivers/models"),
}
