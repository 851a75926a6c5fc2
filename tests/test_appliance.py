"""Settings become what the services are told."""

from pathlib import Path

import pytest

from app.appliance import board_spec, has_box, mail_config, phone_config
from app.config.paths import Paths
from app.config.settings import Outbound, Phone, Settings, Site


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
