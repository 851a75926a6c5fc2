"""TLS of connections that the box makes: whose certificate it takes, and what is wrong with one.

A server's certificate must be signed by an authority that this system knows, and be for the name
that the server is called by [RFC 8314 §5.3, RFC 6125]; or it is the one whose fingerprint is known.
"""

import hashlib
import os
import socket
import ssl

from app.core.text import one_line


def client_context(pinned: bool) -> ssl.SSLContext:
    """What a handshake uses; `pinned`: whoever calls compares the fingerprint, nobody else asks."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if pinned:  # then who signed it says nothing more
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def fingerprint(found: ssl.SSLObject | None) -> str:
    """SHA-256 of the server's certificate in hexadecimal; "" without TLS."""
    certificate = found.getpeercert(True) if found is not None else None
    return hashlib.sha256(certificate).hexdigest() if certificate else ""


def not_as_pinned(found: str) -> str:
    """Why a server with this fingerprint is left where another one is known, for people."""
    return (
        f"its certificate is not the one that this account knows, but {found}: it has a new"
        " one, or somebody else answers"
    )


def why(problem: BaseException, patience_s: float) -> str:
    """What is wrong with a connection that was waited for so long, for people."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {one_line(problem.verify_message)}"
    if isinstance(problem, ssl.SSLError):
        return f"TLS failed: {(problem.reason or str(problem)).replace('_', ' ').lower()}"
    if isinstance(problem, TimeoutError):
        return f"no connection within {patience_s:.0f} s"
    if isinstance(problem, socket.gaierror):
        return problem.strerror or str(problem)
    if isinstance(problem, OSError) and type(problem).__module__ == "builtins" and problem.errno:
        return os.strerror(problem.errno)  # without its number, and the address that is known
    return one_line(str(problem)) or type(problem).__name__
