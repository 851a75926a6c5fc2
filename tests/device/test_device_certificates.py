"""A device's certificates, judged by openssl, curl, fetchmail and Python over TLS on loopback."""

import os
import socket
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.core.clock import Clock, ManualClock, SystemClock
from app.core.errors import DeviceError
from app.device import certificates

NAMES = ("switchhook-1a2b.local", "pbx.example.org")
YEAR_S = 365 * 86_400.0
ADDRESSES = ("127.0.0.1", "::1", "192.168.1.20")
LONG = ".".join(("telephone-exchange-and-mail-of-the-whole-house", "b" * 60, "c" * 60, "example"))


def openssl(*words: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True)
    return done.stdout


def alternatives(keys: Path) -> list[str]:
    told = openssl("x509", "-in", keys / "server.crt", "-noout", "-ext", "subjectAltName")
    return [word.strip() for word in told.splitlines()[1].split(",")]


def verified(keys: Path, clock: Clock) -> bool:
    words = ["-x509_strict", "-attime", str(int(clock.now())), "-CAfile", str(keys / "ca.crt")]
    return openssl("verify", *words, keys / "server.crt").endswith("OK\n")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    certificates.ensure(tmp_path, NAMES, ADDRESSES)
    return tmp_path


def answer(client: ssl.SSLSocket) -> None:
    """As much POP3 as a client needs to find no mail."""
    client.sendall(b"+OK ready\r\n")
    with client.makefile("rb") as commands:
        for line in commands:
            word = line.split()[0].upper()
            reply = {b"CAPA": b"-ERR", b"STAT": b"+OK 0 0", b"LIST": b"+OK\r\n."}.get(word, b"+OK")
            client.sendall(reply + b"\r\n")
            if word == b"QUIT":
                return


