"""Signatures of outgoing mail: dkimpy and OpenDKIM find them good, and bad after any change."""

import base64
import binascii
import random
import re
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest

from app.mail.signing import tags
from app.mail.signing.keys import NoKey, key_of
from tests.kit.signing import (
    Box,
    Domains,
    dkimpy_says,
    dkimpy_says_of_arc,
    keys_folder,
    made_key,
    opendkim_says,
)

__all__ = ["keys_folder"]

HEAD = (
    b"From: Anna <anna@box.test>\r\nTo: x@far.test\r\nSubject: a folded\r\n\tone   with blanks \r\n"
    b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@box.test>\r\n"
)
BODY = b"line \t one  \r\n\r\n.dot\r\n" + base64.encodebytes(bytes(4000)).replace(b"\n", b"\r\n")
OURS = HEAD + b"\r\n" + BODY
FOREIGN = OURS.replace(b"anna@box.test", b"carl@far.test")


@pytest.fixture
def domains() -> Domains:
    return Domains()


@pytest.fixture
def box(keys_folder: Path, domains: Domains) -> Box:
    return Box(keys_folder / "box", domains)


def test_our_own_mail_is_signed_and_both_judges_find_it_good(
    box: Box, domains: Domains, tmp_path: Path
) -> None:
    signed = box.out(OURS, ours=True)
    assert signed.endswith(OURS) and signed.startswith(b"DKIM-Signature: v=1; a=rsa-sha256;")
    assert all(len(line) <= 78 for line in signed.split(b"\r\n"))
    assert dkimpy_says(signed, domains)
    assert opendkim_says(signed, domains, tmp_path)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"line \t one", b"line two"),
        (b"Subject: a", b"Subject: b"),
        (b"anna@box.test", b"eve@box.test"),
        (b"To: x@", b"To: y@"),
        (b"\r\nTo:", b"\r\nFrom: Eve <eve@box.test>\r\nTo:"),
    ],
)
def test_what_is_changed_on_the_way_is_noticed(
    box: Box, domains: Domains, tmp_path: Path, was: bytes, becomes: bytes
) -> None:
    changed = box.out(OURS, ours=True).replace(was, becomes)
    assert not dkimpy_says(changed, domains)
    assert not opendkim_says(changed, domains, tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\r\n", b"\r\n\r\n\r\n", b"no line end", b" \t", b"x\r\n \r\n\t\r\n", b"\xff\xfe\r\n",
        b"a\r\n" * 50_000, b"\r\n" * 50_000 + b"x\r\n",
    ],
)  # fmt: skip
def test_any_body_is_signed_as_it_leaves(box: Box, domains: Domains, body: bytes) -> None:
    signed = box.out(HEAD + b"\r\n" + body, ours=True)
    on_the_wire = signed if signed.endswith(b"\r\n") else signed + b"\r\n"
    assert dkimpy_says(on_the_wire, domains)


def test_headers_as_they_come_are_signed(box: Box, domains: Domains, tmp_path: Path) -> None:
    head = HEAD.replace(b"To:", b"tO:\t").replace(b"Subject:", b"sUBJECT:\r\n ")
    head += b"References: <a@b>\r\n\t<c@d>\r\nReferences: <e@f>\r\nX-Other: y\r\n"
    signed = box.out(head + b"\r\n" + BODY, ours=True)
    assert dkimpy_says(signed, domains)
    assert opendkim_says(signed, domains, tmp_path)
    assert dkimpy_says(signed.replace(b"X-Other: y", b"X-Other: z"), domains), "it is not signed"


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"anna@box.test", b"anna@elsewhere.test"),
        HEAD.replace(b"anna@box.test", b"anna@sub.box.test"),
        HEAD.replace(b"Anna <anna@box.test>", b"<anna@box.test>, <eve@evil.test>"),
        HEAD + b"From: eve@evil.test\r\n",
        b"To: x@far.test\r\n",
        HEAD + b"this is no field\r\n",
        HEAD + b"X: " + b"y" * 200_000 + b"\r\n",
    ],
)
def test_mail_that_is_not_of_our_domain_or_cannot_be_read_leaves_as_it_is(
    box: Box, head: bytes
) -> None:
    assert box.out(head + b"\r\n" + BODY, ours=True) == head + b"\r\n" + BODY


