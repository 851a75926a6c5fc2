"""The page that sets up mail programs and its files, as a browser and a camera see them."""

import plistlib
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app.config.store import InboxStore
from tests.kit.web import HOST, WebHouse, serving, web_settings


class Reading(HTMLParser):
    """The text of a page, and where its links and pictures lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "object", "embed")
        for name, value in attrs:
            assert not name.startswith("on") and name != "style"
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def unwrapped(house: WebHouse, profile: bytes, signer: Path) -> bytes:
    """What OpenSSL finds in a profile that the box's certificate has signed; that into `signer`."""
    ca = str(house.paths.keys / "ca.crt")
    words = ["cms", "-verify", "-inform", "DER", "-CAfile", ca, "-purpose", "any", "-binary"]
    found = subprocess.run(
        ["openssl", *words, "-signer", signer], input=profile, check=True, capture_output=True
    )
    return found.stdout


def test_page_tells_everything_and_all_it_links_to_is_there(house: WebHouse) -> None:
    page = Reading(house.ask("/setup").text)
    assert f"Mail and voicemail of {HOST}" in page.text
    assert "Leave messages on the server for 14 days" in page.text
    assert len(page.addresses) >= 5
    assert "/login" in page.addresses, "whoever opens the box's address comes here first"
    for address in page.addresses:
        assert address.startswith("/") and not address.startswith("//"), "nothing from elsewhere"
        assert house.ask(address).status == 200, address


def test_page_shows_the_settings_of_an_address(house: WebHouse, tmp_path: Path) -> None:
    page = Reading(house.ask("/setup?address=anna%2Bx%40example.org").text)
    assert "Your user name: anna+x@example.org" in page.text
    (profile,) = (a for a in page.addresses if "mobileconfig" in a)
    answer, signer = house.ask(profile), tmp_path / "signer.crt"
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    mail = plistlib.loads(unwrapped(house, answer.body, signer))["PayloadContent"][-1]
    assert mail["EmailAddress"] == "anna+x@example.org"
    assert signer.read_text() == (house.paths.keys / "server.crt").read_text()


def test_profile_of_a_box_without_a_certificate_comes_unsigned(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings()) as house:
        (house.paths.keys / "server.key").unlink()
        assert plistlib.loads(house.ask("/setup/apple.mobileconfig").body)["PayloadContent"]


@pytest.mark.parametrize(
    ("accepted", "said"),
    [
        ("es-MX, en;q=0.5", "Su nombre de usuario:"),
        ("ru", "Ваше имя пользователя:"),
        ("ja", "Your"),
    ],
)
def test_page_speaks_the_language_of_the_browser(house: WebHouse, accepted: str, said: str) -> None:
    page = house.ask("/setup?address=anna@box.test", headers={"accept-language": accepted})
    assert said in page.text


@pytest.mark.parametrize(
    "address", ["anna@elsewhere.test", "<script>alert(1)</script>", "x" * 9000]
)
def test_page_says_which_addresses_there_are(house: WebHouse, address: str) -> None:
    answer = house.ask("/setup?address=" + address.replace(" ", "%20"))
    page = Reading(answer.text)
    assert answer.status == 200 and "Addresses here end in: @box.test, @example.org" in page.text
    assert "Your user name:" not in page.text and len(answer.body) < 10_000


