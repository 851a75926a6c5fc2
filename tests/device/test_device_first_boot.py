"""The first start of a device, as the boot scripts call it; and that a power cut only delays it."""

import re
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.core.process import run
from app.device import first_boot
from app.inbox.claim import Claim
from app.inbox.people import PinOrigin
from tests.kit.commands import Shell


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(tmp_path / "data", monkeypatch)
    device = PROJECT / "rootfs-overlay" / "etc" / "switchhook" / "settings.toml"
    monkeypatch.setenv("SWITCHHOOK_DEFAULTS", f"{device}:{shell.paths.etc / 'machine.toml'}")
    return shell


def boots(shell: Shell, *options: str) -> str:
    """A first boot; what is shown at the consoles."""
    text = shell.ok(" ".join(("device first-boot", *options)))
    first_boot.done(shell.paths).touch()
    return text


def secret(text: str, name: str) -> str:
    found = re.search(rf"{name}\s+(\S+)", text)
    assert found is not None, f"no {name} in {text!r}"
    return found[1]


def test_a_new_device_has_a_name_keys_an_administrator_and_a_claim_code(shell: Shell) -> None:
    text = boots(shell)
    host = first_boot.name_device(shell.paths)
    assert re.fullmatch(r"switchhook-[0-9a-f]{4}\.local", host)
    assert f"{host} is set up" in text
    paths = shell.paths
    for name in ("ca.key", "ca.crt", "server.key", "server.crt"):
        assert (paths.keys / name).stat().st_size > 0
    box = shell.inbox()
    admin = box.people.check_password("admin", secret(text, "password"))
    assert admin is not None and admin.admin
    assert (
        box.people.check_pin(admin.id, secret(text, "PIN"), PinOrigin("101")).result.value == "ok"
    )
    console, shadow = secret(text, "console"), (paths.etc / "shadow").read_text()
    assert opens(shadow, console) and console not in shadow


def opens(shadow: str, password: str) -> bool:
    """Whether busybox's login takes this password of the administrator."""
    stored = re.search(r"^admin:(\$6\$([^$]+)\$[^:]+):", shadow, re.MULTILINE)
    assert stored is not None
    made = run("openssl", "passwd", "-6", "-salt", stored[2], "-stdin", stdin=f"{password}\n")
    return made.strip() == stored[1]


def test_console_and_mail_have_passwords_of_their_own(shell: Shell) -> None:
    """The one for mail crosses the network; the one for the console is root's."""
    text = boots(shell)
    console, mail = secret(text, "console"), secret(text, "password")
    shadow = shell.paths.etc / "shadow"
    assert console != mail and not opens(shadow.read_text(), mail)
    assert shell.inbox().people.check_password("admin", console) is None

    newer = secret(shell.ok("people passwd admin"), "Password:")
    assert opens(shadow.read_text(), console), "a new password for mail has changed the console's"
    assert not opens(shadow.read_text(), newer)

    fresh = secret(shell.ok("device password"), "password for the console:")
    assert opens(shadow.read_text(), fresh) and not opens(shadow.read_text(), console)
    assert shell.inbox().people.check_password("admin", newer) is not None


def test_its_defaults_are_a_devices_and_its_settings_file_only_shows_them(shell: Shell) -> None:
    boots(shell)
    from app.config.paths import here

    settings = here().settings()
    assert (settings.mail.listen, settings.mail.pop3_port) == ("0.0.0.0", 110)
    assert settings.site.hostname == first_boot.name_device(shell.paths)
    assert settings.site.domains == (settings.site.hostname,)
    text = shell.paths.settings_file.read_text()
    assert "#pop3_port = 110" in text
    assert not re.search(r"^\w", text, flags=re.MULTILINE)


def test_the_code_is_claimed_once(shell: Shell) -> None:
    boots(shell)
    claim = Claim(shell.paths.database)
    code = claim.code
    assert code is not None
    wrong = str((int(code) + 1) % 10**8).zfill(8)
    assert "not the claim code" in shell.refused(f"device claim {wrong}")
    shadow = (shell.paths.etc / "shadow").read_text()
    password = secret(shell.ok(f"device claim {code}"), "password for mail:")
    assert (shell.paths.etc / "shadow").read_text() == shadow
    assert shell.inbox().people.check_password("admin", password) is not None
    assert claim.code is None
    shell.refused(f"device claim {code}")


