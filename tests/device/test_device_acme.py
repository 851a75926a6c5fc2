"""A certificate by ACME, signed by Let's Encrypt's Pebble after it has looked at our web pages."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config.settings import Settings
from app.core.clock import ManualClock, SystemClock
from app.core.errors import DeviceError
from app.device import given, pem
from app.device.acme import AcmeClient, AcmeFailed
from app.device.by_acme import PROBLEM, account_key, renew
from app.device.certify import certify, use_files
from app.pages_box import PagesBox
from tests.kit.acme import Authority, authority
from tests.kit.tasks import task_thread
from tests.kit.web import WebHouse, apart_here, serving, web_settings
from tests.kit.web_visitor import Visitor, furnish

HOST = "box.example.org"
DAY_S = 86_400


def with_acme(directory: str, **certificate: Any) -> Settings:
    """Settings of a public box that wants a certificate from there."""
    return Settings.model_validate(
        {
            "site": {"hostname": HOST},
            "certificate": {"acme_directory": directory, **certificate},
        }
    )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with serving(tmp_path_factory.mktemp("web") / "var", web_settings()) as house:
        yield house


@pytest.fixture(scope="module")
def pebble(house: WebHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("pebble") / "pebble", house.http) as pebble:
        yield pebble


@pytest.fixture
def client(house: WebHouse, pebble: Authority) -> AcmeClient:
    """What asks; it waits for nothing."""
    paths = house.paths
    return AcmeClient(
        pebble.directory, account_key(paths), paths.challenges, pebble.trusted, lambda _: None
    )


@pytest.fixture(autouse=True)
def own_again(house: WebHouse) -> Iterator[None]:
    """Each test begins with the box's own certificate."""
    yield
    given.remove(house.paths.keys)
    certify(house.paths, web_settings())


