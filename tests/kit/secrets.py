"""Looks for secrets in a tree of files: no two devices may have one in common."""

import re
from collections.abc import Mapping
from pathlib import Path

SIGNS: Mapping[str, bytes] = {
    "a hash of a password": rb"\$(6|5|2[aby]|y|argon2id?)\$[^\s\"']{8,}",
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "a password": rb"(?im)^[^#\n]*\b(password|passphrase|secret|pin)\s*=\s*[\"']?[a-z0-9]{4,}",
}
IN_CODE: Mapping[str, bytes] = {
    "a private key": rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}",
    "a password": rb"(?im)^[^#\n]*\b(password|passphrase|secret|pin)\s*=\s*"
    rb"[\"'](?=[a-z]*[0-9])[a-z0-9]{4,}[\"']",
}
"""A program speaks of keys without having one, and what it sets a name to is a secret only if it is
a text with a digit in it: PASSWORD = "password" is the name of something."""
TEXT_LIMIT = 1 << 20


def secrets_in(root: Path) -> list[str]:
    """Every text file below `root` that seems to hold a secret, as "path: what"."""
    found = []
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > TEXT_LIMIT:
            continue
        octets = path.read_bytes()
        if b"\0" in octets[:4096]:
            continue
        signs = {**SIGNS, **IN_CODE} if path.suffix == ".py" else SIGNS
        told = path.relative_to(root)
        found += [f"{told}: {what}" for what, sign in signs.items() if re.search(sign, octets)]
    return found
