"""What the mail service, and mail programs, must know of the settings of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.config.host_port import host_and_port
from app.imap.mirror.config import Folders, ImapConfig
from app.mail.smtp.faxes import FaxNumbers

if TYPE_CHECKING:
    from app.config.settings import Settings
    from app.imap.mirror.migration import Migration
    from app.operations.box import Box
    from app.web.clients.access import MailAccess

IMAP, IMAPS = 143, 993
"""TCP ports of IMAP, and of that by TLS from the first octet."""


def fax_numbers(settings: Settings) -> FaxNumbers:
    """Which numbers are faxed to."""
    numbers = settings.numbers
    classes = {pattern: str(name) for pattern, name in numbers.number_classes.items()}
    return FaxNumbers(
        settings.fax.sending, settings.site.country, str(numbers.person_class), classes
    )


def imap_config(settings: Settings) -> ImapConfig | None:
    """The server that the inbox lives on; None: it lives here."""
    return imap_server(settings) if settings.store.kind == "imap" else None


def imap_server(settings: Settings) -> ImapConfig | None:
    """The server that it may live on; None: none is named."""
    from app.operations.kept_secrets import INBOX_STORE, account_of

    store = settings.store
    place = host_and_port(store.server, IMAPS if store.encryption == "implicit" else IMAP)
    account = account_of(settings, INBOX_STORE)
    if place is None or account is None:
        return None
    folders = Folders(store.inbox, store.trash)
    return ImapConfig(
        *place, store.encryption, account, store.authorize, folders, store.fingerprint
    )


def migration(box: Box) -> Migration | None:
    """What moves the inboxes of a box to the server that is named; None: none is."""
    from app.imap.mirror.migration import Migration
    from app.imap.mirror.person import Parts
    from app.imap.net.connection import connect
    from app.inbox.mirror import Mirror

    config = imap_server(box.settings)
    if config is None:
        return None
    hostname = box.settings.site.hostname
    parts = Parts(box.db, box.store, Mirror(box.db), config.folders, hostname)
    return Migration(parts, box.people, box.passwords, config, connect)


def mail_access(settings: Settings) -> MailAccess:
    """What mail programs are told."""
    from app.web.clients.access import MailAccess, MailPort

    mail, store = settings.mail, settings.store
    elsewhere = host_and_port(store.server, 0) if store.kind == "imap" else None
    return MailAccess(
        mail_system=elsewhere[0] if elsewhere else "",
        host=settings.site.hostname,
        domains=settings.site.domains,
        ports=(
            MailPort("pop3", "pop3", mail.pop3_port, "starttls"),
            MailPort("pop3s", "pop3", mail.pop3s_port, "tls"),
            MailPort("submission", "smtp", mail.submission_port, "starttls"),
            MailPort("submissions", "smtp", mail.submissions_port, "tls"),
            MailPort("smtp", "smtp", mail.smtp_port, "none", login=False),
        ),
        leave_days=settings.web.leave_days,
    )