def test_without_a_key_mail_leaves_as_it_is(tmp_path: Path, box: Box) -> None:
    no_key = Box(tmp_path / "none", Domains())
    (tmp_path / "none" / "dkim.key").unlink()
    assert no_key.out(OURS, ours=True) == OURS
    (tmp_path / "none" / "dkim.key").write_text("no key")
    assert no_key.out(OURS, ours=True) == OURS
    (tmp_path / "none" / "dkim.key").write_bytes((box.folder / "dkim.key").read_bytes())
    assert no_key.out(OURS, ours=True) != OURS, "a new key is used without a restart"


# ---- ARC


def set_of(octets: bytes, name: bytes) -> list[bytes]:
    head = octets.partition(b"\r\n\r\n")[0]
    return re.findall(rb"(?mi)^%b:((?:[^\r]|\r\n[ \t])*)" % name, head)


def test_what_is_sent_on_bears_a_set_with_what_was_found(
    box: Box, domains: Domains, keys_folder: Path
) -> None:
    far = Box(keys_folder / "far", domains, "far.test")
    came = far.out(FOREIGN, ours=True)
    sent = box.out(b"Received: from far.test\r\n" + came, ours=False)
    assert sent.endswith(came) and sent.startswith(b"ARC-Seal: i=1; cv=none;")
    (results,) = set_of(sent, b"ARC-Authentication-Results")
    assert (
        results.split()
        == (f"i=1; mx.box.test; dkim=pass header.d=far.test header.s={far.key.selector}; arc=none")
        .encode()
        .split()
    )
    assert dkimpy_says_of_arc(sent, domains) == "pass"
    assert dkimpy_says(sent, domains), "the author's own signature stays good"


def test_the_set_hands_on_what_spf_found_when_the_mail_came(box: Box, domains: Domains) -> None:
    own = b"Authentication-Results: mx.box.test;\r\n\tspf=softfail smtp.mailfrom=far.test\r\n"
    sent = box.out(own + b"Received: from far.test\r\n" + FOREIGN, ours=False)
    (results,) = set_of(sent, b"ARC-Authentication-Results")
    told = "i=1; mx.box.test; spf=softfail smtp.mailfrom=far.test; dkim=none; arc=none"
    assert results.decode().split() == told.split()
    assert dkimpy_says_of_arc(sent, domains) == "pass"


def test_a_chain_goes_on_over_boxes_and_breaks_with_the_message(
    box: Box, domains: Domains, keys_folder: Path
) -> None:
    second = Box(keys_folder / "second", domains, "second.test")
    once = box.out(FOREIGN, ours=False)
    twice = second.out(b"Received: by second.test\r\n" + once, ours=False)
    assert dkimpy_says_of_arc(twice, domains) == "pass"
    assert [b"arc=pass" in one for one in set_of(twice, b"ARC-Authentication-Results")] == [
        True,
        False,
    ]
    changed = twice.replace(b"line \t one", b"line two")
    assert dkimpy_says_of_arc(changed, domains) == "fail"
    assert box.out(changed, ours=False) == changed, "a broken chain is not gone on with"
    forged = twice.replace(b"dkim=none", b"dkim=pass")
    assert forged != twice and dkimpy_says_of_arc(forged, domains) == "fail"
    assert box.out(forged, ours=False) == forged


