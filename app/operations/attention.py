"""What of a status report somebody must see to, in plain words, and what works all the same."""

from collections.abc import Mapping
from datetime import UTC, datetime

from app.operations.status import StatusReport

WITHOUT: Mapping[str, str] = {
    "phone": "the telephones are dead: no calls come in, and handsets have no dial tone; mail"
    " goes on",
    "mail": "mail programs can neither fetch nor send, and mail from elsewhere waits with its"
    " senders; telephones and voicemail go on",
    "tasks": "what needs more rights than pages have (settings, backup, update, restart) is not"
    " done from pages; everything else goes on",
    "box": "the virtual board is away, and with it all its lines; mail goes on",
    "admin": "there are no pages and no housekeeping; telephones and mail go on",
}
"""What it means that a service does not run."""


def stopped(report: StatusReport) -> list[str]:
    """The services that do not run, with what that means."""
    return [
        f"{one.name} does not run: {WITHOUT.get(one.name, one.state)}. It is started again by"
        " itself; its log says why it ended"
        for one in report.services
        if not one.state.startswith("up ")
    ]


def when(at: float) -> str:
    """A moment (seconds since 1970) as local time with its zone's offset."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def _full_disk(no_voicemail: bool) -> str:
    """What it means that the disk has no room for mail, or for voicemail either; what to do."""
    callers = (
        "callers cannot leave messages either"
        if no_voicemail
        else "callers can still leave messages"
    )
    return (
        "the disk is full: senders of mail are told to try again later, and"
        f" {callers}. Remove messages, or what else fills the disk; it goes on by itself then."
    )


def attention(report: StatusReport) -> list[str]:
    """What somebody must see to, a text each."""
    texts = list(report.notices)
    if report.settings_problem:
        texts.append(f"the settings cannot be used:\n{report.settings_problem}")
    if report.damage:
        texts.append(report.damage)
    elif report.store_problem:
        texts.append(f"the store cannot be opened: {report.store_problem}")
    if report.holdings.no_mail:
        texts.append(_full_disk(report.holdings.no_voicemail))
    if report.spooled:
        texts.append(
            f"{report.spooled} recordings or missed calls wait: the store could not take them, or"
            " has nobody with their mailbox. They are delivered by themselves when it can and has,"
            " and until then no handset plays them."
        )
    texts += [
        f"{line.name} is out of order: {line.fault}. It is tried again by itself every half minute."
        for line in report.lines.lines
        if not line.working
    ]
    if fault := report.lines.loudspeaker_fault:
        texts.append(
            f"nothing can be played at the front panel: {fault}. The loudspeaker is tried again by"
            " itself, each minute and whenever somebody presses play."
        )
    texts += report.certificate_problems
    texts += [str(problem) for problem in report.problems]
    texts += [
        f"after wrong PINs, {lock.origin} is locked out of the mailbox of {lock.login} until"
        f" {when(lock.until)}; `people pin {lock.login}` lifts that"
        for lock in report.locks
    ]
    return texts
