"""What of a status report somebody must see to, in plain words, and what works all the same."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.core.sentences import N_, sentence
from app.operations.status import StatusReport

WITHOUT: Mapping[str, str] = {
    "phone": N_(
        "the telephones are dead: no calls come in, and handsets have no dial tone; mail goes on"
    ),
    "mail": N_(
        "mail programs can neither fetch nor send, and mail from elsewhere waits with its senders;"
        " telephones and voicemail go on"
    ),
    "tasks": N_(
        "what needs more rights than pages have (settings, backup, update, restart) is not done"
        " from pages; everything else goes on"
    ),
    "box": N_("the virtual board is away, and with it all its lines; mail goes on"),
    "admin": N_("there are no pages and no housekeeping; telephones and mail go on"),
}
"""What it means that a service does not run."""


def stopped(report: StatusReport) -> list[str]:
    """The services that do not run, with what that means."""
    return [
        sentence(
            "%(name)s does not run: %(meaning)s. It is started again by itself; its log says why it"
            " ended",
            name=one.name,
            meaning=sentence(WITHOUT[one.name]) if one.name in WITHOUT else one.state,
        )
        for one in report.services
        if not one.state.startswith("up ")
    ]


def when(at: float) -> str:
    """A moment (seconds since 1970) as local time with its zone's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def _full_disk(no_voicemail: bool) -> str:
    """What it means that the disk has no room for mail, or for voicemail either; what to do."""
    if no_voicemail:
        return sentence(
            "the disk is full: senders of mail are told to try again later, and callers cannot"
            " leave messages either. Remove messages, or what else fills the disk; it goes on by"
            " itself then."
        )
    return sentence(
        "the disk is full: senders of mail are told to try again later, and callers can still leave"
        " messages. Remove messages, or what else fills the disk; it goes on by itself then."
    )


def attention(report: StatusReport) -> list[str]:
    """What somebody must see to, a text each."""
    texts = list(report.notices)
    if report.settings_problem:
        texts.append(sentence("the settings cannot be used:\n%(why)s", why=report.settings_problem))
    if report.damage:
        texts.append(report.damage)
    elif report.store_problem:
        texts.append(sentence("the store cannot be opened: %(why)s", why=report.store_problem))
    if report.holdings.no_mail:
        texts.append(_full_disk(report.holdings.no_voicemail))
    if report.spooled:
        texts.append(
            sentence(
                "%(count)s recordings or missed calls wait: the store could not take them, or has"
                " nobody with their mailbox. They are delivered by themselves when it can and has,"
                " and until then no handset plays them.",
                count=report.spooled,
            )
        )
    texts += [
        sentence(
            "%(line)s is out of order: %(fault)s. It is tried again by itself every half minute.",
            line=line.name,
            fault=line.fault,
        )
        for line in report.lines.lines
        if not line.working
    ]
    if fault := report.lines.loudspeaker_fault:
        texts.append(
            sentence(
                "nothing can be played at the front panel: %(fault)s. The loudspeaker is tried"
                " again by itself, each minute and whenever somebody presses play.",
                fault=fault,
            )
        )
    texts += report.certificate_problems
    texts += [problem.sentence for problem in report.problems]
    texts += [
        sentence(
            "after wrong PINs, %(origin)s is locked out of the mailbox of %(login)s until %(when)s;"
            " `people pin %(login)s` lifts that",
            origin=lock.origin,
            login=lock.login,
            when=when(lock.until),
        )
        for lock in report.locks
    ]
    return texts
