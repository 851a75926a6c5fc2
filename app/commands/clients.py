"""`python -m app clients …`: what owners tell mail programs, or let them find by themselves."""

import io

import click

from app.commands.errors import reports_errors
from app.commands.output import say, say_text
from app.config.paths import here


@click.group()
def clients() -> None:
    """How mail programs are set up: the page for people, the DNS records for programs."""


@clients.command("page")
@reports_errors
def page() -> None:
    """Where the page is that sets up a mail program, with a code for a telephone's camera."""
    import segno

    from app.operations.setup_page import setup_pages

    paths = here()
    first, *others = setup_pages(paths, paths.settings())
    picture = io.StringIO()
    segno.make_qr(first, error="m").terminal(picture, border=2, compact=True)
    say_text(picture.getvalue())
    say(first, *others)


@clients.command("records")
@reports_errors
def records() -> None:
    """DNS records by which mail programs find this box, as lines of a zone file [RFC 6186]."""
    from app.mail_plan import mail_access
    from app.web.clients.dns_records import records

    settings = here().settings()
    access = mail_access(settings)
    for domain in access.domains:
        say(f"; {domain}", *records(access, domain, settings.web.https_port))
    if access.host.endswith(".local"):
        say(
            f"; {access.host} is a name of the local network: programs elsewhere cannot look it up."
            " The setting site.hostname gives the box a public one."
        )
    missing = {f"autoconfig.{domain}" for domain in access.domains} - set(
        map(str.lower, settings.certificate.names)
    )
    if missing:
        say(
            f"; not in the box's certificate: {', '.join(sorted(missing))}."
            " The setting certificate.names puts them there."
        )
