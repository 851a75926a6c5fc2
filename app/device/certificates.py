"""The device's own certificate authority, and the server certificate that it signs.

Owners give ca.crt to their programs once; the server's certificate is made anew when the name
changes or its end is near. Elliptic curve P-256: small, and quick on a small processor.
"""

import secrets
import tempfile
from pathlib import Path

from app.core.errors import DeviceError
from app.core.process import run

CA_DAYS = 20 * 365
SERVER_DAYS = 820
"""Some clients refuse more than 825 days."""
RENEW_BEFORE_S = 60 * 86_400

_CA = """
[req]
distinguished_name = name
x509_extensions = ca
prompt = no
[name]
CN = {title}
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""
_SERVER = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {alternatives}
authorityKeyIdentifier = keyid
"""


def ensure(keys: Path, names: tuple[str, ...], renew_before_s: int = RENEW_BEFORE_S) -> bool:
    """Make what is missing, and the server's certificate anew if it must be; True if it was.

    `names` are those by which clients know this device, its own one first. Raises DeviceError.
    """
    if not (keys / "ca.crt").exists():
        _make_ca(keys, names[0])
    elif _is_good(keys, names, renew_before_s):
        return False
    _make_server(keys, names)
    return True


def _make_ca(keys: Path, name: str) -> None:
    _make_key(keys / "ca.key", 0o600)
    config = _CA.format(title=f"{name} ({secrets.token_hex(4)})")
    _with_config(
        config, "openssl", "req", "-x509", "-new", "-key", keys / "ca.key", "-sha256",
        "-days", str(CA_DAYS), "-out", keys / "ca.crt.new",
    )  # fmt: skip
    (keys / "ca.crt.new").replace(keys / "ca.crt")


def _make_key(path: Path, mode: int) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-out", fresh)  # fmt: skip
    fresh.chmod(mode)
    fresh.replace(path)


def _is_good(keys: Path, names: tuple[str, ...], renew_before_s: int) -> bool:
    certificate, wanted = keys / "server.crt", keys / "server.names"
    if not (certificate.exists() and wanted.exists() and (keys / "server.key").exists()):
        return False
    return wanted.read_text().split() == list(names) and _lasts(certificate, renew_before_s)


def _lasts(certificate: Path, seconds: int) -> bool:
    try:
        run("openssl", "x509", "-in", certificate, "-noout", "-checkend", str(seconds))
    except DeviceError:  # its end is near, or it is no certificate
        return False
    return True


def _make_server(keys: Path, names: tuple[str, ...]) -> None:
    if not (keys / "server.key").exists():
        _make_key(keys / "server.key", 0o640)
    alternatives = ", ".join(f"DNS:{name}" for name in names)
    config = _SERVER.format(name=names[0], alternatives=alternatives)
    request, fresh = keys / "server.csr", keys / "server.crt.new"
    _with_config(config, "openssl", "req", "-new", "-key", keys / "server.key", "-out", request)
    _with_config(
        config, "openssl", "x509", "-req", "-in", request, "-CA", keys / "ca.crt",
        "-CAkey", keys / "ca.key", "-set_serial", f"0x{secrets.token_hex(16)}", "-sha256",
        "-days", str(SERVER_DAYS), "-extensions", "server", "-out", fresh, option="-extfile",
    )  # fmt: skip
    request.unlink()
    fresh.replace(keys / "server.crt")
    (keys / "server.names").write_text(" ".join(names) + "\n")


def _with_config(config: str, *command: str | Path, option: str = "-config") -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:
        file.write(config)
        file.flush()
        run(*command, option, file.name)
