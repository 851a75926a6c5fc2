"""`clients`, and what `people add` and `status` say of the page that sets up mail programs."""

from pathlib import Path

import dns.zone
import pytest

from app.config.paths import Paths
from app.config.settings import Settings
from app.operations.setup_page import setup_page, setup_pages
from tests.kit.commands import Shell

PAGE = "http://127.0.0.1:2080/setup"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "var", monkeypatch)


def test_newcomer_is_told_where_the_mail_program_is_set_up(shell: Shell) -> None:
    said = shell.ok("people add anna --name Anna --mailbox 201 --handset 101 --admin")
    assert said.endswith(f"Their mail program is set up by {PAGE}\n")
    told = f"\nmail programs are set up by {PAGE}"
    assert shell.ok("status").endswith(f"{told} (not now: the log of admin says why)\n")
    shell.paths.web_ports.write_text('{"host": "127.0.0.1", "http": 2080, "https": 2443}')
    assert shell.ok("status").endswith(f"{told}\n")


def test_page_is_shown_with_a_code_for_a_camera(shell: Shell) -> None:
    *code, address = shell.ok("clients page").splitlines()
    assert address == PAGE
    assert len(code) >= 13 and {len(line) for line in code} == {len(code[0])}
    assert set("".join(code)) <= set(" ▀▄█")


def test_records_can_be_put_into_a_zone(shell: Shell) -> None:
    paths = shell.paths
    paths.settings_file.write_text(
        '[site]\nhostname = "box.example.org"\ndomains = ["example.org", "box.test"]\n'
        '[certificate]\nnames = ["autoconfig.example.org"]\n'
    )
    said = shell.ok("clients records")
    for domain in ("example.org", "box.test"):
        lines = [line for line in said.splitlines() if f".{domain}. " in line]
        head = ["@ 1 IN SOA ns.test. a.test. 1 1 1 1 1", "@ 1 IN NS ns.test."]
        text = "\n".join(head + lines) + "\n"
        zone = dns.zone.from_text(text, origin=f"{domain}.", relativize=False)
        found = zone.find_rdataset(f"_pop3s._tcp.{domain}.", "SRV")
        assert [str(record) for record in found] == ["0 1 2995 box.example.org."]
    assert "not in the box's certificate: autoconfig.box.test." in said
    assert "name of the local network" not in said
    paths.settings_file.write_text("")
    assert "switchhook.local is a name of the local network" in shell.ok("clients records")


@pytest.mark.parametrize(
    ("listen", "port", "pages"),
    [
        ("127.0.0.1", 80, ["http://127.0.0.1/setup"]),
        ("192.0.2.7", 8080, ["http://192.0.2.7:8080/setup", "http://switchhook.local:8080/setup"]),
        ("2001:db8::1", 80, ["http://[2001:db8::1]/setup", "http://switchhook.local/setup"]),
    ],
)
def test_page_is_named_by_where_it_is_served(
    listen: str, port: int, pages: list[str], tmp_path: Path
) -> None:
    settings = Settings.model_validate({"web": {"listen": listen, "http_port": port}})
    assert setup_pages(Paths(tmp_path), settings) == pages


def test_page_of_a_box_that_listens_everywhere_is_named_by_an_address_of_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "app.operations.setup_page.own_addresses",
        lambda: ("127.0.0.1", "169.254.1.1", "192.0.2.7", "::1", "2001:db8::7"),
    )
    settings = Settings.model_validate({"web": {"listen": "0.0.0.0", "http_port": 80}})
    assert setup_pages(Paths(tmp_path), settings) == [
        "http://192.0.2.7/setup", "http://127.0.0.1/setup", "http://switchhook.local/setup",
    ]  # fmt: skip
    settings = Settings.model_validate({"web": {"listen": "::", "http_port": 80}})
    assert setup_pages(Paths(tmp_path), settings) == [
        "http://192.0.2.7/setup", "http://[2001:db8::7]/setup", "http://127.0.0.1/setup",
        "http://[::1]/setup", "http://switchhook.local/setup",
    ]  # fmt: skip


def test_page_has_the_port_that_is_really_listened_on(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    paths.make()
    paths.web_ports.write_text('{"host": "127.0.0.1", "http": 41234, "https": 41235}')
    assert setup_page(paths, Settings()) == "http://127.0.0.1:41234/setup"