def test_a_chain_that_dkimpy_began_is_verified_and_gone_on_with(
    box: Box, domains: Domains, keys_folder: Path
) -> None:
    (keys_folder / "other").mkdir()
    key = made_key(keys_folder / "other")
    domains.add("other.test", key)
    told = b"Authentication-Results: other.test; dkim=pass header.d=far.test; arc=none\r\n"
    pem = (keys_folder / "other" / "dkim.key").read_bytes()
    lines = dkim.arc_sign(told + FOREIGN, key.selector.encode(), b"other.test", pem, b"other.test")
    began = b"".join(lines) + told + FOREIGN
    assert dkimpy_says_of_arc(began, domains) == "pass"
    assert dkimpy_says_of_arc(box.out(began, ours=False), domains) == "pass"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.replace(b"ARC-Seal: i=1", b"ARC-Seal: i=2"),
        lambda m: m.replace(b"ARC-Seal: i=1", b"X-Seal: i=1"),
        lambda m: b"ARC-Seal: i=1; cv=none; b=x\r\n" + m,
        lambda m: m.replace(b"cv=none", b"cv=pass"),
        lambda m: m.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=x;"),
        lambda m: m.replace(b"ARC-Seal: i=1;", b"ARC-Seal: i=1; h=from;"),
    ],
)
def test_sets_that_are_no_chain_end_it(box: Box, change: Callable[[bytes], bytes]) -> None:
    changed = change(box.out(FOREIGN, ours=False))
    assert box.out(changed, ours=False) == changed


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (b"DKIM-Signature: nonsense", b"dkim=permerror"),
        (b"DKIM-Signature: v=1; a=rsa-sha1; b=QQ; bh=QQ; d=a.test; h=from; s=s", b"dkim=neutral"),
        (
            b"DKIM-Signature: v=1; a=rsa-sha256; b=QQ==; bh=QQ==; d=a.test; h=from; s=s; l=0",
            b"dkim=neutral",
        ),
        (
            b"DKIM-Signature: v=1; a=rsa-sha256; b=QQ==; bh=QQ==; d=a.test; h=from; s=s",
            b"dkim=fail",
        ),
        (b"DKIM-Signature: v=1; a=rsa-sha256; b=Q; bh=Q; d=a.test; h=from; s=s", b"dkim=permerror"),
        (b"DKIM-Signature: v=1; d=a.test\xff; s=\xfe", b"dkim=permerror"),
        (b"X: y", b"dkim=none"),
    ],
)
def test_bad_signatures_are_told_and_never_raise(
    box: Box, domains: Domains, field: bytes, told: bytes
) -> None:
    sent = box.out(field + b"\r\n" + FOREIGN, ours=False)
    assert told in set_of(sent, b"ARC-Authentication-Results")[0]
    assert dkimpy_says_of_arc(sent, domains) == "pass"


def test_a_dns_that_is_silent_is_told_as_such(box: Box, domains: Domains) -> None:
    signed = box.out(OURS, ours=True)
    domains.silent = True
    sent = box.out(signed, ours=False)
    assert b"dkim=temperror" in set_of(sent, b"ARC-Authentication-Results")[0]


def test_our_verdicts_are_dkimpys_whatever_is_changed(box: Box, domains: Domains) -> None:
    signed = bytearray(box.out(OURS, ours=True))
    chance = random.Random(8617)
    good = 0
    for _ in range(150):
        mail = bytearray(signed)
        place = chance.randrange(len(mail) // 4)
        mail[place] = chance.choice(b" abAB=;:\t")
        octets = bytes(mail)
        try:
            wanted = dkimpy_says(octets, domains)
        except (dkim.DKIMException, binascii.Error):
            continue  # dkimpy cannot read it at all
        sent = box.out(octets, ours=False)
        found = set_of(sent, b"ARC-Authentication-Results")
        if found:
            assert (b"dkim=pass" in found[0]) == wanted, octets[: place + 50]
            good += 1
    assert good > 100


@pytest.mark.parametrize(
    "record",
    [b"", b"v=DKIM1; p=", b"v=DKIM2; p=QQ==", b"p=!!", b"k=ed25519; p=QQ==", b"v=DKIM1", b"\xff"],
)
def test_records_that_are_no_keys_are_none(record: bytes) -> None:
    with pytest.raises(NoKey):
        key_of(record)


def test_tags_are_read_as_the_standard_writes_them() -> None:
    assert tags.parse(b" a=1 ;\r\n b= two words;c=;") == {"a": "1", "b": "two words", "c": ""}
    for bad in (b"a", b"a=1;a=2", b"=1", b"a=1;;b=2", b"1a=2"):
        with pytest.raises(tags.BadTags):
            tags.parse(bad)
    for bad_text in ("QQ", "!!!!", "QUFB\ufffd"):
        with pytest.raises(tags.BadTags):
            tags.octets_of(bad_text)
