"""Journey: a mail program sets itself up by what the box says; it sends and fetches by that."""

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.device import certificates
from app.device.certify import use_files
from tests.kit.killing import PASSWORD, House
from tests.kit.web import WebHouse, serving

ADDRESS = "anna@box.test"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[WebHouse]:
    """Mail and pages of one box, each in its own service."""
    house = House(tmp_path / "var")
    house.furnish(("anna",))
    with serving(house.var, house.paths.settings()) as web, house.mail():
        yield web


def curl(server: ElementTree.Element, authority: Path, *more: str | Path) -> str:
    """What curl prints by the settings of one server, and by nothing else."""
    host, port = server.findtext("hostname"), server.findtext("port")
    user = (server.findtext("username") or "").replace("%EMAILADDRESS%", ADDRESS)
    protocol, security = server.get("type"), server.findtext("socketType")
    assert server.findtext("authentication") == "password-cleartext"
    scheme = f"{protocol}s" if security == "SSL" else f"{protocol}"
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "20", "--ssl-reqd",
         "--cacert", authority, "--resolve", f"{host}:{port}:127.0.0.1",
         "--user", f"{user}:{PASSWORD}", *more, f"{scheme}://{host}:{port}/"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_sends_and_fetches_by_every_server_that_the_configuration_names(
    box: WebHouse, tmp_path: Path
) -> None:
    authority, letter = tmp_path / "downloaded.crt", tmp_path / "letter"
    authority.write_bytes(box.ask("/setup/ca.crt").body)
    letter.write_bytes(b"Subject: words\r\n\r\nwords\r\n")
    told = box.ask(f"/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress={ADDRESS}").body
    provider = ElementTree.fromstring(told).find("emailProvider")
    assert provider is not None
    incoming, outgoing = provider.findall("incomingServer"), provider.findall("outgoingServer")
    for servers in (incoming, outgoing):
        assert [server.findtext("socketType") for server in servers] == ["SSL", "STARTTLS"]
    for server in outgoing:
        addresses = ("--mail-from", ADDRESS, "--mail-rcpt", ADDRESS)
        curl(server, authority, *addresses, "--upload-file", letter)
    for server in incoming:
        assert [line.split()[0] for line in curl(server, authority).splitlines()] == ["1", "2"]


def test_certificate_that_replaces_another_is_shown_by_mail_and_pages_that_go_on_running(
    box: WebHouse, tmp_path: Path
) -> None:
    """Each is a pair that another authority has signed; nothing is started again."""
    ports = json.loads(box.paths.mail_ports.read_bytes())
    with socket.create_connection(("127.0.0.1", ports["pop3"]), timeout=20) as visit:
        lines = visit.makefile("rb")
        assert lines.readline().startswith(b"+OK")
        for number in range(2):
            theirs = tmp_path / str(number)
            certificates.ensure(theirs, ("box.test",), ("127.0.0.1",))
            files = [theirs / "server.key", theirs / "server.crt"]
            use_files(box.paths, box.settings, files)
            wanted = (theirs / "server.crt").read_text()
            for port in (ports["pop3s"], ports["submissions"], box.https):
                assert ssl.get_server_certificate(("127.0.0.1", port)) == wanted
        visit.sendall(b"QUIT\r\n")
        assert lines.readline().startswith(b"+OK"), "a visit is not cut"
