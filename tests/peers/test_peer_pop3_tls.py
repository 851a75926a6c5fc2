"""Mail programs fetch and delete over TLS, configured as each one's own manual begins.

The box's certificate is its own authority's, and that authority is made known as the manual says;
nothing else is set. No password is taken in plain text here, so whoever fetches has used TLS.
"""

import os
import poplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.pop3_house import EntryState, Pop3House, pop3_house
from tests.kit.terminal import Terminal

PASSWORD = "hphq-uxbj-kce5"
BODIES = [b"first words", b"..\r\n.dots at the beginning", b"last words " * 9_000]
WITHIN_S = 60


def message(number: int, body: bytes) -> bytes:
    head = (
        b"From: Marta <marta@example.com>\r\nTo: anna@box.test\r\nSubject: number %d\r\n"
        b"Date: Fri, 27 Nov 2026 12:00:0%d +0000\r\nMessage-ID: <%d@example.com>\r\n\r\n"
    )
    return head % (number, number, number) + b"\r\n".join(wrapped(body)) + b"\r\n"


def wrapped(body: bytes) -> Iterator[bytes]:
    """Lines of at most 60 octets, as people send them."""
    for line in body.split(b"\r\n"):
        yield from (line[start : start + 60] for start in range(0, len(line), 60))


