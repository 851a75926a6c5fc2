"""Where the inbox lives: refused where it is typed, unless it can be used."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.appliance import default_limits, mail_config
from app.config.paths import Paths
from app.config.settings import Settings
from app.config.store import InboxStore
from app.mail_plan import mail_access


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path)


SERVER = {"kind": "imap", "server": "imap.example.org", "user": "box"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"kind": "imap"}, "set store.server first"),
        ({"kind": "imap", "server": "imap.example.org"}, "set store.user first"),
        ({"kind": "imap", "user": "box"}, "set store.server first"),
        ({**SERVER, "authorize": "anna"}, "each person has an inbox"),
        ({**SERVER, "trash": "inbox"}, "cannot be the trash"),
        ({**SERVER, "kind": "pop3"}, "local"),
        ({**SERVER, "inbox": ""}, "pattern"),
        ({**SERVER, "trash": "a\r\nb"}, "pattern"),
        ({**SERVER, "fingerprint": "12:34"}, "pattern"),
    ],
)
def test_what_cannot_be_used_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        InboxStore.model_validate(values)


@pytest.mark.parametrize(
    ("tls", "server", "port"),
    [
        ("implicit", "imap.example.org", 993),
        ("starttls", "imap.example.org", 143),
        ("none", "imap.example.org:10143", 10143),
    ],
)
def test_the_port_follows_from_the_encryption(
    tls: str, server: str, port: int, paths: Paths
) -> None:
    settings = Settings.model_validate({"store": {**SERVER, "encryption": tls, "server": server}})
    imap = mail_config(paths, settings).imap
    assert imap is not None and (imap.host, imap.port, imap.tls) == ("imap.example.org", port, tls)


def test_what_is_elsewhere_is_not_here(paths: Paths) -> None:
    settings = Settings.model_validate({"store": SERVER})
    config = mail_config(paths, settings)
    assert (config.pop3_endpoints(), config.smtp_endpoints()) == ((), ())
    assert default_limits(settings).elsewhere
    assert mail_access(settings).mail_system == "imap.example.org"
    there = Settings.model_validate({"store": {**SERVER, "kind": "local"}})
    assert mail_config(paths, there).imap is None and not default_limits(there).elsewhere
    assert mail_access(there).mail_system == ""
