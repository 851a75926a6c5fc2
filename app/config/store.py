"""Where the inbox lives: section store of app/config/settings.py."""

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from app.config.kinds import HostAndPort
from app.config.section import Section
from app.core.sentences import sentence

PERSON = re.compile(r"\{(?:login|mailbox)\}")


class InboxStore(Section):
    """Where the inbox of everybody lives: in the box, or on an IMAP server (docs/imap.md)."""

    server: HostAndPort = Field(
        "",
        pattern=r"^$|^[^:\s]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$",
        description="host:port of the IMAP server; without a port 993, or 143 where"
        " store.encryption is not implicit.",
    )
    encryption: Literal["implicit", "starttls", "none"] = Field(
        "implicit",
        description="Encryption to the IMAP server; none is for a server in this machine.",
    )
    fingerprint: str = Field(
        "",
        pattern=r"^$|^[0-9a-f]{64}$",
        description="SHA-256 of the IMAP server's certificate, in hexadecimal, if it is the only"
        " one that is accepted; empty: what the system's authorities have signed.",
    )
    user: str = Field(
        "",
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Login of the box at the IMAP server, which may open everybody's mailboxes.",
    )
    password: str = Field(
        "",
        description="Password of that login; it is kept in the store, encrypted: the box takes it"
        " out of this file at its next start.",
    )
    authorize: str = Field(
        "{login}",
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Whose mailboxes are opened for a person, with {login} or {mailbox} in it, such"
        " as {login}@example.org.",
    )
    inbox: str = Field(
        "INBOX",
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Name of the mailbox there that is the inbox.",
    )
    trash: str = Field(
        "Trash",
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Name of the mailbox there that removed messages are moved to; empty: they are"
        " deleted there.",
    )
    kind: Literal["local", "imap"] = Field(
        "local",
        description="Where the inbox lives: local, in this box; or imap, on an IMAP server: the box"
        " keeps what is new there, and its own POP3 and SMTP are off.",
    )

    @field_validator("authorize")
    @classmethod
    def _names_a_person(cls, authorize: str) -> str:
        if not PERSON.search(authorize):
            raise ValueError(
                sentence("it needs {login} or {mailbox} in it: each person has an inbox")
            )
        return authorize

    @field_validator("trash")
    @classmethod
    def _is_another(cls, trash: str, beside: ValidationInfo) -> str:
        if trash and trash.lower() == str(beside.data.get("inbox", "")).lower():
            raise ValueError(sentence("the inbox itself cannot be the trash"))
        return trash

    @field_validator("kind")
    @classmethod
    def _has_a_server(cls, kind: str, beside: ValidationInfo) -> str:
        for name in ("server", "user"):
            if kind == "imap" and not beside.data.get(name):
                raise ValueError(
                    sentence("imap needs a server: set %(setting)s first", setting=f"store.{name}")
                )
        return kind
