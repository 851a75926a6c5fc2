"""What of a typed line the history keeps."""

import pytest

from app.__main__ import main
from app.console.discretion import memorable
from app.console.offered import Offered
from tests.kit.actors import ADMIN

COMMANDS = Offered(main, {}, ADMIN)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("people list", "people list"),
        ("people add eva --name 'Eva K' --mailbox 2", "people add eva --name 'Eva K' --mailbox 2"),
        ("people pin ben", "people pin ben"),
        ("people pin ben 831274", "people pin"),
        ("device claim 12345678", "device claim"),
        ("settings set network.passphrase sesame-open", "settings set"),
        ("settings set site.country de", "settings set site.country de"),
        ("people pni ben 831274", "people pni"),
        ("peple pin ben 831274", "peple"),
        ("people pin ben --nip 831274", "people pin"),
        ("people pin ben 831274 12", "people pin"),
        ('people pin ben "831274', ""),
        ("people", "people"),
        ("", ""),
    ],
)
def test_line_is_kept_as_far_as_it_holds_no_secret(line: str, kept: str) -> None:
    assert memorable(COMMANDS, line) == kept
