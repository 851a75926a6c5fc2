"""An update bundle: one slot's content and what is said of it, signed.

A tar archive [POSIX ustar] of three files in this order:

    manifest.json   what it is (Manifest below)
    manifest.sig    Ed25519 signature of manifest.json's octets [RFC 8032], 64 octets
    slot.img        the content of a slot (slots_content.py); its SHA-256 is in the manifest

Nothing in it is believed before the signature fits a key of the running system.
"""

import dataclasses
import hashlib
import json
import logging
import re
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.core.records import BadRecord, from_json, parse_json
from app.core.sentences import N_, sentence
from app.device.update.errors import BundleError
from app.device.update.slots_content import Release, pieces

log = logging.getLogger(__name__)

FORMAT = 1
PRODUCT = "switchhook"
SUFFIX = ".update"
MEMBERS = ("manifest.json", "manifest.sig", "slot.img")
LONGEST_MANIFEST = 65536
SIGNATURE_OCTETS = 64
OPENED = Path("/proc/self/fd")
"""Where files lie that somebody else has opened for us: those that were uploaded."""

_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,3}([-+~][A-Za-z0-9.]+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """What a bundle says of itself."""

    release: Release
    machines: tuple[str, ...]
    """Machines its kernel runs on, as the device tree's `compatible` names them."""
    boards: tuple[str, ...]
    """Boards (folders of board/) it can drive."""
    octets: int
    """Of slot.img."""
    sha256: str
    root_sha256: str
    """Of the squashfs alone: two builds of one source have the same."""
    kernel: str
    """The kernel's release, as `uname -r` says."""
    needs_free: int
    """Octets that must be free on the data partition, so that it can take the store over."""

    def to_json(self) -> bytes:
        """As it lies in the bundle."""
        fields = {"product": PRODUCT, "format": FORMAT, **asdict(self)}
        return json.dumps(fields, indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(octets: bytes) -> Manifest:
    """The manifest in a JSON text. Raises BundleError naming what is wrong with it."""
    try:
        fields = parse_json(octets)
        if fields["product"] != PRODUCT:
            raise BundleError(
                sentence(
                    "the bundle is for %(other)s, not for %(ours)s",
                    other=repr(fields["product"]),
                    ours=PRODUCT,
                )
            )
        if fields["format"] != FORMAT:
            raise BundleError(
                sentence(
                    "the bundle has format %(format)s, this system reads %(ours)s; an update in"
                    " between is needed",
                    format=repr(fields["format"]),
                    ours=FORMAT,
                )
            )
        known = _known(Manifest, fields)
        known["release"] = _known(Release, fields["release"])
        manifest = from_json(Manifest, known, "manifest")
    except (BadRecord, KeyError, TypeError) as problem:
        raise BundleError(
            sentence("the bundle's manifest is not understood: %(what)s", what=repr(problem))
        ) from problem
    if not _VERSION.fullmatch(manifest.release.version) or not _SHA256.fullmatch(manifest.sha256):
        raise BundleError(sentence("the bundle's manifest has no proper version or checksum"))
    return manifest


def _known(kind: type[Any], given: Any) -> dict[str, Any]:
    """The fields we know; what else is there is of a later version of this format."""
    return {field.name: given[field.name] for field in dataclasses.fields(kind)}


def whole(path: Path, offset: int, octets: int, sha256: str) -> Iterator[bytes]:
    """The content that begins at `offset` of a file, in order, all of it read.

    Raises BundleError, at the end at the latest, if it is not what was signed.
    """
    digest, left = hashlib.sha256(), octets
    try:
        with path.open("rb") as file:
            file.seek(offset)
            for piece in pieces(file, left):
                digest.update(piece)
                left -= len(piece)
                yield piece
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    if left:
        text = N_("%(file)s is cut off: %(left)s octets are missing")
        raise BundleError(sentence(text, file=called(path), left=left))
    if digest.hexdigest() != sha256:
        text = N_("%(file)s is damaged: the content's checksum is wrong")
        raise BundleError(sentence(text, file=called(path)))


def called(path: Path) -> str:
    """What to call a file to whoever gave it: one that was uploaded has no name here."""
    return sentence("the file") if path.parent == OPENED else path.name


def _unreadable(path: Path, problem: OSError) -> BundleError:
    text = N_("%(file)s cannot be read: %(why)s")
    return BundleError(sentence(text, file=called(path), why=problem.strerror))


@dataclass(frozen=True)
class Bundle:
    """A bundle whose signature is good. The slot's content is not read yet: see verify()."""

    path: Path
    manifest: Manifest
    signed_by: str
    """The file of the key."""
    offset: int
    """Where in the file the slot's content begins."""

    def pieces(self) -> Iterator[bytes]:
        """The slot's content in order. Raises BundleError if it is not what the manifest says."""
        yield from whole(self.path, self.offset, self.manifest.octets, self.manifest.sha256)

    def verify(self) -> None:
        """Read all of it. Raises BundleError."""
        for _ in self.pieces():
            continue


def open_bundle(path: Path, keys: Sequence[Path]) -> Bundle:
    """Open a bundle and check its signature with these public keys. Raises BundleError."""
    found = open_signed(path, keys, MEMBERS)
    signed = read_manifest(found.manifest)
    if found.octets != signed.octets:
        text = N_("%(file)s is damaged: its content has another size than signed")
        raise BundleError(sentence(text, file=called(path)))
    return Bundle(path, signed, found.signed_by, found.offset)


@dataclass(frozen=True)
class Signed:
    """A manifest whose signature is good, and where the content lies that it is about."""

    manifest: bytes
    signed_by: str
    """The file of the key."""
    offset: int
    """Where in the file the content begins."""
    octets: int
    """Of the content."""


def open_signed(
    path: Path, keys: Sequence[Path], members: Sequence[str], kind: str = N_("update bundle")
) -> Signed:
    """A tar archive of manifest, signature and content, by these names, and by one of these keys.

    `kind` is what errors call it. Raises BundleError.
    """
    try:
        with tarfile.open(path, "r:") as archive:
            manifest, signature, content = (_member(archive, name, kind) for name in members)
            manifest_octets = _octets(archive, manifest, LONGEST_MANIFEST)
            signature_octets = _octets(archive, signature, SIGNATURE_OCTETS)
    except tarfile.TarError as problem:
        raise _no_bundle(path, kind, problem) from problem
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    signed_by = _signer(manifest_octets, signature_octets, keys)
    if signed_by is None:
        raise BundleError(
            sentence(
                "%(file)s is not signed by any key this system trusts (%(keys)s): it was made"
                " elsewhere, or has been changed",
                file=called(path),
                keys=", ".join(key.name for key in keys) or sentence("it has none"),
            )
        )
    return Signed(manifest_octets, signed_by.name, content.offset_data, content.size)


def _no_bundle(path: Path, kind: str, why: object) -> BundleError:
    text = N_("%(file)s is no %(kind)s, or cut off: %(why)s")
    return BundleError(sentence(text, file=called(path), kind=sentence(kind), why=why))


def _member(archive: tarfile.TarFile, name: str, kind: str) -> tarfile.TarInfo:
    member = archive.next()
    if member is None or member.name != name or not member.isreg():
        missing = sentence("%(name)s is missing", name=name)
        raise _no_bundle(Path(str(archive.name)), kind, missing)
    return member


def _octets(archive: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> bytes:
    if member.size > most:
        text = N_("the bundle's %(name)s is too large (%(octets)s octets)")
        raise BundleError(sentence(text, name=member.name, octets=member.size))
    file = archive.extractfile(member)
    assert file is not None  # it is a regular file
    return file.read()


def _signer(manifest: bytes, signature: bytes, keys: Sequence[Path]) -> Path | None:
    """The first of the keys that made the signature [RFC 8032]."""
    return next((key for key in keys if _verifies(key, manifest, signature)), None)


def _verifies(key: Path, manifest: bytes, signature: bytes) -> bool:
    try:
        public = load_pem_public_key(key.read_bytes())
        if not isinstance(public, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
    except ValueError:
        log.warning("%s is not an Ed25519 public key in PEM; it is not used", key.name)
        return False
    try:
        public.verify(signature, manifest)
    except InvalidSignature:
        return False
    return True