def test_a_first_boot_cut_short_is_done_again_and_what_is_shown_then_is_true(shell: Shell) -> None:
    boots(shell)
    host = first_boot.name_device(shell.paths)
    authority = (shell.paths.keys / "ca.crt").read_bytes()
    first_boot.done(shell.paths).unlink()  # the power went before the mark
    again = boots(shell)
    assert f"{host} is set up" in again
    assert (shell.paths.keys / "ca.crt").read_bytes() == authority
    box = shell.inbox()
    assert [person.login for person in box.people.all()] == ["admin"]
    assert box.people.check_password("admin", secret(again, "password")) is not None


def test_two_devices_share_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    screens = []
    for name in ("one", "two"):
        screens.append(boots(Shell(tmp_path / name, monkeypatch)))
    for word in ("console", "password", "PIN"):
        assert secret(screens[0], word) != secret(screens[1], word)
    codes = {Claim(tmp_path / n / "store" / "inbox.db").code for n in ("one", "two")}
    assert len(codes) == 2


def test_settings_on_the_card_hold_from_the_first_boot_on(shell: Shell) -> None:
    card = shell.paths.var.parent / "switchhook.toml"
    card.write_text('[site]\nhostname = "pbx.local"\ncountry = "de"\n')
    assert "pbx.local is set up" in boots(shell, f"--card {card}")
    env = (shell.paths.etc / "device.env").read_text()
    assert "FULL_NAME=pbx.local\n" in env
    assert (shell.paths.keys / "server.names").read_text().startswith("pbx.local ")


def test_a_password_on_the_card_is_in_no_file_of_the_device(shell: Shell) -> None:
    card = shell.paths.var.parent / "switchhook.toml"
    text = '[outbound]\nsmarthost = "mail.isp.example"\nsmarthost_user = "anna"\n'
    card.write_text(f'{text}smarthost_password = "tin whistle"\n')
    boots(shell, f"--card {card}")
    assert shell.ok("settings get outbound.smarthost_password") == "…\n"
    shell.paths.settings_file.write_text(card.read_text())
    shell.ok("device apply")
    octets = [path.read_bytes() for path in shell.paths.var.rglob("*") if path.is_file()]
    assert any(b"mail.isp.example" in one for one in octets)
    assert not any(b"tin whistle" in one for one in octets)


def test_changed_settings_are_applied_with_a_certificate_for_the_new_name(shell: Shell) -> None:
    boots(shell)
    shell.paths.settings_file.write_text('[site]\nhostname = "desk.local"\n')
    shell.ok("device apply")
    assert "HOST_NAME=desk\n" in (shell.paths.etc / "device.env").read_text()
    assert (shell.paths.keys / "server.names").read_text().startswith("desk.local ")
    assert "certificate is good" in shell.ok("device certificates")


def test_certificate_is_made_where_no_folder_for_keys_is(shell: Shell) -> None:
    """The network has come up after a first boot that failed."""
    assert "a new certificate was made" in shell.ok("device certificates")
    assert "certificate is good" in shell.ok("device certificates")


def test_fixed_address_and_mdns_name_are_in_the_certificate(shell: Shell) -> None:
    boots(shell)
    shell.paths.settings_file.write_text(
        '[site]\nhostname = "pbx.example.org"\n[network]\naddress = "192.0.2.77/24"\n'
    )
    shell.ok("device apply")
    names = (shell.paths.keys / "server.names").read_text().split()
    assert names[:2] == ["pbx.example.org", "pbx.local"] and "192.0.2.77" in names


def test_host_name_of_200_characters_does_not_stop_the_first_boot(shell: Shell) -> None:
    host = ".".join(("a" * 60, "b" * 60, "c" * 60, "example.org"))
    card = shell.paths.var.parent / "switchhook.toml"
    card.write_text(f'[site]\nhostname = "{host}"\n')
    assert f"{host} is set up" in boots(shell, f"--card {card}")
    assert host in (shell.paths.keys / "server.names").read_text()
