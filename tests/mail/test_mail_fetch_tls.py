"""Fetching under TLS: certificates are checked, or pinned, and nothing secret goes without it."""

import hashlib
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.pop3_elsewhere import Pop3Elsewhere
from tests.mail.test_mail_fetch import fetching, letter

ONE = {"one": letter("one")}


@pytest.fixture
def keys(tmp_path: Path) -> BoxKeys:
    return box_keys(tmp_path / "keys")


@pytest.fixture
def trusted(keys: BoxKeys, monkeypatch: pytest.MonkeyPatch) -> BoxKeys:
    """The system knows the authority of the old box."""
    monkeypatch.setenv("SSL_CERT_FILE", str(keys.authority))
    return keys


def context(keys: BoxKeys) -> ssl.SSLContext:
    found = keys.server().context()
    assert found is not None
    return found


def elsewhere(keys: BoxKeys, tls: str) -> Pop3Elsewhere:
    if tls == "implicit":
        return Pop3Elsewhere(ONE, implicit=context(keys))
    return Pop3Elsewhere(ONE, stls=context(keys))


def pin(keys: BoxKeys) -> str:
    octets = Path(keys.files[0]).read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(octets)).hexdigest()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_mail_is_fetched_under_tls(tmp_path: Path, trusted: BoxKeys, tls: str) -> None:
    with elsewhere(trusted, tls) as old, fetching(tmp_path, old, tls=tls) as anna:
        assert anna.subjects() == ["one"] and anna.account.error == ""


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_a_certificate_that_nobody_known_has_signed_is_not_accepted(
    tmp_path: Path, keys: BoxKeys, tls: str
) -> None:
    with elsewhere(keys, tls) as old, fetching(tmp_path, old, tls=tls) as anna:
        assert anna.account.error.startswith("its certificate is not accepted: ")
        assert anna.subjects() == [] and old.count("USER") == 0


def test_a_certificate_for_another_name_is_not_accepted(tmp_path: Path, trusted: BoxKeys) -> None:
    trusted.renew("other.test")
    fields: dict[str, Any] = {"tls": "implicit", "server": "localhost"}
    with elsewhere(trusted, "implicit") as old, fetching(tmp_path, old, **fields) as anna:
        assert "certificate is not accepted: Hostname mismatch" in anna.account.error
        assert old.count("USER") == 0


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_the_pinned_certificate_is_accepted_and_no_other(
    tmp_path: Path, keys: BoxKeys, tls: str
) -> None:
    fields: dict[str, Any] = {"tls": tls, "fingerprint": pin(keys)}
    with elsewhere(keys, tls) as old, fetching(tmp_path, old, **fields) as anna:
        assert anna.subjects() == ["one"]
        keys.renew("new.test")
        new = context(keys)
        old.implicit, old.stls = (new, None) if tls == "implicit" else (None, new)
        before = old.count("USER")
        anna.again()
        assert "somebody else answers" in anna.account.error and pin(keys) in anna.account.error
        assert old.count("USER") == before


def test_a_server_without_stls_is_told_no_password(tmp_path: Path, trusted: BoxKeys) -> None:
    with Pop3Elsewhere(ONE) as old, fetching(tmp_path, old, tls="starttls") as anna:
        assert anna.account.error == "no TLS: -ERR no TLS here"
        assert old.count("USER") == 0


def test_what_is_said_before_the_handshake_ends_the_session(
    tmp_path: Path, trusted: BoxKeys
) -> None:
    with elsewhere(trusted, "starttls") as old:
        old.odd["STLS"] = b"+OK go\r\n+OK 1 message\r\n"
        with fetching(tmp_path, old, tls="starttls") as anna:
            assert "before TLS began" in anna.account.error
            assert old.count("USER") == 0


def test_plain_text_on_the_port_of_tls_is_told_as_such(tmp_path: Path, trusted: BoxKeys) -> None:
    with Pop3Elsewhere(ONE) as old, fetching(tmp_path, old, tls="implicit") as anna:
        assert anna.account.error == "TLS failed: wrong version number"
