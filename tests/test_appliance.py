"""Settings become what the services are told."""

from pathlib import Path

import pytest

from app.appliance import account_key, board_spec, has_box, mail_config
from app.config.paths import Paths
from app.config.settings import Outbound, Phone, Settings, Site
from app.inbox.account_passwords import KEY, BoxAccount
from app.mail.outbound.client_session import Tls
from app.phone_plan import phone_config


@pytest.mark.parametrize(
    ("smarthost", "hop"),
    [
        ("", None),
        ("mail.example.org", ("mail.example.org", 25)),
        ("mail.example.org:587", ("mail.example.org", 587)),
        ("[2001:db8::1]", ("2001:db8::1", 25)),
        ("[2001:db8::1]:2525", ("2001:db8::1", 2525)),
    ],
)
def test_a_smarthost_has_a_port(
    tmp_path: Path, smarthost: str, hop: tuple[str, int] | None
) -> None:
    settings = Settings(outbound=Outbound(smarthost=smarthost))
    assert mail_config(Paths(tmp_path), settings).smarthost == hop


def test_the_key_of_rewritten_senders_is_made_once_and_is_private(tmp_path: Path) -> None:
    settings = Settings(outbound=Outbound(public_domain="example.org"))
    paths = Paths(tmp_path)
    first = mail_config(paths, settings).srs_secret
    assert len(first) == 32
    assert mail_config(paths, settings).srs_secret == first
    assert paths.srs_key.stat().st_mode & 0o777 == 0o600


def test_the_key_of_kept_passwords_is_made_once_and_is_private(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    first = account_key(paths)
    assert len(first) == KEY
    assert account_key(paths) == first
    assert paths.account_key.stat().st_mode & 0o777 == 0o600
    assert first.hex() not in str(mail_config(paths, Settings()))


def test_no_key_is_made_for_nothing(tmp_path: Path) -> None:
    assert mail_config(Paths(tmp_path), Settings()).srs_secret == b""
    assert not Paths(tmp_path).srs_key.exists()


def test_the_country_of_the_lines_is_the_settings(tmp_path: Path) -> None:
    settings = Settings(site=Site(country="de"), phone=Phone(ring_seconds=7))
    assert board_spec(settings).country == "de"
    config = phone_config(settings)
    assert (config.country, config.ring_seconds, config.no_answer_seconds) == ("de", 7, 7)


def test_only_the_virtual_board_is_made_of_python() -> None:
    assert has_box("virtual")
    assert not has_box("rpi")


@pytest.mark.parametrize(
    ("smarthost", "user", "tls", "meant"),
    [
        ("mail.isp.example", "", "auto", Tls.TRY),
        ("mail.isp.example:587", "anna", "auto", Tls.STARTTLS),
        ("mail.isp.example:465", "", "auto", Tls.IMPLICIT),
        ("mail.isp.example:465", "anna", "starttls", Tls.STARTTLS),
        ("192.168.1.9", "anna", "none", Tls.NONE),
    ],
)
def test_a_password_goes_to_the_smarthost_in_plain_text_only_where_the_settings_say_so(
    smarthost: str, user: str, tls: str, meant: Tls
) -> None:
    outbound = {"smarthost": smarthost, "smarthost_user": user, "smarthost_tls": tls}
    settings = Settings.model_validate({"outbound": outbound})
    config = mail_config(Paths(Path("/nonexistent")), settings)
    assert config.smarthost_tls is meant
    server = smarthost.partition(":")[0]
    kept = BoxAccount("smarthost", user, server) if user else None
    assert config.smarthost_account == kept


@pytest.mark.parametrize(
    ("smarthost", "protocol", "hop"),
    [
        ("store", "smtp", ("store", 25)),
        ("store", "lmtp", ("store", 24)),
        ("[::1]:2424", "lmtp", ("::1", 2424)),
    ],
)
def test_a_mail_store_is_spoken_to_by_lmtp_on_a_port_of_its_own(
    smarthost: str, protocol: str, hop: tuple[str, int]
) -> None:
    outbound = {"smarthost": smarthost, "smarthost_protocol": protocol}
    settings = Settings.model_validate({"outbound": outbound})
    config = mail_config(Paths(Path("/nonexistent")), settings)
    assert (config.smarthost, config.smarthost_lmtp) == (hop, protocol == "lmtp")
