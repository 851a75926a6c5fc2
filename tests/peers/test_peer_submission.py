"""Programs we did not write send people's own mail: with STARTTLS, and with TLS from the start.

Each is set up as its manual begins; the box's authority is made known as its pages say, nothing
else. None of them is on the LAN.
"""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.mail_box import MailBox

PASSWORD = "a long password"
TEXT = "first line\n.dot\nGrüße\n"
WAYS = ["submission", "submissions"]


@dataclass
class House:
    """A box to which anna sends, and a folder for the programs' files."""

    box: MailBox
    keys: BoxKeys
    home: Path

    def port(self, way: str) -> int:
        port: int = getattr(self.box.ports, way)
        return port

    def run(self, *command: str, said: str = "", code: int = 0) -> str:
        """Run a program as somebody whose home this is; gives all it has printed."""
        done = subprocess.run(
            command,
            input=said,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={
                "HOME": str(self.home),
                "MAILRC": str(self.home / ".mailrc"),  # s-nail looks where root's home is
                "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8",
            },
        )
        assert done.returncode == code, f"{command} ended with {done.returncode}: {done}"
        return done.stdout + done.stderr

    def arrived(self, elsewhere: bool = False) -> bytes:
        """The one mail that bob has got, which anna sent encrypted and after a login."""
        (entry,) = self.box.inbox("bob")
        assert b"with ESMTPSA id" in entry.prefix, entry.prefix
        assert [row.recipient for row in self.box.rows()] == ["x@elsewhere.test"] * elsewhere
        return self.box.octets(entry)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def house(tmp_path: Path, keys: BoxKeys) -> Iterator[House]:
    with MailBox(tmp_path, lan=(), certificate=keys.files) as box:
        anna = box.people.by_login("anna")
        assert anna is not None
        box.db.now(lambda tx: box.people.set_password(tx, anna.id, PASSWORD))
        yield House(box, keys, tmp_path)


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


@needs("msmtp")
@pytest.mark.parametrize("way", WAYS)
def test_msmtp(house: House, way: str) -> None:
    config = house.home / ".msmtprc"
    config.write_text(
        "defaults\nauth on\ntls on\n"
        f"tls_trust_file {house.keys.authority}\n"
        f"account box\nhost localhost\nport {house.port(way)}\n"
        f"from anna@box.test\nuser anna\npassword {PASSWORD}\n"
        + ("tls_starttls off\n" if way == "submissions" else "")
        + "account default : box\n"
    )
    config.chmod(0o600)
    mail = f"Subject: by msmtp\n\n{TEXT}"
    house.run("msmtp", "bob@box.test", "x@elsewhere.test", said=mail)
    assert house.arrived(elsewhere=True).endswith(TEXT.replace("\n", "\r\n").encode())


@needs("s-nail")
@pytest.mark.parametrize("way", WAYS)
def test_s_nail(house: House, way: str) -> None:
    config = house.home / ".mailrc"
    scheme = "smtp" if way == "submission" else "smtps"
    secret = PASSWORD.replace(" ", "%20")
    config.write_text(
        "set v15-compat ttycharset=utf-8 sendcharsets=utf-8 smtp-auth=plain\n"
        f"set mta={scheme}://anna:{secret}@localhost:{house.port(way)} smtp-use-starttls\n"
        f"set tls-ca-file={house.keys.authority} tls-verify=strict from=anna@box.test\n"
    )
    house.run("s-nail", "-:u", "-Sexpandaddr", "-s", "Grüße", "bob@box.test", said=TEXT)
    assert house.arrived() and house.box.inbox("bob")[0].subject == "Grüße"


@needs("mutt")
@pytest.mark.parametrize("way", WAYS)
def test_mutt(house: House, way: str) -> None:
    config = house.home / ".muttrc"
    scheme = "smtp" if way == "submission" else "smtps"
    config.write_text(
        f'set from="anna@box.test"\nset smtp_url="{scheme}://anna@localhost:{house.port(way)}/"\n'
        f'set smtp_pass="{PASSWORD}"\nset certificate_file="{house.keys.authority}"\n'
        "set record=\n"
    )
    house.run("mutt", "-s", "by mutt", "bob@box.test", said=TEXT)
    assert house.arrived() and house.box.inbox("bob")[0].subject == "by mutt"


@needs("swaks")
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("way", WAYS)
def test_swaks(house: House, way: str, mechanism: str) -> None:
    tls = "--tls" if way == "submission" else "--tls-on-connect"
    said = house.run(
        *("swaks", "--server", "localhost", "--port", str(house.port(way)), tls),
        *("--tls-verify", "--tls-ca-path", str(house.keys.authority)),
        *("--auth", mechanism, "--auth-user", "anna", "--auth-password", PASSWORD),
        *("--from", "anna@box.test", "--to", "bob@box.test,x@elsewhere.test"),
    )
    assert "235 2.7.0" in said and house.arrived(elsewhere=True)


@needs("curl")
@pytest.mark.parametrize("way", WAYS)
def test_curl(house: House, way: str) -> None:
    mail = house.home / "mail.txt"
    mail.write_text(f"Subject: by curl\n\n{TEXT}")
    scheme = "smtp" if way == "submission" else "smtps"
    house.run(
        *("curl", "--silent", "--show-error", "--ssl-reqd", "--crlf"),
        *("--cacert", str(house.keys.authority), "--user", f"anna:{PASSWORD}"),
        *("--mail-from", "anna@box.test", "--mail-rcpt", "bob@box.test"),
        *("--upload-file", str(mail), f"{scheme}://localhost:{house.port(way)}"),
    )
    assert house.arrived().endswith(TEXT.replace("\n", "\r\n").encode())


@needs("openssl")
@pytest.mark.parametrize(("way", "version"), [(way, v) for way in WAYS for v in ("1_2", "1_3")])
def test_openssl_finds_a_good_certificate(house: House, way: str, version: str) -> None:
    starttls = ("-starttls", "smtp") if way == "submission" else ()
    said = house.run(
        *("openssl", "s_client", "-connect", f"localhost:{house.port(way)}", *starttls),
        *("-CAfile", str(house.keys.authority), "-verify_return_error", f"-tls{version}"),
        *("-verify_hostname", "localhost", "-crlf", "-quiet"),
        said="EHLO c\nQUIT\n",
    )
    assert "AUTH PLAIN LOGIN" in said and "221 2.0.0" in said


@needs("openssl")
def test_tls_before_1_2_is_refused(house: House) -> None:
    said = house.run(
        *("openssl", "s_client", "-connect", f"localhost:{house.port('submissions')}"),
        *("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"),
        code=1,
    )
    assert "alert" in said or "unsupported protocol" in said