def test_certificate_is_signed_shown_at_once_and_leads_to_the_authority(
    house: WebHouse, pebble: Authority, client: AcmeClient, tmp_path: Path
) -> None:
    settings = with_acme(pebble.directory, names=["autoconfig.example.org"])
    assert renew(house.paths, settings, client) is True
    root, chain = tmp_path / "root.pem", house.paths.keys / "server.crt"
    root.write_bytes(pebble.root)
    done = subprocess.run(
        ["openssl", "verify", "-CAfile", root, "-untrusted", chain, "-purpose", "sslserver",
         "-verify_hostname", HOST, chain],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(pem.names(given.read(house.paths.keys).certificate)) == {
        HOST, "autoconfig.example.org",
    }  # fmt: skip
    shown = ssl.get_server_certificate(("127.0.0.1", house.https))
    assert chain.read_text().startswith(shown)
    assert "certificate authority of its own" not in house.ask("/setup").text
    assert list(house.paths.challenges.iterdir()) == []


def test_certificate_is_left_alone_until_a_third_of_its_time_is_left(
    house: WebHouse, pebble: Authority, client: AcmeClient
) -> None:
    settings, clock = with_acme(pebble.directory), ManualClock(SystemClock().now())
    renew(house.paths, settings, client, clock)
    first = (house.paths.keys / "server.crt").read_bytes()
    begins, ends = pem.validity(given.read(house.paths.keys).certificate)
    clock.advance((ends - begins).total_seconds() * 2 / 3 - DAY_S)
    assert renew(house.paths, settings, client, clock) is False
    assert (house.paths.keys / "server.crt").read_bytes() == first
    clock.advance(2 * DAY_S)
    assert renew(house.paths, settings, client, clock) is True
    assert (house.paths.keys / "server.crt").read_bytes() != first


def test_another_name_means_another_certificate_under_the_same_account(
    house: WebHouse, pebble: Authority, client: AcmeClient
) -> None:
    account = (house.paths.keys / "acme.key").read_bytes()
    renew(house.paths, with_acme(pebble.directory), client)
    more = with_acme(pebble.directory, names=["mail.example.org"], acme_contact="a@example.org")
    assert renew(house.paths, more, client) is True
    assert pem.is_for(given.read(house.paths.keys).certificate, "mail.example.org")
    assert (house.paths.keys / "acme.key").read_bytes() == account


def test_box_that_the_authority_does_not_find_is_told_why_and_keeps_its_certificate(
    house: WebHouse, pebble: Authority, tmp_path: Path
) -> None:
    certify(house.paths, with_acme(pebble.directory))
    before = (house.paths.keys / "server.crt").read_bytes()
    elsewhere = AcmeClient(  # the pages do not look into this folder
        pebble.directory, account_key(house.paths), tmp_path, pebble.trusted, lambda _: None
    )
    with pytest.raises(AcmeFailed, match=rf"{HOST}: .*404") as refused:
        renew(house.paths, with_acme(pebble.directory), elsewhere)
    assert (house.paths.keys / "server.crt").read_bytes() == before
    assert (house.paths.keys / PROBLEM).read_text() == f"{refused.value}\n"
    assert list(tmp_path.iterdir()) == []


def test_what_went_wrong_is_forgotten_once_it_goes_well(
    house: WebHouse, pebble: Authority, client: AcmeClient
) -> None:
    (house.paths.keys / PROBLEM).write_text("it went wrong\n")
    renew(house.paths, with_acme(pebble.directory), client)
    assert not (house.paths.keys / PROBLEM).exists()


def test_box_signs_again_when_no_authority_is_named_any_more(
    house: WebHouse, pebble: Authority, client: AcmeClient
) -> None:
    renew(house.paths, with_acme(pebble.directory), client)
    assert renew(house.paths, with_acme("")) is True
    assert given.mark(house.paths.keys) is None
    assert house.ask("/setup/ca.crt").status == 200 and house.ask("/setup", tls=True).status == 200


@pytest.mark.parametrize(
    ("directory", "hostname", "told"),
    [
        ("https://127.0.0.1:9/dir", HOST, "127.0.0.1:9/dir cannot be reached"),
        ("https://127.0.0.1:9/dir", "box.local", "box.local is no public name"),
    ],
)
def test_authority_that_cannot_sign_is_told(
    house: WebHouse, directory: str, hostname: str, told: str
) -> None:
    settings = Settings.model_validate(
        {"site": {"hostname": hostname}, "certificate": {"acme_directory": directory}}
    )
    with pytest.raises(DeviceError, match=told):
        renew(house.paths, settings)
    assert house.ask("/setup", tls=True).status == 200


def test_authority_that_nobody_knows_is_not_asked(house: WebHouse, pebble: Authority) -> None:
    """Its own certificate is checked as any other's."""
    stranger = AcmeClient(pebble.directory, account_key(house.paths), house.paths.challenges)
    with pytest.raises(AcmeFailed, match="certificate verify failed"):
        stranger.obtain((HOST,), account_key(house.paths), "")


def test_files_are_refused_while_an_authority_is_named(house: WebHouse, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="comes by ACME"):
        use_files(house.paths, with_acme("https://a.test/dir"), [tmp_path / "x"])


def test_page_has_the_authority_sign_and_says_so_when_it_is_not_time_yet(
    house: WebHouse, pebble: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = house.paths.settings_file.read_text()
    certificate = f'\n[certificate]\nacme_directory = "{pebble.directory}"\n'
    house.paths.settings_file.write_text(before.replace("box.test", HOST, 1) + certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(pebble.ca))  # as an owner's system would trust it
    monkeypatch.setattr(PagesBox, "apart", apart_here)
    box = furnish(house, anna={"admin": True})
    try:
        with task_thread(house.paths):
            anna, page = Visitor(house).log_in("anna"), "/network/certificate"
            assert "Ask the authority now" in anna.get(page).text
            assert anna.post(f"{page}/own").status == 303
            shown = anna.get(page).text
            assert "A new certificate was made." in shown and "Pebble" in shown
            assert anna.post(f"{page}/own").status == 303
            assert "The certificate is good as it is." in anna.get(page).text
    finally:
        box.db.close()
        house.paths.settings_file.write_text(before)
    served = ssl.get_server_certificate(("127.0.0.1", house.https))
    assert (house.paths.keys / "server.crt").read_text().startswith(served)
