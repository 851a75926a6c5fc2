"""A sealed file: opened by its own keys, as age writes and reads it, and by nothing else."""

import io
import tracemalloc

import pytest

from app.core.errors import DeviceError
from app.device import bech32
from app.device.sealing import (
    MAGIC,
    NONCE,
    PIECE,
    SCRYPT_LOG,
    SCRYPT_MOST,
    TAG,
    Keys,
    Opener,
    Sealed,
    Sealer,
    WrongKey,
    check_recipient,
)

WORDS = "correct horse battery"
IDENTITY = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
"""The key pair of the test vectors that come with age [C2SP CCTV, age]: 32 octets of 0x42."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """scrypt is slow on purpose; its cost is looked at in one test of its own."""
    monkeypatch.setattr("app.device.sealing.SCRYPT_LOG", 4)


def sealed(octets: bytes, words: str | None = WORDS, *recipients: str) -> bytes:
    return sealed_with_key(octets, words, *recipients)[0]


def sealed_with_key(octets: bytes, words: str | None, *recipients: str) -> tuple[bytes, Sealed]:
    file = io.BytesIO()
    sealer = Sealer(file, words, recipients)
    for at in range(0, len(octets), 10_000):
        sealer.write(octets[at : at + 10_000])
    sealer.finish()
    return file.getvalue(), sealer.sealed


def opened(octets: bytes, words: str | None = WORDS, *identities: str) -> bytes:
    return Opener(io.BytesIO(octets), Keys({}, lambda: words, identities)).read()


def begin_of(file: bytes) -> int:
    """Where the pieces begin."""
    return file.index(b"\n", file.index(b"\n--- ") + 1) + 1 + NONCE


@pytest.mark.parametrize("length", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 200_001])
def test_octets_come_back_by_the_passphrase_a_recipients_key_or_the_kept_one(length: int) -> None:
    octets = (bytes(range(256)) * (length // 256 + 1))[:length]
    file, kept = sealed_with_key(octets, WORDS)
    assert opened(file) == octets
    remembered = Keys({kept.name: kept.key}, lambda: pytest.fail("nobody is asked"))
    assert Opener(io.BytesIO(file), remembered).read() == octets
    file = sealed(octets, None, check_recipient(RECIPIENT))
    assert opened(file, None, IDENTITY) == octets
    assert len(file) - begin_of(file) == length + TAG * max(1, -(-length // PIECE))


def test_each_of_several_recipients_opens_it() -> None:
    other = bech32.encode("age-secret-key-", bytes(range(32))).upper()
    file = sealed(b"text", None, _recipient_of(other), RECIPIENT)
    assert opened(file, None, IDENTITY) == opened(file, None, other) == b"text"
    assert opened(file, None, other, IDENTITY) == b"text"


def _recipient_of(identity: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    secret = X25519PrivateKey.from_private_bytes(bech32.decode(identity)[1])
    return bech32.encode("age", secret.public_key().public_bytes_raw())


def test_other_keys_open_nothing() -> None:
    other = bech32.encode("age-secret-key-", bytes(range(32))).upper()
    for file, words, identities in (
        (sealed(b"text"), "correct horse batterz", ()),
        (sealed(b"text"), None, (IDENTITY,)),
        (sealed(b"text", None, RECIPIENT), WORDS, (other,)),
        (sealed(b"text", None, RECIPIENT), WORDS, ()),
    ):
        with pytest.raises(WrongKey, match="not of this box"):
            opened(file, words, *identities)


def test_what_was_sealed_cannot_be_seen_and_no_two_files_are_alike() -> None:
    octets = b"a letter to anna " * 10_000
    one, other = sealed(octets), sealed(octets)
    assert b"anna" not in one and one.startswith(MAGIC)
    assert one[len(MAGIC) :] != other[len(MAGIC) :]
    assert len({one[at : at + 32] for at in range(begin_of(one), len(one) - 32, 32)}) > 5000


@pytest.mark.parametrize("cut", [1, TAG, PIECE, PIECE + TAG, 2 * (PIECE + TAG)])
def test_a_file_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(DeviceError, match="cut off"):
        opened(sealed(bytes(3 * PIECE))[:-cut])


def test_a_file_that_ends_in_its_beginning_is_refused() -> None:
    file = sealed(b"text")
    for length in range(begin_of(file) + TAG):
        with pytest.raises(DeviceError):
            opened(file[:length])


def test_any_bit_that_was_changed_is_noticed() -> None:
    for file, identities in (
        (sealed(b"text"), ()),
        (sealed(b"text", None, RECIPIENT), (IDENTITY,)),
    ):
        for at in range(len(file)):
            octets = bytearray(file)
            octets[at] ^= 1 << at % 8
            with pytest.raises(DeviceError):
                opened(bytes(octets), WORDS, *identities)
    file = sealed(bytes(2 * PIECE))
    for at in (begin_of(file) + PIECE, begin_of(file) + PIECE + TAG, len(file) - 1):
        octets = bytearray(file)
        octets[at] ^= 1
        with pytest.raises(DeviceError):
            opened(bytes(octets))


def test_pieces_in_another_order_doubled_left_out_or_of_another_file_are_refused() -> None:
    long = PIECE + TAG
    file, other = sealed(bytes(4 * PIECE)), sealed(bytes(4 * PIECE))
    begin = begin_of(file)
    head, pieces = file[:begin], [file[at : at + long] for at in range(begin, len(file), long)]
    foreign = other[begin : begin + long]
    for order in (
        [pieces[1], pieces[0], *pieces[2:]],
        [pieces[0], pieces[0], *pieces[1:]],
        [pieces[0], *pieces[2:]],
        [foreign, *pieces[1:]],
        [*pieces, pieces[-1]],
        pieces[:-1],
    ):
        with pytest.raises(DeviceError, match="cut off or was changed"):
            opened(head + b"".join(order))


def test_octets_behind_the_end_are_refused() -> None:
    with pytest.raises(DeviceError):
        opened(sealed(bytes(100)) + b"x")


def test_other_formats_and_versions_are_refused_in_words() -> None:
    file = sealed(b"text")
    with pytest.raises(DeviceError, match="newer"):
        opened(file.replace(b"/v1", b"/v2", 1))
    with pytest.raises(DeviceError, match="not a sealed backup"):
        opened(b"a letter to my aunt" * 20)


def test_passphrase_that_asks_for_much_memory_is_refused_before_it_is_given() -> None:
    file = sealed(b"text")
    for log in (b"0", b"-1", b"%d" % (SCRYPT_MOST + 1), b"22", b"99999999", b"x"):
        asked = file.replace(b" 4\n", b" %b\n" % log, 1)
        with pytest.raises(DeviceError, match=r"more memory|not understood"):
            opened(asked)


def test_memory_does_not_grow_with_the_file() -> None:
    class Sink(io.RawIOBase):
        """Counts, and keeps nothing."""

        octets = 0

        def write(self, piece: bytes) -> int:  # type: ignore[override]
            self.octets += len(piece)
            return len(piece)

    peaks = []
    for megabytes in (2, 32):
        sink, piece = Sink(), bytes(1 << 20)
        tracemalloc.start()
        sealer = Sealer(sink, None, [RECIPIENT])  # type: ignore[arg-type]
        for _ in range(megabytes):
            sealer.write(piece)
        sealer.finish()
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sink.octets > megabytes << 20
    assert peaks[1] < peaks[0] + 100_000 < 5_000_000, peaks


def test_guessing_a_passphrase_costs_memory_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert 128 * 8 << SCRYPT_LOG == 32 << 20  # octets, with r = 8 [RFC 7914 §5]
    file = sealed(b"text")
    assert b" 15\n" in file and opened(file) == b"text"


# ---- keys as text


def test_keys_are_written_as_age_writes_them() -> None:
    assert bech32.decode(IDENTITY) == ("age-secret-key-", b"\x42" * 32)
    assert bech32.encode("age-secret-key-", b"\x42" * 32).upper() == IDENTITY
    assert _recipient_of(IDENTITY) == RECIPIENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "age",
        RECIPIENT[:-1],
        RECIPIENT.replace("zvk", "zkv"),
        RECIPIENT[:-1].upper() + RECIPIENT[-1],
        RECIPIENT.replace("z", "b", 1),
        IDENTITY,
        bech32.encode("age", b"short"),
    ],
)
def test_key_that_is_none_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(DeviceError) as refusal:
        check_recipient(text)
    assert text[9:] not in str(refusal.value) or len(text) < 10


@pytest.mark.parametrize(
    "text", ["A12UEL5L", "a12uel5l", "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w"]
)
def test_bech32_takes_the_examples_of_its_standard(text: str) -> None:
    name, octets = bech32.decode(text)  # [BIP 173, Test vectors]
    assert bech32.encode(name, octets) == text.lower()
