"""Our domain that a hosting service shares, and the catch-all alias: by real SMTP, in and out."""

import smtplib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.kit.dns_zone import DnsZone
from tests.kit.mail_box import CONFIG, MailBox
from tests.kit.sink import Sink

TEXT = b"From: bob@public.test\r\nSubject: Hello\r\n\r\nHow are you?\r\n"
HOSTING = {
    # The hosting service's server bears our domain's own name, as is often so.
    ("box.test", "MX"): ["10 box.test.", "20 mx2.hoster.test."],
    ("box.test", "A"): ["127.0.0.1"],
    ("mx2.hoster.test", "A"): ["127.0.0.2"],
    ("y.test", "A"): ["127.0.0.1"],
}
SHARED = replace(
    CONFIG.delivery, domains=("box.test",), hostname="pbx.home.test", shared=("box.test",)
)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def world(sink: Sink) -> Iterator[dict[str, Any]]:
    """How a box finds the sink, which is the hosting service."""
    with DnsZone(dict(HOSTING)) as zone:
        yield {"resolver": zone.resolver(), "mx_port": sink.port}


def test_names_unknown_here_go_on_to_the_hosting_service(
    tmp_path: Path, sink: Sink, world: dict[str, Any]
) -> None:
    with MailBox(tmp_path, delivery=SHARED, **world) as box:
        box.send(TEXT, "anna@box.test", "dora@box.test", sender="bob@box.test")
        (mail,) = sink.wait(1)
        box.settle()
        assert mail.recipients == ("dora@box.test",) and mail.sender == "bob@public.test"
        assert len(box.inbox("anna")) == 1 and box.rows() == []


def test_what_the_hosting_service_does_not_know_either_comes_back_in_its_words(
    tmp_path: Path, sink: Sink, world: dict[str, Any]
) -> None:
    sink.answers["dora@box.test"] = "550 5.1.1 no Dora at the hosting service"
    with MailBox(tmp_path, delivery=SHARED, **world) as box:
        box.send(TEXT, "dora@box.test", sender="bob@box.test")
        box.settle()
        (notice,) = box.inbox("bob")
        assert b"550 5.1.1 no Dora at the hosting service" in box.octets(notice)


def test_strangers_are_refused_who_could_go_to_the_hosting_service_themselves(
    tmp_path: Path, sink: Sink, world: dict[str, Any]
) -> None:
    with MailBox(tmp_path, delivery=SHARED, lan=(), **world) as box:
        box.send(TEXT, "anna@box.test")
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            box.send(TEXT, "dora@box.test")
        assert refused.value.recipients["dora@box.test"][0] == 550
        assert sink.commands == []


def test_a_forward_to_the_hosting_service_is_no_forward_to_ourselves(
    tmp_path: Path, sink: Sink, world: dict[str, Any]
) -> None:
    with MailBox(tmp_path, delivery=SHARED, **world) as box:
        box.alias("anna", "anna", "anna.mobile@box.test")
        box.send(TEXT, "anna@box.test")
        assert sink.wait(1)[0].recipients == ("anna.mobile@box.test",)
        box.settle()
        assert len(box.inbox("anna")) == 1


def test_without_sharing_the_same_name_is_refused(tmp_path: Path, world: dict[str, Any]) -> None:
    with MailBox(tmp_path, delivery=replace(SHARED, shared=()), **world) as box:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            box.send(TEXT, "dora@box.test", sender="bob@box.test")
        code, text = refused.value.recipients["dora@box.test"]
        assert code == 550 and text.startswith(b"5.1.1")


def test_catch_all_takes_unknown_names_and_no_notice_to_a_rewritten_sender(
    tmp_path: Path, sink: Sink, world: dict[str, Any]
) -> None:
    rewriting: dict[str, Any] = {"srs_secret": b"secret", "srs_domain": "box.test", "lan": ()}
    with MailBox(tmp_path, **rewriting, **world) as box:
        box.alias("*", "carl")
        box.alias("anna", "anna@y.test")
        box.send(TEXT, "anna@box.test", sender="x@y.test")
        (mail,) = sink.wait(1)
        assert mail.sender.startswith("SRS0=")
        box.settle()
        box.send(b"Subject: away\r\n\r\n", mail.sender, sender="")
        assert sink.wait(2)[1].recipients == ("x@y.test",)
        box.send(TEXT, "whoever@box.test")
        box.settle()
        assert len(box.inbox("carl")) == 1
