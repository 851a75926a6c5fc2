"""What the mirror must know of the settings."""

from dataclasses import dataclass

from app.imap.net.api import Server, Tls
from app.inbox.account_passwords import BoxAccount
from app.inbox.people import Person


@dataclass(frozen=True)
class Folders:
    """Names of mailboxes, as people read them."""

    inbox: str = "INBOX"
    trash: str = "Trash"
    """"": what is removed is not kept there."""


@dataclass(frozen=True)
class ImapConfig:
    """The server that the inbox lives on, and whose mailboxes are opened there."""

    host: str
    port: int
    tls: Tls
    account: BoxAccount
    """By whose name the box logs in; the password lies encrypted in the store."""
    authorize: str
    """Whose mailboxes are meant, with {login} or {mailbox} in it."""
    folders: Folders = Folders()
    fingerprint: str = ""
    """SHA-256 of the one certificate that is accepted; "": what authorities say."""

    def server_for(self, person: Person, password: str) -> Server:
        """Where and as whom to log in for a person."""
        whose = self.authorize.replace("{login}", person.login)
        whose = whose.replace("{mailbox}", person.mailbox)
        login = self.account.user
        return Server(self.host, self.port, self.tls, login, password, whose, self.fingerprint)
