"""What leaves the box with a signature, and what must not have one."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.kit.box_keys import box_keys
from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import MailBox
from tests.kit.signing import (
    Domains,
    dkimpy_says,
    dkimpy_says_of_arc,
    keys_folder,
    made_key,
    opendkim_says,
)
from tests.kit.sink import Sink

__all__ = ["keys_folder"]

LARGE = b"".join(b"%075d\r\n" % n for n in range(60_000))  # 4.6 MB


def mail(author: bytes, body: bytes = b"hello\r\n") -> bytes:
    return b"From: <%b>\r\nSubject: s\r\nDate: x\r\nMessage-ID: <1@y>\r\n\r\n%b" % (author, body)


@contextmanager
def signing(path: Path, keys: Path, sink: Sink, **more: Any) -> Iterator[tuple[MailBox, Domains]]:
    """A box of the domain public.test, whose DNS has its key."""
    domains, key = Domains(), made_key(keys)
    domains.add("public.test", key)
    name = f"{key.selector}._domainkey.public.test"
    strings = " ".join(f'"{key.record[at : at + 200]}"' for at in range(0, len(key.record), 200))
    records = {(domain, "MX"): ["10 mx.far.test."] for domain in ("far.test", "evil.test")}
    records[("mx.far.test", "A")] = ["127.0.0.1"]
    with DnsZone(records | {(name, "TXT"): [strings]}) as zone:
        config = {
            "resolver": zone.resolver(), "mx_port": sink.port, "srs_secret": b"secret",
            "srs_domain": "public.test", "signing_key": str(keys / "dkim.key"), **more,
        }  # fmt: skip
        with MailBox(path, **config) as box:
            yield box, domains


def test_what_our_people_send_is_signed(tmp_path: Path, keys_folder: Path) -> None:
    with Sink() as sink, signing(tmp_path, keys_folder, sink) as (box, domains):
        for count, body in enumerate((b".dots\r\n..\r\n", b"no line end", LARGE), 1):
            box.send(mail(b"bob@public.test", body), "x@far.test", sender="bob@public.test")
            sent = sink.wait(count)[-1].octets
            assert dkimpy_says(sent, domains)
            assert opendkim_says(sent, domains, tmp_path)


def test_a_local_author_is_signed_by_the_public_address(tmp_path: Path, keys_folder: Path) -> None:
    with Sink() as sink, signing(tmp_path, keys_folder, sink) as (box, domains):
        box.send(mail(b"bob@box.test"), "x@far.test", sender="bob@box.test")
        (sent,) = sink.wait(1)
        assert b"From: <bob@public.test>" in sent.octets and dkimpy_says(sent.octets, domains)


def test_a_forward_is_sealed_and_says_what_was_found(tmp_path: Path, keys_folder: Path) -> None:
    with Sink() as sink, signing(tmp_path, keys_folder, sink, lan=()) as (box, domains):
        box.alias("bob", "bob@far.test")
        box.send(mail(b"carl@elsewhere.test"), "bob")
        (sent,) = sink.wait(1)
        assert dkimpy_says_of_arc(sent.octets, domains) == "pass"
        assert b"dkim=none; arc=none" in sent.octets
        assert b"DKIM-Signature" not in sent.octets


def test_a_stranger_who_writes_our_name_into_from_gets_no_signature(
    tmp_path: Path, keys_folder: Path
) -> None:
    with Sink() as sink, signing(tmp_path, keys_folder, sink, lan=()) as (box, _):
        box.alias("bob", "bob@far.test")
        box.send(mail(b"anna@public.test"), "bob", sender="eve@evil.test")
        (sent,) = sink.wait(1)
        box.send(mail(b"anna@public.test"), sent.sender, sender="")
        forward, notice = sink.wait(2)
        assert notice.recipients == ("eve@evil.test",)
        assert b"DKIM-Signature" not in forward.octets + notice.octets


def test_who_has_logged_in_is_signed_for_by_way_of_a_group_too(
    tmp_path: Path, keys_folder: Path
) -> None:
    keys = box_keys(tmp_path / "keys")
    certificate = {"certificate": keys.files}
    with Sink() as sink, signing(tmp_path, keys_folder, sink, **certificate) as (box, domains):
        bob = box.people.by_login("bob")
        assert bob is not None
        box.db.now(lambda tx: box.people.set_password(tx, bob.id, "bobs pass word"))
        box.alias("team", "x@far.test")
        letter = mail(b"bob@public.test")
        box.send(letter, "team@box.test", sender="bob@public.test")
        assert b"DKIM-Signature" not in sink.wait(1)[0].octets, "anybody could have said so"
        with smtplib.SMTP("localhost", box.ports.submission, timeout=30) as client:
            client.starttls(context=keys.client())
            client.login("bob", "bobs pass word")
            client.sendmail("bob@public.test", ["team@box.test"], letter)
        assert dkimpy_says(sink.wait(2)[1].octets, domains)


def test_a_large_mail_is_signed_without_holding_the_loop_up(
    tmp_path: Path, keys_folder: Path
) -> None:
    with Sink() as sink, signing(tmp_path, keys_folder, sink) as (box, domains):
        body = LARGE * 5
        box.send(mail(b"bob@public.test", body), "x@far.test", sender="bob@public.test")
        (sent,) = sink.wait(1, within_s=60)
        box.settle()
        late_ms = box.service.status()["loop_late_ms"]  # before this process verifies as slowly
        assert dkimpy_says(sent.octets, domains)
        assert late_ms < 500


def test_without_a_key_mail_leaves_all_the_same(tmp_path: Path, keys_folder: Path) -> None:
    none = str(tmp_path / "no.key")
    with Sink() as sink, signing(tmp_path, keys_folder, sink, signing_key=none) as (box, _):
        box.send(mail(b"bob@public.test"), "x@far.test", sender="bob@public.test")
        (sent,) = sink.wait(1)
        assert b"DKIM-Signature" not in sent.octets
