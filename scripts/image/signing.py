"""The key that signs updates: Ed25519, by openssl. The private part never comes into the tree.

A development key is made at the first build and stays in the cache; a release is signed with a key
named on the command line. Its public part goes into the image, which then believes updates from it.
"""

import shutil
from pathlib import Path

from scripts.image.work import BuildError, Folders, run

TRUSTED = "usr/lib/switchhook/keys"
"""Where a device keeps the public keys it believes, seen from the root."""


def signing_key(folders: Folders, named: Path | None) -> Path:
    """The private key to sign with. Raises BuildError if the one named is missing."""
    if named is not None:
        if not named.is_file():
            raise BuildError(f"the signing key {named} is missing")
        return named
    key = folders.kept("keys") / "development.pem"
    if not key.exists():
        fresh = key.with_suffix(".part")
        fresh.touch(mode=0o600)
        run("openssl", "genpkey", "-algorithm", "ed25519", "-out", fresh)
        fresh.rename(key)
    return key


def trust(root: Path, key: Path) -> None:
    """Let the image believe what this key signs."""
    folder = root / TRUSTED
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run("openssl", "pkey", "-in", key, "-pubout", "-out", folder / f"{key.stem}.pub")


def sign(octets: bytes, key: Path, scratch: Path) -> bytes:
    """The signature of these octets: 64 of them [RFC 8032]."""
    signed, signature = scratch / "signed", scratch / "signature"
    signed.write_bytes(octets)
    run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", signed, "-out", signature)
    return signature.read_bytes()
