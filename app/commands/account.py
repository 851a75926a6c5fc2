"""`python -m app people account …`: mail that people have elsewhere, and that is fetched here."""

import hashlib
import poplib
import ssl
from pathlib import Path
from typing import Any

import click

from app.commands.common import actor, inbox, when
from app.commands.errors import reports_errors
from app.commands.output import Listing, say
from app.core.errors import SwitchhookError
from app.inbox.fetch_accounts import FetchAccount, Tls
from app.operations import accounts as operations
from app.operations.accounts import NewAccount

MODES = click.Choice([mode.value for mode in Tls])
EVER = "ever"
CONNECT_S = 30.0


def _days(context: click.Context, option: click.Parameter, value: str | None) -> int | None:
    """A number of days; -1 stands for ever, None for nothing said."""
    if value is None or value == EVER:
        return None if value is None else -1
    if not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither a number of days nor {EVER!r}")
    return int(value)


@click.group()
def account() -> None:
    """POP3 accounts elsewhere, whose mail is fetched into people's inboxes."""


@account.command("add")
@click.argument("login")
@click.argument("server")
@click.argument("user")
@click.option("--tls", type=MODES, default=Tls.IMPLICIT.value, show_default=True)
@click.option("--port", type=int, help="Default: 995, or 110 without implicit TLS.")
@click.option("--every", "minutes", type=float, default=5.0, show_default=True, metavar="MINUTES")
@click.option(
    "--keep",
    callback=_days,
    default=EVER,
    show_default=True,
    help="Days until a fetched message is deleted there; 0: at once.",
)
@click.option("--fingerprint", default="", help="SHA-256 of the one certificate to accept.")
@click.option("--password-file", type=click.Path(path_type=Path), help="Its first line.")
@reports_errors
def add(
    login: str,
    server: str,
    user: str,
    tls: str,
    port: int | None,
    minutes: float,
    keep: int,
    fingerprint: str,
    password_file: Path | None,
) -> None:
    """Fetch the mail of USER at SERVER into the inbox of LOGIN; asks for the password."""
    box = inbox()
    operations.list_accounts(box, actor(), login)  # whether LOGIN is there, before asking
    new = NewAccount(
        server,
        user,
        asked_password(password_file),
        Tls(tls),
        port,
        minutes * 60,
        None if keep < 0 else keep,
        fingerprint,
    )
    made = operations.add_account(box, actor(), login, new)
    say(f"The mail of {made.place} is fetched for {login}, from now on (account {made.id}).")
    if made.tls is Tls.NONE:
        say("Without TLS everybody on the way can read the password and the mail.")


@account.command("list")
@click.argument("login", required=False)
@reports_errors
def list_(login: str | None) -> None:
    """The accounts, of LOGIN or of all, with how the last visit went."""
    table = Listing("id", "login", "user and server", "TLS", "every", "keeps", "last", "problem")
    for line in operations.list_accounts(inbox(), actor(), login):
        one = line.account
        table.row(
            str(one.id),
            line.login,
            f"{one.place}:{one.port}",
            f"{one.tls.value}, pinned" if one.fingerprint else one.tls.value,
            f"{one.poll_s / 60:g} min",
            EVER if one.keep_days is None else f"{one.keep_days} d",
            "-" if one.ok_at is None else when(one.ok_at),
            one.error or "-",
        )
    table.show()


@account.command("change")
@click.argument("number", type=int)
@click.option("--server")
@click.option("--user")
@click.option("--tls", type=MODES)
@click.option("--port", type=int)
@click.option("--every", "minutes", type=float, metavar="MINUTES")
@click.option("--keep", callback=_days, help="Days, or ever.")
@click.option("--fingerprint", help="SHA-256 of a certificate; empty: what authorities say.")
@click.option("--password", "ask", is_flag=True, help="Ask for a new password.")
@click.option("--password-file", type=click.Path(path_type=Path))
@reports_errors
def change(
    number: int,
    minutes: float | None,
    keep: int | None,
    ask: bool,
    password_file: Path | None,
    **named: Any,
) -> None:
    """Change what is named of account NUMBER; its mail is then fetched at once."""
    fields = {field: value for field, value in named.items() if value is not None}
    if minutes is not None:
        fields["poll_s"] = minutes * 60
    if keep is not None:
        fields["keep_days"] = None if keep < 0 else keep
    password = asked_password(password_file) if ask or password_file is not None else None
    changed = operations.change_account(inbox(), actor(), number, fields, password)
    say(f"account {changed.id} ({changed.place}) is changed")


@account.command("remove")
@click.argument("number", type=int)
@reports_errors
def remove(number: int) -> None:
    """Fetch from account NUMBER no more; all that was fetched stays."""
    gone = operations.remove_account(inbox(), actor(), number)
    say(f"account {gone.id} ({gone.place}) is removed")


@account.command("fetch")
@click.argument("number", type=int)
@reports_errors
def fetch(number: int) -> None:
    """Fetch from account NUMBER now."""
    found = operations.fetch_now(inbox(), actor(), number)
    say(f"The mail of {found.place} is fetched now; `people account list` tells how it went.")


@account.command("certificate")
@click.argument("number", type=int)
@click.option("--pin", is_flag=True, help="Accept this certificate from now on, and no other.")
@reports_errors
def certificate(number: int, pin: bool) -> None:
    """Show the fingerprint of the certificate that the server of account NUMBER has now.

    Compare it with what the owner of that server tells you, before you accept it with --pin.
    """
    box = inbox()
    found = operations.find_account(box, actor(), number)
    fingerprint = _fingerprint(found)
    say(f"{found.server}: SHA-256 {fingerprint}")
    if pin:
        operations.change_account(box, actor(), number, {"fingerprint": fingerprint})
        say("This certificate is accepted from now on, and no other.")


def asked_password(file: Path | None) -> str:
    """The password of an account elsewhere: asked for, or a file's first line.

    Raises SwitchhookError if the file cannot be read.
    """
    if file is None:
        return str(click.prompt("Password there", hide_input=True))
    try:
        return file.read_text().split("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as problem:
        raise SwitchhookError(f"the password cannot be read from {file}: {problem}") from problem


def _fingerprint(account: FetchAccount) -> str:
    """Of the server's certificate, whoever has signed it. Raises SwitchhookError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    where = (account.server, account.port)
    try:
        if account.tls is Tls.IMPLICIT:
            client: poplib.POP3 = poplib.POP3_SSL(*where, timeout=CONNECT_S, context=context)
        else:
            client = poplib.POP3(*where, timeout=CONNECT_S)
            client.stls(context)
        with client.sock as sock:
            assert isinstance(sock, ssl.SSLSocket)
            return hashlib.sha256(sock.getpeercert(True) or b"").hexdigest()
    except (OSError, poplib.error_proto) as problem:
        raise SwitchhookError(f"{account.server} shows no certificate: {problem}") from problem
