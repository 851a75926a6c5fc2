"""First boot, and what follows from the settings: `python -m app device first-boot`, `apply`, …"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.errors import OURS, reports_errors
from app.config.paths import PROJECT, Paths, here
from app.core.subprocess_call import beside
from app.core.units import MB

if TYPE_CHECKING:
    from app.appliance import Inbox
    from app.config.settings import Settings

BOARDS = PROJECT / "board"


@click.command("first-boot")
@click.option("--card", type=click.Path(path_type=Path), help="Settings file on the card.")
@reports_errors
def first_boot(card: Path | None) -> None:
    """Name, keys, administrator, claim code; prints what is to be shown once.

    Whoever has shown it marks the end of the first boot: etc/installed.
    """
    from app.appliance import open_inbox
    from app.config.services import prepare
    from app.device import boot_env, first_boot, permissions

    paths = here()
    permissions.may_share()
    permissions.share(paths)
    paths.make()
    first_boot.name_device(paths)
    if card is not None:
        boot_env.take_card_file(paths, card, BOARDS)
    settings = _settings(paths)
    host, quota = settings.site.hostname, settings.keeping.quota_mb * MB
    prepared = beside(lambda: prepare(paths, settings), OURS)
    certified = beside(lambda: _certify(paths, settings), OURS)
    box = open_inbox(paths, settings)
    fresh = first_boot.create_admin(paths, box.db, box.people, host, quota)
    box.db.close()
    prepared()
    certified()
    permissions.share(paths)
    os.sync()  # files without a sync of their own must not be empty after a power cut
    click.echo(first_boot.welcome(fresh))


@click.command("apply")
@click.option("--card", type=click.Path(path_type=Path), help="Settings file on the card.")
@reports_errors
def apply(card: Path | None) -> None:
    """Check the settings and write what the boot scripts need of them."""
    from app.config.services import prepare
    from app.device import boot_env, permissions
    from app.device.first_boot import done

    paths = here()
    permissions.may_share()
    if card is not None:
        boot_env.take_card_file(paths, card, BOARDS)
    settings = _settings(paths)
    prepared = beside(lambda: prepare(paths, settings), OURS)
    if done(paths).exists():
        _certify(paths, settings)
    prepared()
    permissions.share(paths)
    os.sync()


def _settings(paths: Paths) -> "Settings":
    """Usable settings, and what boot scripts need of them."""
    from app.config.settings import annotated
    from app.device import boot_env
    from drivers.board_spec import load_board

    settings = boot_env.usable(paths, BOARDS)
    if not paths.settings_file.exists():
        paths.settings_file.write_text(annotated(settings))
    board = load_board(BOARDS / settings.phone.board / "board.toml")
    button = "" if board.reset_button is None else str(board.reset_button)
    values = {**boot_env.device_env(settings), "RESET_BUTTON": button}
    boot_env.write_env(paths.etc / "device.env", values)
    return settings


def _certify(paths: Paths, settings: "Settings") -> bool:
    """The server's certificate for the names and addresses of now; True if it was made anew."""
    from app.core.own_addresses import own_addresses
    from app.device import certificates

    host, fixed = settings.site.hostname, settings.network.address.partition("/")[0]
    names = (host, f"{host.partition('.')[0]}.local")  # mDNS announces the second one
    addresses = own_addresses() + ((fixed,) if fixed else ())
    return certificates.ensure(paths.keys, names, addresses)


@click.command("certificates")
@reports_errors
def certificates() -> None:
    """Make the server's certificate anew if its end is near, or name or addresses have changed."""
    from app.device import permissions

    paths = here()
    permissions.may_share()
    permissions.share(paths)  # a first boot that failed has left no folder for keys
    made = _certify(paths, paths.settings())
    permissions.share(paths)
    click.echo("a new certificate was made" if made else "the certificate is good")


@click.command("claim")
@click.argument("code")
@reports_errors
def claim(code: str) -> None:
    """Become the administrator of a new box with the CODE that a handset hears at *0#."""
    from app.commands.common import inbox
    from app.inbox.claim import Claim

    box = inbox()
    if not Claim(box.db.path).fits(code):
        raise click.ClickException("this is not the claim code, or the box has its administrator")
    _new_password(box)
    Claim(box.db.path).close()


@click.command("password")
@reports_errors
def password() -> None:
    """A fresh password for the administrator, at the console and in mail, shown once."""
    from app.commands.common import inbox

    _new_password(inbox())


def _new_password(box: "Inbox") -> None:
    from app.commands.common import me
    from app.device import first_boot, identity
    from app.inbox.people import new_password

    admin = box.people.by_login(first_boot.LOGIN) or box.people.first_admin()
    if admin is None:
        raise click.ClickException("there is nobody here yet; `people add` adds somebody")
    fresh = new_password()
    box.db.now(lambda tx: box.people.set_password(tx, admin.id, fresh, by=me()))
    shadow = here().etc / "shadow"
    if shadow.exists():
        identity.write_shadow(shadow, fresh)
    click.echo(f"{admin.login}   password: {fresh}   (not shown again)")
