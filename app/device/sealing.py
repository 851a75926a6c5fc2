"""A sealed file: nobody reads or changes it without a passphrase, or the key it is sealed for.

It is a file of age [C2SP age, version 1], so that in twenty years the program `age`, or another of
that format, opens it without ours:

    age-encryption.org/v1
    -> scrypt SALT 15                     the file's key, wrapped for a passphrase, or
    -> X25519 SHARE                       for a recipient, of whom there may be several
    WRAPPED KEY
    --- MAC                               HMAC of all this, by the file's key
    16 octets by chance, then pieces of 64 KiB under ChaCha20-Poly1305 [RFC 8439], the last one
    shorter or as long; each with a tag of 16 octets

A piece's nonce is its number and whether it is the last one (the construction STREAM, Hoang and
others, 2015). So a file that is cut off, altered or put in another order fails at the first piece
that is not as it was written. ChaCha20 suits a Raspberry Pi up to 4, which has no instructions for
AES. The standard wants a passphrase's file to have no other recipient; for the box to read its own
files without one, it remembers their keys (backup.py).
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.errors import DeviceError
from app.device import bech32

MAGIC = b"age-encryption.org/v1\n"
KIND = b"age-encryption.org/"
"""What every version begins with."""
FILE_KEY, NONCE, TAG, SALT = 16, 16, 16, 16
PIECE = 1 << 16
SCRYPT_LOG = 15
"""N = 2^15, r = 8: 32 MiB and some 100 ms on a desktop processor, about a second on the board."""
SCRYPT_MOST = 16
"""What a file may ask for: 64 MiB. The board has no memory for what a stranger writes there."""
LONGEST_HEADER = 16_384
_SCRYPT = b"age-encryption.org/v1/scrypt"
_X25519 = b"age-encryption.org/v1/X25519"
_NONCE_0 = bytes(12)
_RAW = (Encoding.Raw, PublicFormat.Raw)
_STANZA = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n((?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n)")
_END = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")

Remembered = Mapping[str, bytes]
"""File keys by the name of a header (`header_name`)."""


class WrongKey(DeviceError):
    """No key at hand is one that the file was sealed for."""


@dataclass(frozen=True)
class Sealed:
    """How to find a sealed file's key again without its passphrase."""

    name: str
    """Of its header, see `header_name`."""
    key: bytes


@dataclass(frozen=True)
class Keys:
    """What a sealed file is opened with."""

    remembered: Remembered
    ask: Callable[[], str | None]
    """Gives the passphrase, when it is needed; None: there is none."""
    identities: Sequence[str] = ()
    """AGE-SECRET-KEY-1…, as `age-keygen` makes them."""


def is_sealed(begin: bytes) -> bool:
    """Whether a file that begins so is sealed, by whichever version of the format."""
    return begin.startswith(KIND)


def header_name(header: bytes) -> str:
    """What the box knows a file by."""
    return hashlib.sha256(header).hexdigest()