@contextmanager
def pop3s(keys: Path) -> Iterator[int]:
    """A server on 127.0.0.1 with this certificate; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "server.crt", keys / "server.key")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    plain, _ = door.accept()
                except OSError:  # the test is over
                    return
                try:
                    with context.wrap_socket(plain, server_side=True) as client:
                        answer(client)
                except (OSError, IndexError):  # a judge that refuses hangs up
                    plain.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def ok_for_python(keys: Path, port: int, name: str) -> bool:
    context = ssl.create_default_context(cafile=keys / "ca.crt")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=name) as client:
                return client.recv(100).startswith(b"+OK")
        except ssl.SSLCertVerificationError:
            return False


def ok_for_curl(keys: Path, port: int, name: str) -> bool:
    words = ["--silent", "--cacert", keys / "ca.crt", "--user", "a:b", "--max-time", "10",
             "--resolve", f"{name}:{port}:127.0.0.1", f"pop3s://{name}:{port}/"]  # fmt: skip
    code = subprocess.run(["curl", *map(str, words)], check=False, capture_output=True).returncode
    assert code in (0, 60), "60: the certificate is not believed [curl(1)]"
    return code == 0


def ok_for_openssl(keys: Path, port: int, name: str) -> bool:
    kind = "-verify_ip" if name[0].isdigit() else "-verify_hostname"
    words = ["s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", str(keys / "ca.crt"),
             "-verify_return_error", kind, name]  # fmt: skip
    done = subprocess.run(
        ["openssl", *words], input=b"Q\n", check=False, capture_output=True, timeout=10
    )
    return b"Verification: OK" in done.stdout


def ok_for_fetchmail(keys: Path, port: int, folder: Path) -> bool:
    """It can only be sent to an address here: names would be asked for in the DNS."""
    settings = folder / "fetchmailrc"
    settings.write_text(
        f"poll 127.0.0.1 protocol pop3 port {port} user a password b"
        f" ssl sslcertck sslcertfile {keys / 'ca.crt'}\n"
    )
    settings.chmod(0o600)
    done = subprocess.run(
        ["fetchmail", "--nodetach", "-f", settings], check=False, capture_output=True, timeout=20,
        env={**os.environ, "FETCHMAILHOME": str(folder), "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode in (1, 2), "1: no mail; 2: no connection [fetchmail(1)]"
    return done.returncode == 1


@pytest.mark.parametrize("host", [NAMES[0], "x" * 54 + ".test", "x" * 60 + ".test", LONG])
def test_certificate_of_any_host_name_satisfies_clients_by_name_and_address(
    host: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    certificates.ensure(keys, (host,), ADDRESSES)
    with pop3s(keys) as port:
        for name in (host, "127.0.0.1"):
            assert ok_for_openssl(keys, port, name), name
            assert ok_for_python(keys, port, name), name
            assert ok_for_curl(keys, port, name), name
        assert ok_for_fetchmail(keys, port, tmp_path)


def test_certificate_is_refused_under_another_name_or_address(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, ("other.test",), ("192.0.2.1",))
    with pop3s(tmp_path) as port:
        for name in (NAMES[0], "127.0.0.1"):
            assert not ok_for_openssl(tmp_path, port, name)
            assert not ok_for_python(tmp_path, port, name)
            assert not ok_for_curl(tmp_path, port, name)
        assert not ok_for_fetchmail(tmp_path, port, tmp_path)


def test_alternative_names_hold_each_name_and_address_once(keys: Path) -> None:
    assert alternatives(keys) == [
        "DNS:switchhook-1a2b.local", "DNS:pbx.example.org", "DNS:127.0.0.1",
        "IP Address:127.0.0.1", "DNS:192.168.1.20", "IP Address:192.168.1.20",
        "IP Address:0:0:0:0:0:0:0:1",
    ]  # fmt: skip


@pytest.mark.parametrize("host", ["a.test", "x" * 53 + ".test", "x" * 60 + ".test", LONG])
def test_common_names_are_at_most_64_characters(host: str, tmp_path: Path) -> None:
    certificates.ensure(tmp_path, (host,))
    for file in ("ca.crt", "server.crt"):
        subject = openssl(
            "x509", "-in", tmp_path / file, "-noout", "-subject", "-nameopt", "RFC2253"
        )
        name = subject.strip().removeprefix("subject=CN=")
        assert 0 < len(name) <= 64
        assert name.startswith(host.partition(".")[0][:53])


def test_addresses_nobody_connects_to_are_left_out() -> None:
    addresses = ("fe80::1", "0.0.0.0", "169.254.7.7", "10.0.0.2", "10.0.0.10", "2001:db8::1")
    assert certificates.useful(addresses) == ["10.0.0.2", "10.0.0.10", "2001:db8::1"]


def test_authority_may_sign_servers_only(keys: Path) -> None:
    own = openssl("x509", "-in", keys / "ca.crt", "-noout", "-ext", "basicConstraints,keyUsage")
    assert "CA:TRUE, pathlen:0" in own and "Certificate Sign, CRL Sign" in own
    usage = openssl("x509", "-in", keys / "ca.crt", "-noout", "-ext", "extendedKeyUsage")
    assert "TLS Web Server Authentication" in usage and "," not in usage
    verified = openssl("verify", "-x509_strict", "-CAfile", keys / "ca.crt", "-purpose",
                       "sslserver", keys / "server.crt")  # fmt: skip
    assert verified.strip().endswith("OK")


def test_keys_are_read_by_nobody_else(keys: Path) -> None:
    assert stat.S_IMODE((keys / "ca.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((keys / "server.key").stat().st_mode) == 0o640
    assert not list(keys.glob("*.new"))


def test_good_certificate_is_left_alone_in_whatever_order_addresses_come(keys: Path) -> None:
    before = {path.name: path.read_bytes() for path in keys.iterdir()}
    assert certificates.ensure(keys, NAMES, ADDRESSES[::-1]) is False
    assert {path.name: path.read_bytes() for path in keys.iterdir()} == before


@pytest.mark.parametrize(
    ("names", "addresses", "holds"),
    [
        (("other.local",), ADDRESSES, "DNS:other.local"),
        (NAMES, ("127.0.0.1", "192.168.1.21"), "IP Address:192.168.1.21"),
    ],
)
def test_another_name_or_address_means_another_certificate_by_the_same_authority(
    names: tuple[str, ...], addresses: tuple[str, ...], holds: str, keys: Path
) -> None:
    authority, key = (keys / "ca.crt").read_bytes(), (keys / "server.key").read_bytes()
    assert certificates.ensure(keys, names, addresses) is True
    assert (keys / "ca.crt").read_bytes() == authority
    assert (keys / "server.key").read_bytes() == key
    assert holds in alternatives(keys)
    assert not {"IP Address:192.168.1.20", "DNS:pbx.example.org"} <= set(alternatives(keys))


def test_certificate_near_its_end_is_made_anew(keys: Path) -> None:
    before = (keys / "server.crt").read_bytes()
    days = certificates.SERVER_DAYS
    assert certificates.ensure(keys, NAMES, ADDRESSES, (days - 1) * 86_400) is False
    assert certificates.ensure(keys, NAMES, ADDRESSES, (days + 1) * 86_400) is True
    assert (keys / "server.crt").read_bytes() != before


@pytest.mark.parametrize("made_at", [-10 * YEAR_S, 10 * YEAR_S], ids=["10 years ago", "to come"])
def test_certificates_made_under_a_wrong_clock_serve_clients_once_it_is_right(
    tmp_path: Path, made_at: float
) -> None:
    clock = ManualClock()
    clock.step(made_at)
    certificates.ensure(tmp_path, NAMES, ADDRESSES, clock=clock)
    authority, key = (tmp_path / "ca.crt").read_bytes(), (tmp_path / "server.key").read_bytes()
    clock.step(-made_at)
    assert certificates.ensure(tmp_path, NAMES, ADDRESSES, clock=clock) is True
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert (tmp_path / "server.key").read_bytes() == key
    assert verified(tmp_path, clock)
    assert certificates.ensure(tmp_path, NAMES, ADDRESSES, clock=clock) is False


@pytest.mark.parametrize("step", [-10 * YEAR_S, 10 * YEAR_S], ids=["-10 years", "+10 years"])
def test_step_of_the_clock_and_back_keeps_key_and_authority_and_ends_with_a_good_certificate(
    keys: Path, step: float
) -> None:
    authority, key = (keys / "ca.crt").read_bytes(), (keys / "server.key").read_bytes()
    clock = ManualClock()
    clock.step(step)
    certificates.ensure(keys, NAMES, ADDRESSES, clock=clock)
    clock.step(-step)
    certificates.ensure(keys, NAMES, ADDRESSES, clock=clock)
    assert (keys / "ca.crt").read_bytes() == authority
    assert (keys / "server.key").read_bytes() == key
    assert verified(keys, clock)


def test_authority_made_in_1970_signs_for_years_to_come(tmp_path: Path) -> None:
    clock = ManualClock(now=0.0)
    certificates.ensure(tmp_path, NAMES, ADDRESSES, clock=clock)
    clock.step(1_790_000_000.0 + 5 * YEAR_S)
    assert certificates.ensure(tmp_path, NAMES, ADDRESSES, clock=clock) is True
    assert verified(tmp_path, clock)


@pytest.mark.parametrize("files", [("ca.key", "ca.crt"), ("server.key",)])
def test_certificate_of_another_authority_or_key_is_made_anew(
    files: tuple[str, ...], keys: Path, tmp_path: Path
) -> None:
    """As a restored backup or a power cut may leave it."""
    other = tmp_path / "other"
    other.mkdir()
    certificates.ensure(other, NAMES, ADDRESSES)
    for name in files:
        (keys / name).write_bytes((other / name).read_bytes())
    assert certificates.ensure(keys, NAMES, ADDRESSES) is True
    assert verified(keys, SystemClock())
    assert certificates.ensure(keys, NAMES, ADDRESSES) is False


def test_torn_certificate_is_made_anew(keys: Path) -> None:
    (keys / "server.crt").write_bytes(b"")
    assert certificates.ensure(keys, NAMES, ADDRESSES) is True
    assert "DNS:pbx.example.org" in alternatives(keys)


def test_damaged_authority_is_reported_by_name(keys: Path) -> None:
    (keys / "ca.key").write_bytes(b"")
    (keys / "server.crt").unlink()
    with pytest.raises(DeviceError, match=r"ca\.key cannot be used"):
        certificates.ensure(keys, NAMES, ADDRESSES)


def test_keys_that_openssl_made_for_earlier_versions_go_on(tmp_path: Path) -> None:
    for name in ("ca", "server"):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", tmp_path / f"{name}.key")  # fmt: skip
    openssl("req", "-x509", "-new", "-key", tmp_path / "ca.key", "-subj", "/CN=old authority",
            "-days", "20", "-addext", "keyUsage=critical,keyCertSign",
            "-out", tmp_path / "ca.crt")  # fmt: skip
    authority, key = (tmp_path / "ca.crt").read_bytes(), (tmp_path / "server.key").read_bytes()
    assert certificates.ensure(tmp_path, NAMES, ADDRESSES) is True
    assert (tmp_path / "ca.crt").read_bytes() == authority
    assert (tmp_path / "server.key").read_bytes() == key
    with pop3s(tmp_path) as port:
        assert ok_for_python(tmp_path, port, NAMES[1])


def test_two_devices_have_nothing_in_common(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        certificates.ensure(tmp_path / name, NAMES)
    for file in ("ca.key", "ca.crt", "server.key", "server.crt"):
        assert (tmp_path / "one" / file).read_bytes() != (tmp_path / "two" / file).read_bytes()