def test_nobody_learns_who_is_here(house: WebHouse, tmp_path: Path) -> None:
    """The pages are the same for a person as for nobody: they do not look into the store."""
    paths = ("/setup?address={}", "/setup/apple.mobileconfig?address={}",
             "/mail/config-v1.1.xml?emailaddress={}")  # fmt: skip
    for path in paths:
        answers = [house.ask(path.format(f"{name}@box.test")).body for name in ("anna", "nobody")]
        if "mobileconfig" in path:
            answers = [unwrapped(house, body, tmp_path / "signer.crt") for body in answers]
        bodies = {re.sub("anna|nobody", "x", body.decode()) for body in answers}
        bodies = {re.sub(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}", "id", body) for body in bodies}
        assert len(bodies) == 1
    assert not house.paths.database.exists()


def test_authority_is_the_one_that_signed_and_its_fingerprint_is_shown(
    house: WebHouse, tmp_path: Path
) -> None:
    answer = house.ask("/setup/ca.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    authority = tmp_path / "ca.crt"
    authority.write_bytes(answer.body)
    words: list[str | Path] = ["verify", "-CAfile", authority, house.paths.keys / "server.crt"]
    assert subprocess.run(["openssl", *words], check=False, capture_output=True).returncode == 0
    words = ["x509", "-in", authority, "-noout", "-fingerprint", "-sha256"]
    said = subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout
    assert said.strip().partition("=")[2] in house.ask("/setup").text.replace("<wbr>", "")


def test_page_of_a_box_whose_certificate_everybody_knows_has_no_authority(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings()) as house:
        (house.paths.keys / "server.given").write_text("")
        page = Reading(house.ask("/setup").text)
        assert "certificate authority" not in page.text and "/setup/ca.crt" not in page.addresses
        assert house.ask("/setup/ca.crt").status == 404
        profile = house.ask("/setup/apple.mobileconfig").body
        (mail,) = plistlib.loads(unwrapped(house, profile, tmp_path / "x"))["PayloadContent"]
        assert mail["PayloadType"] == "com.apple.mail.managed"


def bitmap(svg: bytes, path: Path, scale: int = 4) -> None:
    """Draw a QR code of one path of horizontal lines (M, m, h) as a picture [pbm(5)]."""
    drawing = next(e.get("d") or "" for e in ElementTree.fromstring(svg).iter() if e.get("stroke"))
    size = int(re.search(rb"M0 0h(\d+)v", svg)[1])  # type: ignore[index]
    dots = [[0] * size for _ in range(size)]
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", drawing):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        if command == "h":
            for column in range(int(x), int(x + values[0])):
                dots[int(y)][column] = 1
            x += values[0]
        elif command == "M":
            x, y = values
        else:
            x, y = x + values[0], y + values[1]
    rows = [" ".join(str(dot) for dot in row for _ in range(scale)) for row in dots]
    lines = [row for row in rows for _ in range(scale)]
    path.write_text(f"P1\n{size * scale} {size * scale}\n" + "\n".join(lines) + "\n")


def test_camera_reads_the_code_and_comes_to_the_page(house: WebHouse, tmp_path: Path) -> None:
    picture = tmp_path / "code.pbm"
    bitmap(house.ask("/setup/qr.svg").body, picture)
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", picture], check=True, capture_output=True, text=True
    )
    link = done.stdout.strip()
    assert link == f"http://127.0.0.1:{house.http}/setup"
    assert link in house.ask("/setup").text


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("BOX.test:80", "box.test"),
        ("box.local", "127.0.0.1"),
        ("evil.test", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_link_for_others_is_of_this_box_whatever_the_request_says(
    house: WebHouse, host: str, shown: str
) -> None:
    text = house.ask("/setup", headers={"Host": host}).text
    assert f"http://{shown}:{house.http}/setup" in text and "evil" not in text


# ---- what programs ask for


@pytest.mark.parametrize(
    "path", ["/mail/config-v1.1.xml", "/.well-known/autoconfig/mail/config-v1.1.xml"]
)
def test_autoconfig_is_served_for_our_domains(house: WebHouse, path: str) -> None:
    answer = house.ask(f"{path}?emailaddress=anna%40example.org")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(answer.body)
    assert root.findtext("emailProvider/incomingServer/hostname") == HOST
    assert house.ask(path).body == answer.body
    assert house.ask(f"{path}?emailaddress=anna%40elsewhere.test").status == 404


@pytest.mark.parametrize(
    "path", ["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"]
)
def test_autodiscover_is_answered_by_tls_and_elsewhere_sent_there(
    house: WebHouse, path: str
) -> None:
    answer = house.ask(path, "POST", b"<rubbish", tls=True)
    assert answer.status == 200 and b"<ErrorCode>600</ErrorCode>" in answer.body
    assert answer.headers["content-type"].startswith("text/xml")
    assert b"<ErrorCode>600</ErrorCode>" in house.ask(path, tls=True).body
    sent_on = house.ask(path)
    assert sent_on.status == 302
    assert (
        sent_on.headers["location"] == f"https://{HOST}:{house.https}/autodiscover/autodiscover.xml"
    )


@pytest.mark.parametrize("token", ["..", "a.b", "%2e%2e%2fserver.key", "x" * 129, "absent"])
def test_challenge_is_given_only_for_a_token_that_is_there(house: WebHouse, token: str) -> None:
    house.paths.challenges.mkdir(exist_ok=True)
    (house.paths.challenges / "toke-n_1").write_bytes(b"toke-n_1.thumbprint")
    (house.paths.challenges / "a.b").write_bytes(b"half written")
    answer = house.ask("/.well-known/acme-challenge/toke-n_1")
    assert (answer.status, answer.body) == (200, b"toke-n_1.thumbprint")
    assert house.ask(f"/.well-known/acme-challenge/{token}").status == 404


def test_where_a_mail_system_serves_mail_the_page_says_so_and_no_file_does(tmp_path: Path) -> None:
    store = InboxStore(kind="imap", server="imap.example.org", user="box")
    with serving(tmp_path, web_settings().model_copy(update={"store": store})) as house:
        page = Reading(house.ask("/setup").text)
        assert "on the mail system imap.example.org" in page.text and "POP3" not in page.text
        for address in ("/setup/apple.mobileconfig", "/mail/config-v1.1.xml"):
            assert house.ask(address).status == 404
