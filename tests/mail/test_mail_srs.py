"""Rewritten senders go out in our domain, come back, and cannot be forged."""

import pytest

from app.core.clock import ManualClock
from app.mail.outbound.srs import DAY, Srs, SrsError
from app.mail.smtp.grammar import NULL, Address, parse_address

ANNA = Address("anna", "author.example")


def srs(domain: str = "box.example", clock: ManualClock | None = None, secret: bytes = b"k") -> Srs:
    return Srs(secret, domain, clock or ManualClock())


def test_a_sender_goes_out_and_comes_back() -> None:
    ours = srs()
    out = ours.rewrite(ANNA)
    assert out.domain == "box.example" and out.local.startswith("SRS0=")
    assert out.local.endswith("=author.example=anna")
    assert parse_address(str(out)) == out
    assert ours.is_ours(out)
    assert ours.restore(out) == ANNA


def test_the_letter_case_of_the_way_does_not_matter() -> None:
    ours = srs()
    out = ours.rewrite(ANNA)
    assert ours.restore(Address(out.local.lower(), out.domain)) == ANNA
    assert ours.restore(Address(out.local.upper(), out.domain)).domain == "author.example"


@pytest.mark.parametrize("sender", [NULL, Address("bob", "box.example"), Address("bob", "")])
def test_null_and_own_senders_stay(sender: Address) -> None:
    assert srs().rewrite(sender) == sender


def test_three_forwarders_in_a_row_lead_back_to_the_first() -> None:
    first, second, third = srs("one.example"), srs("two.example"), srs("three.example")
    a = first.rewrite(ANNA)
    b = second.rewrite(a)
    c = third.rewrite(b)
    assert b.local.startswith("SRS1=") and c.local.startswith("SRS1=")
    assert "two.example" not in c.local, "the address does not grow with each hop"
    assert third.restore(c) == a and second.restore(b) == a
    assert first.restore(third.restore(c)) == ANNA


def test_another_secret_is_refused() -> None:
    with pytest.raises(SrsError):
        srs(secret=b"other").restore(srs().rewrite(ANNA))


@pytest.mark.parametrize("old", ["author", "anna"])
def test_a_changed_address_is_refused(old: str) -> None:
    out = srs().rewrite(ANNA)
    with pytest.raises(SrsError):
        srs().restore(Address(out.local.replace(old, "victim"), out.domain))


@pytest.mark.parametrize(
    "local", ["anna", "SRS0", "SRS0=x", "SRS0=a=b=c", "SRS1=a=b", "SRS1=a=b=c"]
)
def test_what_is_no_rewritten_sender_is_refused(local: str) -> None:
    with pytest.raises(SrsError):
        srs().restore(Address(local, "box.example"))


def test_it_expires_after_three_weeks_and_not_before() -> None:
    clock = ManualClock()
    ours = srs(clock=clock)
    out = ours.rewrite(ANNA)
    clock.advance(21 * DAY)
    assert ours.restore(out) == ANNA
    clock.advance(DAY)
    with pytest.raises(SrsError):
        ours.restore(out)


def test_a_name_that_only_looks_like_srs1_is_rewritten_like_any_other() -> None:
    odd = Address("SRS1=me", "author.example")
    assert srs().restore(srs().rewrite(odd)) == odd


def test_no_secret_no_rewriting() -> None:
    with pytest.raises(ValueError):
        srs(secret=b"")
