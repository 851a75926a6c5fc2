"""What the mail service must know of the settings of other packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.config.host_port import host_and_port
from app.imap.mirror.config import Folders, ImapConfig
from app.mail.smtp.faxes import FaxNumbers

if TYPE_CHECKING:
    from app.config.settings import Settings

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
    from app.operations.kept_secrets import INBOX_STORE, account_of

    store = settings.store
    place = host_and_port(store.server, IMAPS if store.encryption == "implicit" else IMAP)
    account = account_of(settings, INBOX_STORE)
    if store.kind != "imap" or place is None or account is None:
        return None
    folders = Folders(store.inbox, store.trash)
    return ImapConfig(
        *place, store.encryption, account, store.authorize, folders, store.fingerprint
    )
