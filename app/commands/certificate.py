"""`python -m app device certificate …`: what the box shows to mail programs and browsers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.errors import reports_errors
from app.commands.output import say
from app.config.paths import Paths, here

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@click.group("certificate")
def certificate() -> None:
    """The certificate that the box shows: its own, one of yours, or one by ACME."""


@certificate.command("show")
@reports_errors
def show() -> None:
    """Who has signed it, for which names, until when; and the own authority's fingerprint."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    from app.device import given, pem

    keys = here().keys
    found = given.read(keys)
    _tell(found.certificate)
    if given.mark(keys) is None:
        authority = x509.load_pem_x509_certificate((keys / "ca.crt").read_bytes())
        _, ends = pem.validity(authority)
        say(
            f"The box's own authority signs until {ends:%Y-%m-%d}. Its fingerprint (SHA-256):",
            authority.fingerprint(SHA256()).hex(":").upper(),
        )


@certificate.command("use")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@reports_errors
def use(files: tuple[Path, ...]) -> None:
    """Show a certificate of yours, from FILES (PEM): its key, itself, and what it is signed by."""
    from app.device import permissions
    from app.device.certify import use_files

    paths = _prepared()
    found = use_files(paths, paths.settings(), files)
    permissions.share(paths)
    _tell(found.certificate)
    if len(found.chain) == 1:
        say(
            "No certificate of who has signed it was given. That is right if programs know them;"
            " else give the intermediate certificates, too.",
        )
    say("Mail and web pages show it from the next connection on. You renew it: `use` again.")


@certificate.command("own")
@reports_errors
def own() -> None:
    """Let the box's own authority sign again."""
    from app.device import given, permissions
    from app.device.certify import use_own

    paths = _prepared()
    use_own(paths, paths.settings())
    permissions.share(paths)
    _tell(given.read(paths.keys).certificate)


def _prepared() -> Paths:
    from app.device import permissions

    paths = here()
    permissions.may_share()
    return paths


def _tell(shown: "Certificate") -> None:
    from app.device import pem

    _, ends = pem.validity(shown)
    names = ", ".join(dict.fromkeys(pem.names(shown)))
    say(f"for      {names}", f"signed   by {pem.issuer_name(shown)}", f"until    {ends:%Y-%m-%d}")