@dataclass
class Peer:
    """A place for one mail program: its home, and the box that it fetches from."""

    house: Pop3House
    home: Path
    keys: BoxKeys
    anna: int

    def run(self, *command: str, said: str = "") -> str:
        """Run a program; it must succeed. Its output."""
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.environment(),
            input=said.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=WITHIN_S,
        )
        text = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{command[0]}: exit code {done.returncode}: {text}"
        return text

    def environment(self) -> dict[str, str]:
        """What a program sees; s-nail looks for its settings in the home of the real user."""
        ours = {"HOME": str(self.home), "MAILRC": str(self.home / ".mailrc"), "LANG": "C.UTF-8"}
        return {"PATH": os.environ["PATH"], **ours}

    def screen(self, *command: str, **variables: str) -> Terminal:
        """A program that wants a terminal."""
        return Terminal(*command, cwd=self.home, env={**self.environment(), **variables})

    def write(self, name: str, text: str) -> Path:
        """A file of the program's in its home, which nobody else may read."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    def check(self, got: bytes) -> None:
        """All messages have been fetched into these octets, and are gone from the box."""
        lines = got.replace(b"\r\n", b"\n")
        for number, body in enumerate(BODIES, 1):
            assert b"Subject: number %d\n" % number in lines
            assert b"\n" + b"\n".join(wrapped(body)) in lines, f"body {number} is not whole"
        assert self.house.inbox(self.anna) == []


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def peer(tmp_path: Path, keys: BoxKeys) -> Iterator[Peer]:
    home = tmp_path / "home"
    home.mkdir()
    with pop3_house(tmp_path / "store", keys, plain=()) as house:
        anna = house.add("anna", "201", password=PASSWORD)
        for number, body in enumerate(BODIES, 1):
            house.deliver(anna, message(number, body))
        yield Peer(house, home, keys, anna)


def folder(path: Path) -> bytes:
    """All files of a Maildir."""
    return b"\n".join(file.read_bytes() for file in sorted(path.glob("new/*")))


def maildir(path: Path) -> Path:
    for part in ("cur", "new", "tmp"):
        (path / part).mkdir(parents=True)
    return path


# ---- programs that fetch


def fetchmail(peer: Peer, server: str = "", user: str = "") -> tuple[str, ...]:
    """Its command, with settings of one server; words for the server's and the user's part."""
    port = peer.house.tls_port if "ssl" in user.split() else peer.house.port
    settings = peer.write(
        ".fetchmailrc",
        f"poll localhost protocol pop3 service {port} {server}\n"
        f'  user "anna" password "{PASSWORD}" {user}\n'
        f'  mda "cat >> {peer.home}/mail"\n',
    )
    quiet = ("--nosyslog", "--pidfile", str(peer.home / "pid"))
    return ("fetchmail", "-f", str(settings), *quiet)


@pytest.mark.parametrize("ssl", ["", "ssl"])
def test_fetchmail(peer: Peer, ssl: str) -> None:
    """[README.SSL, "Quickstart"; manual, "sslcertfile"]"""
    peer.run(*fetchmail(peer, user=f'{ssl} sslcertfile "{peer.keys.authority}"'))
    peer.check((peer.home / "mail").read_bytes())


def test_what_fetchmail_leaves_on_the_server_counts_as_fetched(peer: Peer) -> None:
    """It reads by TOP there [manual, "keep", "uidl"]; the second time it has all it wants."""
    peer.house.change(peer.anna, fetched_is_heard=True)
    command = fetchmail(peer, "uidl", f'keep sslcertfile "{peer.keys.authority}"')
    peer.run(*command)
    assert [entry.state for entry in peer.house.inbox(peer.anna)] == [EntryState.HEARD] * 3
    got = (peer.home / "mail").read_bytes()
    again = subprocess.run(command, env=peer.environment(), capture_output=True, timeout=WITHIN_S)
    assert again.returncode == 1, "1 is its word for no new mail"
    assert (peer.home / "mail").read_bytes() == got


def test_a_program_that_does_not_know_the_authority_sends_no_password(
    peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """So the other tests tell something: fetchmail as it comes checks, and goes no further."""
    with caplog.at_level("INFO", "app.net"):
        done = subprocess.run(
            fetchmail(peer), env=peer.environment(), capture_output=True, timeout=WITHIN_S
        )
        peer.house.await_connections(0)
    assert done.returncode == 2 and b"ertificate" in done.stderr + done.stdout
    assert "the client does not know this box's certificate authority" in caplog.text
    assert "login" not in caplog.text


@pytest.mark.parametrize("starttls", ["on", "off"])
def test_mpop(peer: Peer, starttls: str) -> None:
    """[manual, "Examples"]"""
    port = peer.house.port if starttls == "on" else peer.house.tls_port
    home = maildir(peer.home / "Mail")
    peer.write(
        ".mpoprc",
        f"defaults\ntls on\ntls_starttls {starttls}\ntls_trust_file {peer.keys.authority}\n"
        f"delivery maildir {home}\n"
        f"account default\nhost localhost\nport {port}\nuser anna\npassword {PASSWORD}\nkeep off\n",
    )
    peer.run("mpop")
    peer.check(folder(home))


def test_getmail(peer: Peer) -> None:
    """[getmailrc-examples, 2; configuration, "SimplePOP3SSLRetriever"] It knows no STLS.

    It delivers into no mailbox when root runs it, as continuous integration does: hence tee.
    """
    peer.write(
        ".config/getmail/getmailrc",
        "[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\n"
        f"port = {peer.house.tls_port}\nusername = anna\npassword = {PASSWORD}\n"
        f"ca_certs = {peer.keys.authority}\n"
        '[destination]\ntype = MDA_external\npath = /usr/bin/tee\narguments = ("-a", "mail")\n'
        "allow_root_commands = true\n[options]\ndelete = true\n",
    )
    peer.run("getmail")
    peer.check((peer.home / "mail").read_bytes())


@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_curl(peer: Peer, scheme: str) -> None:
    """[manual, --ssl-reqd, --cacert]"""
    port = peer.house.port if scheme == "pop3" else peer.house.tls_port
    box = f"{scheme}://localhost:{port}/"
    curl = ("curl", "-sS", "--ssl-reqd", "--cacert", str(peer.keys.authority))
    login = (*curl, "--user", f"anna:{PASSWORD}")
    got = "".join(peer.run(*login, f"{box}{number}") for number in (1, 2, 3))
    for _ in BODIES:
        peer.run(*login, "--request", "DELE 1", "--head", box)
    peer.check(got.encode())


@pytest.mark.parametrize("scheme", ["pop3", "pop3s"])
def test_s_nail(peer: Peer, scheme: str) -> None:
    """[manual, "On URL syntax and credential lookup", "Encrypted network communication"]"""
    port = peer.house.port if scheme == "pop3" else peer.house.tls_port
    peer.write(
        ".mailrc",
        f"set v15-compat=yes\nset tls-ca-file={peer.keys.authority} tls-verify=strict\n"
        "set pop3-use-starttls\n",
    )
    peer.run(
        "s-nail",
        *("-f", f"{scheme}://anna:{PASSWORD}@localhost:{port}"),
        said=f"copy * {peer.home}/mail\ndelete *\nquit\n",
    )
    peer.check((peer.home / "mail").read_bytes())


# ---- programs that want a terminal


@pytest.mark.parametrize("scheme", ["pop", "pops"])
@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt(peer: Peer, program: str, scheme: str) -> None:
    """[manual, "POP3 Support"; "ssl_ca_certificates_file"]"""
    port = peer.house.port if scheme == "pop" else peer.house.tls_port
    spool = peer.write("mail", "")
    (peer.home / "Mail").mkdir()
    settings = peer.write(
        ".muttrc",
        f'set pop_host="{scheme}://anna@localhost:{port}/"\nset pop_pass="{PASSWORD}"\n'
        f'set pop_delete=yes\nset ssl_ca_certificates_file="{peer.keys.authority}"\n'
        f'set spoolfile="{spool}"\n',
    )
    with peer.screen(program, "-F", str(settings)) as screen:
        screen.await_text("q:Quit")
        screen.type("G")
        screen.await_text("number 3")
        screen.type("x")
        assert screen.await_end() == 0
    peer.check(spool.read_bytes())


@pytest.mark.parametrize("way", ["/pop3", "/pop3/ssl"])
def test_alpine(peer: Peer, way: str) -> None:
    """[alpine(1), "Folder names"] It asks OpenSSL's own store of authorities, hence the variable.

    Saving marks as deleted; that is also how its users fetch.
    """
    port = peer.house.port if way == "/pop3" else peer.house.tls_port
    settings = peer.write(
        ".pinerc",
        f"inbox-path={{localhost:{port}{way}/user=anna}}INBOX\nuser-domain=box.test\n"
        "last-version-used=6.26\n",
    )
    saved = peer.write("fetched", "")
    authority = {"SSL_CERT_FILE": str(peer.keys.authority)}
    with peer.screen("alpine", "-p", str(settings), "-i", **authority) as screen:
        for shown, keys in (
            ("PASSWORD", f"{PASSWORD}\r"),
            ("Preserve password.*Yes.*No", "n"),
            ("number 3", ";"),
            ("SELECT", "a"),  # all
            ("selected", "a"),  # apply to them
            ("APPLY", "s"),
            ("SAVE .* folder", f"{saved}\r"),
            ("Saving DONE|saved and deleted", "q"),
            ("Really quit.*Yes.*No", "y"),
            ("Expunge the 3 deleted messages", "y"),
        ):
            screen.await_text(shown)
            screen.type(keys)
        assert screen.await_end() == 0
    peer.check(saved.read_bytes())


# ---- tools


@pytest.mark.parametrize("starttls", [True, False])
def test_openssl(peer: Peer, starttls: bool) -> None:
    """[openssl-s_client(1), -starttls pop3]"""
    port = peer.house.port if starttls else peer.house.tls_port
    script = f"USER anna\nPASS {PASSWORD}\nRETR 1\nRETR 2\nRETR 3\nDELE 1\nDELE 2\nDELE 3\nQUIT\n"
    said = peer.run(
        *("openssl", "s_client", "-connect", f"localhost:{port}", "-servername", "localhost"),
        *(("-starttls", "pop3") if starttls else ()),
        *("-CAfile", str(peer.keys.authority), "-verify_hostname", "localhost"),
        *("-verify_return_error", "-quiet", "-crlf"),
        said=script,
    )
    assert "+OK bye, 3 messages removed" in said
    peer.check(said.replace("\r\n..", "\r\n.").encode())


@pytest.mark.parametrize("starttls", [True, False])
def test_poplib(peer: Peer, starttls: bool) -> None:
    context, house = peer.keys.client(), peer.house
    client: poplib.POP3
    if starttls:
        client = poplib.POP3("localhost", house.port, timeout=WITHIN_S)
        client.stls(context)
    else:
        client = poplib.POP3_SSL("localhost", house.tls_port, timeout=WITHIN_S, context=context)
    client.user("anna@box.test")
    client.pass_(PASSWORD)
    got = b"".join(line + b"\n" for n in (1, 2, 3) for line in client.retr(n)[1])
    for number in (1, 2, 3):
        client.dele(number)
    client.quit()
    peer.check(got)