class Sealer(RawIOBase):
    """Write into it what is to be sealed; `finish` writes the end. `file` stays open."""

    def __init__(self, file: BinaryIO, passphrase: str | None, recipients: Sequence[str]) -> None:
        """For a passphrase, or else for recipients (age1…). Raises DeviceError for a wrong one."""
        super().__init__()
        key = os.urandom(FILE_KEY)
        if passphrase is not None:
            stanzas = _for_passphrase(passphrase, key)
        else:
            stanzas = b"".join(_for_recipient(one, key) for one in recipients)
        header = MAGIC + stanzas + b"---"
        header += b" " + _base64(_mac(header, key)) + b"\n"
        nonce = os.urandom(NONCE)
        self.sealed = Sealed(header_name(header), key)
        self._file, self._cipher = file, _payload_cipher(key, nonce)
        self._waiting, self._number = bytearray(), 0
        file.write(header + nonce)

    def writable(self) -> bool:
        """See io.IOBase."""
        return True

    def write(self, octets: bytes) -> int:  # type: ignore[override]
        """Seal more octets. Raises OSError."""
        self._waiting += octets
        while len(self._waiting) > PIECE:  # the last one is only known at the end
            self._put(last=False)
        return len(octets)

    def finish(self) -> None:
        """Write the last piece; without it the file is one that is cut off. Raises OSError."""
        self._put(last=True)

    def _put(self, last: bool) -> None:
        piece = bytes(self._waiting[:PIECE])
        del self._waiting[:PIECE]
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class Opener(RawIOBase):
    """Read from it what was sealed; each piece has been checked before any of it is given."""

    def __init__(self, file: BinaryIO, keys: Keys) -> None:
        """Find the file's key. Raises WrongKey, and DeviceError if the header is none of ours."""
        super().__init__()
        header = _read_header(file)
        key = keys.remembered.get(header_name(header.octets)) or _file_key(header, keys)
        if not hmac.compare_digest(_mac(header.authenticated, key), header.mac):
            raise DeviceError("the backup was changed: its header is not as it was written")
        nonce = file.read(NONCE)
        if len(nonce) < NONCE:
            raise DeviceError("the backup is cut off")
        self._file, self._cipher = file, _payload_cipher(key, nonce)
        self._begin = len(header.octets) + NONCE
        self._number, self._ahead = 0, file.read(PIECE + TAG)
        self._ready, self._ended = memoryview(b""), False

    def readable(self) -> bool:
        """See io.IOBase."""
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` octets; all that is left if it is below 0; nothing at the end.

        Raises DeviceError if the file is not as it was written.
        """
        given = bytearray()
        while size < 0 or len(given) < size:
            if not self._ready and not self._next():
                break
            part = self._ready if size < 0 else self._ready[: size - len(given)]
            given += part
            self._ready = self._ready[len(part) :]
        return bytes(given)

    def drain(self) -> None:
        """Read to the end, so that all of it has been checked. Raises DeviceError."""
        while self.read(PIECE):
            pass

    def _next(self) -> bool:
        """Open the next piece; False at the end."""
        if self._ended:
            return False
        piece, self._ahead = self._ahead, self._file.read(PIECE + TAG)
        self._ended = not self._ahead
        try:
            opened = self._cipher.decrypt(_nonce(self._number, self._ended), piece, None)
        except InvalidTag as problem:
            at = self._begin + self._number * (PIECE + TAG)
            raise DeviceError(
                f"the backup is cut off or was changed, at octet {at} or behind it"
            ) from problem
        self._ready = memoryview(opened)
        self._number += 1
        return bool(opened)


# ---- the header


@dataclass(frozen=True)
class _Header:
    octets: bytes
    authenticated: bytes
    mac: bytes
    stanzas: tuple[tuple[list[bytes], bytes], ...]
    """Arguments and body of each."""


def _read_header(file: BinaryIO) -> _Header:
    """Raises DeviceError."""
    begin = file.read(LONGEST_HEADER)
    if not is_sealed(begin):
        raise DeviceError("this file is not a sealed backup")
    if not begin.startswith(MAGIC):
        raise DeviceError("this backup is sealed by a newer program; update this box first")
    at, stanzas = len(MAGIC), []
    while (found := _STANZA.match(begin, at)) is not None:
        stanzas.append((found[1].split(b" "), _from_base64(found[2].replace(b"\n", b""))))
        at = found.end()
    end = _END.match(begin, at)
    if end is None or not stanzas:
        raise DeviceError("the backup is cut off or was changed: its header is not whole")
    file.seek(end.end() - len(begin), os.SEEK_CUR)
    octets = begin[: end.end()]
    return _Header(octets, begin[: at + 3], _from_base64(end[1]), tuple(stanzas))


def _file_key(header: _Header, keys: Keys) -> bytes:
    """Raises WrongKey or DeviceError."""
    for arguments, body in header.stanzas:
        if arguments[0] == b"scrypt":
            key = _by_passphrase(arguments, body, keys.ask())
        else:
            tried = (_by_identity(arguments, body, identity) for identity in keys.identities)
            key = next((one for one in tried if one is not None), None)
        if key is not None:
            return key
    raise WrongKey(
        "this backup cannot be opened: it is not of this box, and neither the passphrase nor a key"
        " that was given is its own"
    )


def _for_passphrase(words: str, key: bytes) -> bytes:
    salt = os.urandom(SALT)
    wrapped = _of_passphrase(words, salt, SCRYPT_LOG).encrypt(_NONCE_0, key, None)
    return _stanza(b"scrypt %b %d" % (_base64(salt), SCRYPT_LOG), wrapped)


def _by_passphrase(arguments: list[bytes], body: bytes, words: str | None) -> bytes | None:
    try:
        _, salt, cost = arguments
        log = int(cost)
    except ValueError as problem:
        raise DeviceError("the backup was changed: its header is not understood") from problem
    if not 0 < log <= SCRYPT_MOST:
        raise DeviceError("the backup's passphrase asks for more memory than the box has for it")
    return _unwrapped(_of_passphrase(words, _from_base64(salt), log), body) if words else None


def _for_recipient(recipient: str, key: bytes) -> bytes:
    public = _key_of(recipient, "age")
    ours = X25519PrivateKey.generate()
    share = ours.public_key().public_bytes(*_RAW)
    shared = ours.exchange(X25519PublicKey.from_public_bytes(public))
    wrapped = _of_exchange(shared, share + public).encrypt(_NONCE_0, key, None)
    return _stanza(b"X25519 " + _base64(share), wrapped)


def _by_identity(arguments: list[bytes], body: bytes, identity: str) -> bytes | None:
    if arguments[0] != b"X25519" or len(arguments) != 2:
        return None
    ours = X25519PrivateKey.from_private_bytes(_key_of(identity, "age-secret-key-"))
    share, public = _from_base64(arguments[1]), ours.public_key().public_bytes(*_RAW)
    try:
        shared = ours.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:  # a share of wrong length, or one that leads nowhere
        return None
    return _unwrapped(_of_exchange(shared, share + public), body)


def check_recipient(recipient: str) -> str:
    """A recipient, age1…, as `age-keygen` shows it. Raises DeviceError."""
    _key_of(recipient, "age")
    return recipient


def _key_of(text: str, kind: str) -> bytes:
    try:
        name, octets = bech32.decode(text.strip())
    except ValueError as problem:
        raise DeviceError(f"{_shown(text)} is no key of age: {problem}") from problem
    if name != kind or len(octets) != 32:
        raise DeviceError(f"{_shown(text)} is another kind of key than is wanted here")
    return octets


def _shown(text: str) -> str:
    """Enough of a key to know it by, and nothing of a secret one."""
    return f"{text.strip()[:8]}…"


# ---- keys


def _of_passphrase(words: str, salt: bytes, log: int) -> ChaCha20Poly1305:
    made = Scrypt(salt=_SCRYPT + salt, length=32, n=1 << log, r=8, p=1).derive(words.encode())
    return ChaCha20Poly1305(made)


def _of_exchange(shared: bytes, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_hkdf(shared, salt, _X25519))


def _payload_cipher(key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_hkdf(key, nonce, b"payload"))


def _mac(header: bytes, key: bytes) -> bytes:
    return hmac.digest(_hkdf(key, b"", b"header"), header, "sha256")


def _hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


def _unwrapped(wrap: ChaCha20Poly1305, body: bytes) -> bytes | None:
    if len(body) != FILE_KEY + TAG:
        return None
    try:
        return wrap.decrypt(_NONCE_0, body, None)
    except InvalidTag:
        return None


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _stanza(arguments: bytes, body: bytes) -> bytes:
    return b"-> " + arguments + b"\n" + _base64(body) + b"\n"  # 43 characters: one line


def _base64(octets: bytes) -> bytes:
    return base64.b64encode(octets).rstrip(b"=")


def _from_base64(text: bytes) -> bytes:
    try:
        octets = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as problem:
        raise DeviceError("the backup was changed: its header is not understood") from problem
    if _base64(octets) != text:
        raise DeviceError("the backup was changed: its header is not understood")
    return octets
