"""First boot, and what follows from the settings: `python -m app device first-boot`, `apply`, …"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.errors import OURS, reports_errors
from app.commands.output import say, say_text
from app.config.paths import PROJECT, Paths, here
from app.core.subprocess_call import beside

if TYPE_CHECKING:
    from app.config.settings import Settings

BOARDS = PROJECT / "board"


@click.command("first-boot")
@click.option("--card", type=click.Path(path_type=Path), help="Settings file on the card.")
@reports_errors
def first_boot(card: Path | None) -> None:
    """Name, keys, administrator, claim code; prints what is to be shown once.

    Whoever has shown it marks the end of the first boot: etc/installed.
    """
    from app.appliance import open_or_make
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
    _take_in(paths)
    prepared = beside(lambda: prepare(paths, settings), OURS)
    certified = beside(lambda: _certify(paths, settings), OURS)
    box = open_or_make(paths, settings, None)
    fresh = first_boot.create_admin(paths, box.db, box.people, settings.site.hostname)
    box.db.close()
    prepared()
    certified()
    permissions.share(paths)
    os.sync()  # files without a sync of their own must not be empty after a power cut
    say_text(first_boot.welcome(fresh))


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
    _take_in(paths)
    prepared = beside(lambda: prepare(paths, settings), OURS)
    if done(paths).exists():
        _certify(paths, settings)
    prepared()
    permissions.share(paths)
    os.sync()


def _settings(paths: Paths) -> "Settings":
    """Usable settings, and what boot scripts need of them."""
    from app.config.annotated import annotated
    from app.core import files
    from app.device import boot_env
    from drivers.board_spec import load_board

    settings = boot_env.usable(paths, BOARDS)
    if not paths.settings_file.exists():
        files.write(paths.settings_file, annotated(settings))
    board = load_board(BOARDS / settings.phone.board / "board.toml")
    button = "" if board.reset_button is None else str(board.reset_button)
    values = {**boot_env.device_env(settings), "RESET_BUTTON": button}
    boot_env.write_env(paths.etc / "device.env", values)
    return settings


def _take_in(paths: Paths) -> None:
    """Passwords out of the settings file into the store, before services are told the settings."""
    from app.appliance import open_or_make
    from app.commands.common import actor
    from app.operations.kept_secrets import take_in

    take_in(actor(), paths, lambda paths, settings: open_or_make(paths, settings, None))


def _certify(paths: Paths, settings: "Settings") -> bool:
    """The server's certificate for the names and addresses of now; True if it was made anew."""
    from app.device.certify import certify

    return certify(paths, settings)


@click.command("certificates")
@reports_errors
def certificates() -> None:
    """Make the server's certificate anew if its end is near, or name or addresses have changed.

    By ACME, if the settings name an authority.
    """
    from app.device import permissions
    from app.device.by_acme import renew

    paths = here()
    permissions.may_share()
    permissions.share(paths)  # a first boot that failed has left no folder for keys
    try:
        made = renew(paths, paths.settings())
    finally:
        permissions.share(paths)
    say("a new certificate was made" if made else "the certificate is good")


@click.command("claim")
@click.argument("code")
@reports_errors
def claim(code: str) -> None:
    """Become the administrator of a new box with the CODE that a handset hears at *0#."""
    from app.commands.common import inbox, me
    from app.device import first_boot
    from app.inbox.claim import Claim
    from app.inbox.credentials import new_password

    box = inbox()
    if not Claim(box.db.path).fits(code):
        raise click.ClickException("this is not the claim code, or the box has its administrator")
    admin = box.people.by_login(first_boot.LOGIN) or box.people.first_admin()
    if admin is None:
        raise click.ClickException("there is nobody here yet; `people add` adds somebody")
    fresh = new_password()
    box.db.now(lambda tx: box.people.set_password(tx, admin.id, fresh, by=me()))
    Claim(box.db.path).close()
    say(f"{admin.login}   password for mail: {fresh}   (not shown again)")


@click.command("password")
@reports_errors
def password() -> None:
    """A fresh password for the console, shown once; the one for mail stays as it is.

    It is root's, so it is not the one that mail programs send through the network.
    """
    from app.device import first_boot, identity

    fresh = identity.new_console_password(here().etc / "shadow")
    say(f"{first_boot.LOGIN}   password for the console: {fresh}   (not shown again)")
