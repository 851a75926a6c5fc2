"""Keys and certificates as a box makes them for itself, and what clients do with them."""

import contextlib
import ssl
from dataclasses import dataclass
from pathlib import Path

from app.device import certificates
from app.net.tls import ServerCertificate

NAMES = ("box.test", "localhost")
ADDRESSES = ("127.0.0.1",)


@dataclass(frozen=True)
class BoxKeys:
    """A folder of keys; made by `box_keys`."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The certificate that clients are to know."""
        return self.folder / "ca.crt"

    @property
    def files(self) -> tuple[str, str]:
        """Certificate and key, as MailConfig wants them."""
        return str(self.folder / "server.crt"), str(self.folder / "server.key")

    def server(self) -> ServerCertificate:
        """What a server needs."""
        certificate, key = self.files
        return ServerCertificate(Path(certificate), Path(key))

    def client(self) -> ssl.SSLContext:
        """A client that knows this box's authority and nothing else, and checks names."""
        return ssl.create_default_context(cafile=self.authority)

    def renew(self, *names: str) -> None:
        """A new certificate by the same authority, for other names."""
        certificates.ensure(self.folder, names, ADDRESSES)


def box_keys(folder: Path) -> BoxKeys:
    """Keys of a new box, for NAMES and ADDRESSES."""
    folder.mkdir(exist_ok=True)
    certificates.ensure(folder, NAMES, ADDRESSES)
    return BoxKeys(folder)


def client_hello(keys: BoxKeys) -> bytes:
    """How a client begins."""
    outgoing = ssl.MemoryBIO()
    tls = keys.client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="box.test")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()
