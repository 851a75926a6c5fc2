"""TLS for connections [RFC 8446, RFC 5246], over memory: octets in, octets out, no sockets here.

`ServerCertificate` is what the box shows to clients, `Channel` the TLS of one connection. OpenSSL
works between two buffers (ssl.MemoryBIO) inside our own Connection, and not by asyncio's start_tls:
that keeps 256 kB of each connection and asks for output up to 512 kB more, has a time for the
handshake of its own that no test can turn, and takes a turn whenever something arrives.
"""

import contextlib
import logging
import ssl
from pathlib import Path

log = logging.getLogger(__name__)

RECORD = 16_384
"""Octets of plain text in one record at most [RFC 8446 §5.1]."""

_FAREWELL = {"TLSv1.2": 31, "TLSv1.3": 24}
"""Octets of an encrypted close_notify with the ciphers of today; any command takes more."""

_HINTS = {
    "HTTP_REQUEST": "a web browser's request came instead",
    "WRONG_VERSION_NUMBER": "plain text came instead",
    "UNSUPPORTED_PROTOCOL": "the client's TLS is older than 1.2",
    "TLSV1_ALERT_UNKNOWN_CA": "the client does not know this box's certificate authority",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the client does not accept this box's certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the client does not accept this box's certificate",
}
"""What OpenSSL's reasons mean, where its words would not tell an owner."""


class TlsFailed(Exception):
    """The TLS of a connection is over: what came is no TLS, or the peer refuses ours."""


class ServerCertificate:
    """The box's certificate and key (PEM files), read again when the files have changed.

    At least TLS 1.2 [RFC 8997, RFC 8314 §4.1]; the ciphers are those of Python and OpenSSL.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._seen: tuple[object, ...] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext | None:
        """What a handshake that begins now uses; None if there is no usable certificate.

        Files that cannot be used leave the certificate that was in use before in use: somebody may
        be about to replace both.
        """
        seen = tuple(map(_stamp, self._files))
        if seen != self._seen:
            self._seen = seen
            self._read()
        return self._context

    def _read(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        certificate, key = self._files
        try:
            context.load_cert_chain(certificate, key)
        except OSError as problem:  # ssl.SSLError is one
            instead = "the one before" if self._context else "no TLS"
            log.warning("%s cannot be used: %s; %s is offered", certificate, problem, instead)
        else:
            self._context = context


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


class Channel:
    """The server's end of one connection's TLS. Each method but `outgoing` may make output."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.established = False
        """The handshake is done."""
        self.ended = False
        """The peer has said that it sends no more (close_notify)."""

    @property
    def version(self) -> str:
        """Such as "TLSv1.3"; empty before the handshake is done."""
        return (self._tls.version() or "") if self.established else ""

    @property
    def cipher(self) -> str:
        """OpenSSL's name of the cipher; empty before the handshake is done."""
        cipher = self._tls.cipher() if self.established else None
        return cipher[0] if cipher else ""

    @property
    def farewell_size(self) -> int:
        """Octets of what a peer sends before it closes."""
        return _FAREWELL.get(self.version, 0)

    def feed(self, octets: bytes) -> None:
        """Take what the socket has brought."""
        self._in.write(octets)

    def shake(self) -> bool:
        """Go on with the handshake; True when it is done. Raises TlsFailed."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as problem:
            raise TlsFailed(_reason(problem)) from problem
        self.established = True
        return True

    def read(self) -> bytes:
        """All plain text that has arrived whole. Raises TlsFailed."""
        pieces = []
        try:
            while piece := self._tls.read(RECORD):
                pieces.append(piece)
            self.ended = True
        except ssl.SSLError as problem:
            if not isinstance(problem, ssl.SSLWantReadError):  # the next record is on its way
                raise TlsFailed(_reason(problem)) from problem
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def write(self, octets: bytes) -> None:
        """Encrypt octets. Raises TlsFailed."""
        try:
            self._tls.write(octets)
        except ssl.SSLError as problem:
            raise TlsFailed(_reason(problem)) from problem

    def end(self) -> None:
        """Say that nothing more will come [RFC 8446 §6.1]."""
        # an error: the peer has not said so yet, or the TLS is broken; we close all the same
        with contextlib.suppress(ssl.SSLError):
            self._tls.unwrap()

    def outgoing(self) -> bytes:
        """Take what is to go to the socket."""
        return self._out.read() if self._out.pending else b""


def _reason(problem: ssl.SSLError) -> str:
    reason = problem.reason or ""
    return _HINTS.get(reason) or reason.replace("_", " ").lower() or str(problem)
