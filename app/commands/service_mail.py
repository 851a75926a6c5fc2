"""`python -m app mail`: the mail service in the foreground."""

import asyncio
import json
from collections.abc import Callable

import click

from app.commands.errors import reports_errors
from app.commands.services import ENDING, begin, ready_option, ready_teller
from app.config.paths import Paths
from app.config.services import plan
from app.mail.net.listener import ListenError
from app.mail.service import MailConfig, MailService
from app.store.database import Database


@click.command()
@ready_option
@reports_errors
def mail(ready_fd: int | None) -> None:
    """POP3, SMTP and the outgoing queue."""
    paths = begin("mail")
    config = plan(paths, "mail")
    try:
        asyncio.run(_serve_mail(paths, config, ready_teller(ready_fd)))
    except ListenError as problem:
        raise click.ClickException(str(problem)) from problem


async def _serve_mail(paths: Paths, config: MailConfig, ready: Callable[[], None]) -> None:
    db = Database(paths.database)
    service = MailService(db, config)
    stopping = asyncio.Event()
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    ports = await service.start()
    bound = {"host": config.listen, "pop3": ports.pop3, "smtp": ports.smtp}
    paths.mail_ports.write_text(json.dumps(bound))
    ready()
    await stopping.wait()
    paths.mail_ports.unlink(missing_ok=True)
    await service.stop()
    db.close()
