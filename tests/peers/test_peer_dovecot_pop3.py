"""Dovecot is the old box: mail is fetched from it, with and without TLS, each message once."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.inbox.fetch_accounts import DAY
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.dovecot import PASSWORD, Dovecot
from tests.mail.test_mail_fetch import POLL_S, Fetching, fetching, letter

WAYS = ("none", "starttls", "implicit")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BoxKeys:
    keys = box_keys(tmp_path / "keys")
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    return keys


@pytest.fixture
def dovecot(keys: BoxKeys) -> Iterator[Dovecot]:
    with Dovecot(keys) as running:
        yield running


def fill(dovecot: Dovecot) -> None:
    dovecot.put("1", letter("plain"))
    dovecot.put("2", letter("dots", b".\r\n..\r\n.hidden\r\nend.\r\n.\r\n"))
    dovecot.put("3", letter("eight", bytes(n for n in range(1, 256) if n not in b"\r\n")))
    dovecot.put("4", letter("large", b"".join(b"%075d\r\n" % n for n in range(40_000))))
    dovecot.put("5", letter("home", b"", b"Delivered-To: anna@box.test\r\n"))


def account(dovecot: Dovecot, tls: str, **more: Any) -> dict[str, Any]:
    port = dovecot.pop3s if tls == "implicit" else dovecot.pop3
    return {"tls": tls, "port": port, "server": "localhost", "password": PASSWORD, **more}


@pytest.mark.parametrize("tls", WAYS)
def test_all_kinds_of_messages_come_once_and_go_there(
    tmp_path: Path, dovecot: Dovecot, tls: str
) -> None:
    fill(dovecot)
    with fetching(tmp_path, dovecot, **account(dovecot, tls, keep_days=0)) as anna:
        assert anna.account.error == "", dovecot.said()
        assert anna.subjects() == ["dots", "eight", "home", "large", "plain"]
        assert dovecot.left() == 0
        assert body_of(anna, "dots") == b".\r\n..\r\n.hidden\r\nend.\r\n.\r\n"
        assert len(body_of(anna, "large")) == 40_000 * 77
        anna.again()
        assert len(anna.subjects()) == 5


def body_of(anna: Fetching, subject: str) -> bytes:
    (entry,) = [entry for entry in anna.box.inbox("anna") if entry.subject == subject]
    return anna.box.octets(entry).partition(b"\r\n\r\n")[2]


def test_what_stays_there_is_fetched_once_whatever_it_is_called(
    tmp_path: Path, dovecot: Dovecot
) -> None:
    fill(dovecot)
    with fetching(tmp_path, dovecot, **account(dovecot, "starttls", keep_days=14)) as anna:
        assert len(anna.subjects()) == 5
        dovecot.rename_all()
        dovecot.put("6", letter("new"))
        anna.again()
        assert len(anna.subjects()) == 6
        assert anna.account.error == "", dovecot.said()
        anna.again(14 * DAY - POLL_S)
        assert dovecot.left() == 1, "the new one is younger by a visit"
        anna.again()
        assert dovecot.left() == 0 and len(anna.subjects()) == 6


def test_its_refusal_of_a_login_is_told_in_its_words(tmp_path: Path, dovecot: Dovecot) -> None:
    fields = account(dovecot, "implicit") | {"password": "wrong"}
    with fetching(tmp_path, dovecot, **fields) as anna:
        assert anna.account.error == "-ERR [AUTH] Authentication failed."


def test_a_dovecot_that_starts_again_amid_it_all_doubles_nothing(
    tmp_path: Path, keys: BoxKeys
) -> None:
    dovecot = Dovecot(keys)
    fill(dovecot)
    with dovecot, fetching(tmp_path, dovecot, **account(dovecot, "none")) as anna:
        dovecot.stop()
        anna.again()
        assert "Connect call failed" in anna.account.error or "refused" in anna.account.error
        dovecot.start()
        anna.again(2 * POLL_S)
        assert len(anna.subjects()) == 5 and anna.account.error == ""
