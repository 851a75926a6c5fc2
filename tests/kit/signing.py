"""Keys of domains, a DNS that has them, and dkimpy and OpenDKIM as judges of signatures."""

import asyncio
import logging
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import dkim
import pytest

from app.core import signing_key
from app.core.signing_key import SigningKey
from app.mail.outbound.smtp_client import OutgoingMail
from app.mail.signing.keys import NoKey, PublicKey, key_of
from app.mail.signing.signer import Signer, SignerConfig

NOW = 1_790_000_000.0
PIECE = 997  # octets, so that nothing falls on a border by design


@cache
def made_key(folder: Path) -> SigningKey:
    """A key, one for each folder: making one takes a tenth of a second."""
    path = folder / "dkim.key"
    if not path.exists():
        signing_key.make(path)
    return signing_key.load(path)


@dataclass
class Domains:
    """The DNS as far as keys go; a KeyFinder for a Signer."""

    records: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """It does not answer now."""

    def add(self, domain: str, key: SigningKey) -> None:
        """A domain's record."""
        self.records[f"{key.selector}._domainkey.{domain}"] = key.record

    async def find(self, domain: str, selector: str) -> PublicKey:
        """As KeyFinder."""
        if self.silent:
            raise NoKey("no answer", later=True)
        try:
            return key_of(self.records[f"{selector}._domainkey.{domain}"].encode())
        except KeyError:
            raise NoKey("no such key") from None

    def txt(self, name: bytes | str, timeout: int = 5) -> bytes | None:
        """As dkimpy asks."""
        text = name.decode() if isinstance(name, bytes) else name
        found = self.records.get(text.rstrip("."))
        return None if found is None else found.encode()


@dataclass
class Box:
    """A box that signs for a domain."""

    folder: Path
    domains: Domains
    domain: str = "box.test"

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = made_key(self.folder)
        self.domains.add(self.domain, self.key)
        config = SignerConfig(self.folder / "dkim.key", self.domain, f"mx.{self.domain}")
        self.signer = Signer(config, self.domains, lambda: NOW)  # type: ignore[arg-type]

    def out(self, octets: bytes, ours: bool) -> bytes:
        """A mail as it leaves."""

        def pieces() -> Iterator[bytes]:
            return (octets[at : at + PIECE] for at in range(0, len(octets), PIECE))

        mail = OutgoingMail("a@b.test", ("c@d.test",), len(octets), pieces)
        signed = asyncio.run(self.signer.signed(mail, ours))
        found = b"".join(signed.pieces())
        assert len(found) == signed.size
        return found


def dkimpy_says(octets: bytes, domains: Domains) -> bool:
    """Whether dkimpy finds the first DKIM signature good."""
    return bool(dkim.verify(octets, dnsfunc=domains.txt, logger=_quiet()))


def dkimpy_says_of_arc(octets: bytes, domains: Domains) -> str:
    """What dkimpy says of the ARC chain: pass, fail or none."""
    verdict, _, _ = dkim.arc_verify(octets, dnsfunc=domains.txt, logger=_quiet())
    return (verdict or b"terminated").decode()


def _quiet() -> logging.Logger:
    logger = logging.getLogger("tests.dkimpy")
    logger.setLevel(logging.CRITICAL)
    return logger


def opendkim_says(octets: bytes, domains: Domains, folder: Path) -> bool:
    """Whether OpenDKIM finds the signature good, as its manual's test mode tells."""
    message, records, conf = (folder / f"opendkim.{one}" for one in ("message", "records", "conf"))
    message.write_bytes(octets)
    records.write_text("".join(f"{name} {text}\n" for name, text in domains.records.items()))
    conf.write_text(f"Mode v\nTestDNSData file:{records}\nSyslog no\n")
    done = subprocess.run(
        ["/usr/sbin/opendkim", "-t", str(message), "-x", str(conf), "-v"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    if ") succeeded" in said:
        return True
    assert "failed: " in said, said
    return False


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the keys of this run lie."""
    return tmp_path_factory.mktemp("signing")
