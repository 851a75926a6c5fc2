"""The mail that tells an owner that the inbox is nearly full, as a whole message [RFC 5322]."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from app.core.sentences import N_
from app.core.units import MB
from app.message import by_machine
from app.message.words import say, wrapped


@dataclass(frozen=True)
class QuotaWarning:
    """What one warning says. Sizes are octets."""

    to: str
    """Address of the owner."""
    sender: str
    """Address of the box's postmaster."""
    hostname: str
    """The box's own name."""
    percent: int
    used: int
    """Octets in the inbox."""
    quota: int
    """Octets that it may hold."""
    voicemails: int
    """Number of voicemails in the inbox."""
    most_voicemails: int
    """Number that it may hold; 0 is any number."""
    refused_for_good: bool
    """Whether mail to a full inbox is refused and not put off."""
    now: float
    """Seconds since 1970 UTC."""
    language: str
    """Of the owner, ISO 639-1."""

    @property
    def subject(self) -> str:
        """The warning's subject."""
        if self.percent >= 100:
            return say(self.language, "Your inbox is full")
        return say(self.language, "Your inbox is %(percent)d%% full", percent=self.percent)


def compose(warning: QuotaWarning) -> bytes:
    """The warning as a whole message, CRLF line ends."""
    message = by_machine.begun(
        to=warning.to,
        name=say(warning.language, "Mailbox"),
        sender=warning.sender,
        subject=warning.subject,
        at=by_machine.box_time(warning.now),
        message_id=by_machine.new_id("quota", warning.hostname),
        how="auto-generated",  # [RFC 3834 §5]
    )
    text = "\n".join(_words(warning))
    by_machine.set_text(message, text)
    return message.as_bytes()


def _words(warning: QuotaWarning) -> Iterator[str]:
    in_words = partial(say, warning.language)
    used, quota = _mb(warning.used), _mb(warning.quota)
    yield in_words("Your inbox holds %(used)s of %(quota)s.", used=used, quota=quota)
    if warning.most_voicemails:
        yield in_words(
            "It holds %(count)d of %(most)d voicemails.",
            count=warning.voicemails,
            most=warning.most_voicemails,
        )
    yield ""
    yield from wrapped(in_words(_WHAT_HAPPENS[warning.percent >= 100, warning.refused_for_good]))
    yield from wrapped(in_words(_CALLERS))
    yield ""
    yield from wrapped(in_words(_WHAT_TO_DO))
    yield ""


_WHAT_HAPPENS = {
    (True, True): N_("It is full: mail to you is refused, and its senders are told so."),
    (True, False): N_(
        "It is full: mail to you waits at its senders, who try again for some days and then get it"
        " back."
    ),
    (False, True): N_("Once it is full, mail to you is refused, and its senders are told so."),
    (False, False): N_(
        "Once it is full, mail to you waits at its senders, who try again for some days and then"
        " get it back."
    ),
}
"""By whether the inbox is full, and whether mail to it is then refused for good."""
_CALLERS = N_(
    "Callers can still leave a few messages; after that they hear that the mailbox is full."
)
_WHAT_TO_DO = N_(
    "To make room, delete messages with your mail program or by telephone, or have your mail"
    " program delete them from the server after some days: messages that it has fetched and left"
    " here count, too. What you delete can be restored for a while and does not count."
)


def _mb(octets: int) -> str:
    """A size in words."""
    return f"{octets / MB:.1f} MB" if octets >= MB // 10 else f"{octets / 1000:.1f} kB"
