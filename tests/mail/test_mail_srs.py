"""Rewritten senders go out in our domain, come back, and cannot be forged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.clock import ManualClock
from app.inbox.rewritten_senders import SALT_S, RewrittenSenders
from app.mail.outbound.srs import DAY, LOCAL_LIMIT, Srs, SrsError
from app.mail.smtp.grammar import NULL, Address, parse_address
from app.store.database import Database

ANNA = Address("anna", "author.example")
LONG = Address("bounces+4711-0815-anna=author.example", "em1234.newsletter.example")


class Forwarder:
    """A forwarder with a store of its own."""

    def __init__(self, path: Path, domain: str = "box.example", secret: bytes = b"k") -> None:
        self.clock = ManualClock()
        self.db = Database(path, self.clock)
        memory = RewrittenSenders(self.db)
        self.srs = Srs(secret, domain, self.db.box_time.now, memory)

    def rewrite(self, sender: Address, entry: int | None = None) -> Address:
        """As the runner does it."""
        work = self.srs.preparation(sender, entry)
        if work is not None:
            self.db.now(work)
        return self.srs.rewrite(sender, entry)

    def restore(self, address: Address) -> Address:
        return self.srs.restore(address).address

    def days(self, days: float) -> None:
        self.clock.advance(days * DAY)


@pytest.fixture
def forwarder(tmp_path: Path) -> Callable[..., Forwarder]:
    def make(domain: str = "box.example", secret: bytes = b"k") -> Forwarder:
        return Forwarder(tmp_path / f"{domain}.db", domain, secret)

    return make


@pytest.fixture
def ours(forwarder: Callable[..., Forwarder]) -> Forwarder:
    return forwarder()


def test_a_sender_goes_out_and_comes_back(ours: Forwarder) -> None:
    out = ours.rewrite(ANNA)
    assert out.domain == "box.example" and out.local.startswith("SRS0=")
    assert out.local.endswith("=author.example=anna")
    assert parse_address(str(out)) == out
    assert ours.srs.is_ours(out)
    assert ours.restore(out) == ANNA


@pytest.mark.parametrize("sender", [ANNA, LONG])
def test_the_letter_case_of_the_way_does_not_matter(ours: Forwarder, sender: Address) -> None:
    out = ours.rewrite(sender, 4711)
    assert ours.restore(Address(out.local.lower(), out.domain)) == sender
    back = ours.srs.restore(Address(out.local.upper(), out.domain))
    assert (back.address.domain, back.entry) == (sender.domain, 4711)


@pytest.mark.parametrize("sender", [NULL, Address("bob", "box.example"), Address("bob", "")])
def test_null_and_own_senders_stay(ours: Forwarder, sender: Address) -> None:
    assert ours.srs.preparation(sender) is None
    assert ours.rewrite(sender) == sender


def test_three_forwarders_in_a_row_lead_back_to_the_first(
    forwarder: Callable[..., Forwarder],
) -> None:
    first, second, third = (forwarder(f"{name}.example") for name in ("one", "two", "three"))
    a = first.rewrite(ANNA)
    b = second.rewrite(a)
    c = third.rewrite(b)
    assert b.local.startswith("SRS1=") and c.local.startswith("SRS1=")
    assert "two.example" not in c.local, "the address does not grow with each hop"
    assert third.restore(c) == a and second.restore(b) == a
    assert first.restore(third.restore(c)) == ANNA


def test_another_secret_is_refused(forwarder: Callable[..., Forwarder]) -> None:
    out = forwarder().rewrite(ANNA)
    with pytest.raises(SrsError, match="signature"):
        forwarder(secret=b"other").restore(out)


@pytest.mark.parametrize("old", ["author", "anna"])
def test_a_changed_address_is_refused(ours: Forwarder, old: str) -> None:
    out = ours.rewrite(ANNA)
    with pytest.raises(SrsError, match="signature"):
        ours.restore(Address(out.local.replace(old, "victim"), out.domain))


@pytest.mark.parametrize(
    "local",
    [
        "anna",
        "SRS0",
        "SRS0=x",
        "SRS0=aaaaaaaa=b=c",
        "SRS0=aaaaaaaa=aa==b",
        "SRS1=a=b",
        "SRS1=a=b=c",
    ],
)
def test_what_is_no_rewritten_sender_is_refused(ours: Forwarder, local: str) -> None:
    ours.rewrite(ANNA)  # so that there is a salt
    with pytest.raises(SrsError):
        ours.restore(Address(local, "box.example"))


@pytest.mark.parametrize("sender", [ANNA, LONG])
def test_it_expires_after_three_weeks_and_not_before(ours: Forwarder, sender: Address) -> None:
    out = ours.rewrite(sender)
    ours.days(21)
    ours.clock.step(3650 * DAY)  # a wrong date is no age
    ours.rewrite(Address("carl", "other.example"))  # the salt is another one by now
    assert ours.restore(out) == sender
    ours.days(1)
    with pytest.raises(SrsError):
        ours.restore(out)


def test_a_name_that_only_looks_like_srs1_is_rewritten_like_any_other(ours: Forwarder) -> None:
    odd = Address("SRS1=me", "author.example")
    assert ours.restore(ours.rewrite(odd)) == odd


def test_no_secret_no_rewriting(forwarder: Callable[..., Forwarder]) -> None:
    with pytest.raises(ValueError, match="secret"):
        forwarder(secret=b"")


@pytest.mark.parametrize(
    "sender",
    [
        LONG,
        Address("x" * 64, "author.example"),
        Address("Zoë.Grüße." * 3, "author.example"),
        Address("SRS0=abcdefgh=ab=author.example=anna.lindqvist", "first.forwarder.example"),
        Address("SRS1=abcdefgh=one.example==hash=ab=author.example=anna.lindqvist.w", "b.example"),
        Address("with blank and quotes, packed", "author.example"),
    ],
)
def test_no_local_part_is_longer_than_strict_hosts_take(ours: Forwarder, sender: Address) -> None:
    for entry in (None, 1, 2**40):
        out = ours.rewrite(sender, entry)
        assert len(out.local.encode()) <= LOCAL_LIMIT
        assert len(str(out).partition("@box.example")[0].encode()) <= LOCAL_LIMIT
        assert parse_address(str(out)) == out
        back = ours.srs.restore(out)
        assert (back.address, back.entry) == (sender, entry)


def test_what_just_fits_is_packed_and_what_does_not_is_kept(ours: Forwarder) -> None:
    longest = Address(
        "a" * (LOCAL_LIMIT - len("SRS0=hashhash=dd=author.example=")), "author.example"
    )
    assert len(ours.rewrite(longest).local) == LOCAL_LIMIT
    kept = ours.rewrite(Address(longest.local + "a", "author.example"))
    assert len(kept.local) < LOCAL_LIMIT and "==" in kept.local
    rows = ours.db.reader().execute("SELECT count(*) FROM srs_sender").fetchone()
    assert rows == (1,), "what fits costs no row"


def test_the_number_of_the_entry_cannot_be_changed(ours: Forwarder) -> None:
    out = ours.rewrite(ANNA, 33)
    signature = out.local.split("=")[1]
    assert ours.srs.restore(out).entry == 33
    for other in (signature[:8], signature[:9], signature + "a", signature[:8] + "bc"):
        with pytest.raises(SrsError, match="signature"):
            ours.restore(Address(out.local.replace(signature, other), out.domain))


def test_the_salt_changes_every_week_and_old_ones_are_forgotten(ours: Forwarder) -> None:
    salts = ours.srs._memory.salts
    ours.rewrite(ANNA)
    first = salts()
    ours.days(6.9)
    ours.rewrite(ANNA)
    assert salts() == first
    for _ in range(10):
        ours.days(7)
        ours.rewrite(ANNA)
    assert first[0] not in salts()
    kept = ours.db.reader().execute("SELECT count(*) FROM srs_salt").fetchone()[0]
    assert len(salts()) == kept <= 6
    assert SALT_S == 7 * DAY


def test_senders_that_were_kept_are_forgotten_with_time(ours: Forwarder) -> None:
    for number in range(50):
        ours.rewrite(Address(f"{LONG.local}{number}", LONG.domain))
        ours.days(1)
    kept = ours.db.reader().execute("SELECT count(*) FROM srs_sender").fetchone()[0]
    assert 22 <= kept <= 37
