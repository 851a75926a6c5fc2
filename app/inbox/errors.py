"""What the inbox refuses, and what can go wrong under it.

Refusals that a mail peer must hear carry the reply code [RFC 5321 §4.2] and the enhanced status
[RFC 3463] as class attributes; their text is fit to be shown to the peer.
"""

from app.core.errors import SwitchhookError


class InboxError(SwitchhookError):
    """Base of everything the inbox raises on purpose."""


class ContentGone(InboxError):
    """Content was never begun, was swept, or is not sealed; nothing may be delivered from it."""


class NoSuchEntry(InboxError):
    """No entry has this id (or it has been purged)."""


class Refused(InboxError):
    """A delivery is refused; `reply` and `status` are for the SMTP peer."""

    reply = 550
    status = "5.0.0"


class NoSuchPerson(Refused):
    """The address is in one of our domains but names nobody [RFC 3463 X.1.1]."""

    status = "5.1.1"


class NotOurs(Refused):
    """The address belongs to another domain; whether to relay is the caller's decision."""

    status = "5.7.1"


class MailboxFull(Refused):
    """The person's quota is used up; a later try may succeed [RFC 3463 X.2.2]."""

    reply = 452
    status = "4.2.2"


class MailboxFullForGood(MailboxFull):
    """The same where the settings want it refused for good [RFC 3463 X.2.2, RFC 5321 §4.2.3]."""

    reply = 552
    status = "5.2.2"


class NoSpace(Refused):
    """The disk is down to its floor [RFC 3463 X.3.1]."""

    reply = 452
    status = "4.3.1"


class MailLoop(Refused):
    """The message has been here before, or travelled too many hops [RFC 3463 X.4.6]."""

    reply = 554
    status = "5.4.6"


class Invalid(InboxError, ValueError):
    """What an administrator asked for cannot be; the text says why and what would do."""

    def __init__(self, text: str, field: str = "") -> None:
        """`field` is what of it cannot be, such as "mailbox", where that is known."""
        super().__init__(text)
        self.field = field


class BadName(Invalid):
    """A login, alias or mailbox is not of the allowed form."""


class NameTaken(Invalid):
    """A login, alias, mailbox, handset or address is in use already."""


class StillMember(Invalid):
    """A name cannot go while aliases have it as a member; the text lists them."""


class AliasCycle(Invalid):
    """An alias would lead back to itself; the text shows the way round."""


class BadAliases(InboxError):
    """Aliases that are to be saved together cannot be; `findings` say why, each with its place."""

    def __init__(self, findings: list[tuple[int, Invalid]]) -> None:
        """`findings`: the place of each that is wrong among them (0..n-1), and what is wrong."""
        super().__init__("; ".join(str(problem) for _, problem in findings))
        self.findings = findings


class UnknownMember(Invalid):
    """A member of an alias is neither a person, nor an alias, nor an outside address."""


class OwnerGone(Invalid):
    """A message belongs to somebody who has been removed; restoring it needs an heir."""


class TrivialPin(Invalid):
    """A PIN that others would guess; the text says which rule it breaks."""
