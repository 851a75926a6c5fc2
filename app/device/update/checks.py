"""What a slot on trial must do before it is believed: a mail and a call through the whole box.

Both are made by a guest, a person who exists for the length of the checks and whom nobody sees: a
mail goes in by SMTP and is fetched by POP3; on the virtual board a caller rings an outside line and
speaks, and the message that voicemail made of it is fetched by POP3, too. On a real board no line
is taken and nothing rings: there the lines, the clerk and the beat answer for the telephone side.
"""

import email
import email.policy
import math
import poplib
import secrets
import smtplib
import wave
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from app.core.sentences import N_, sentence
from app.device.update.errors import CheckFailed
from app.device.update.guest import BY, DOOR, Guest, Inside, voicemails
from app.inbox.store import Entry, EntryState, Facts, Kind
from app.store.database import Tx
from drivers.sampling import SAMPLE_RATE

WITHIN_S = 20
"""An SMTP or POP3 answer that takes longer is none."""
WORDS_S = 3
"""How long the caller speaks."""
HEARD_S = 1
"""How much of it must be in the message at least."""
_WAVE_HEAD = 44  # octets before the samples in the messages we make: PCM, 16 bit, mono
_LOUD = 500
_WARBLE_HZ = (700, 1100, 900, 1500)
"""Changes every 150 ms: neither a key nor any tone of an exchange."""


def self_mail(inside: Inside, to: Guest) -> str:
    """A mail through the box and out again. Raises CheckFailed."""
    if not inside.ports["smtp"]:
        return sentence("mail is the mail system's: none was tried")
    token = secrets.token_hex(8)
    mail = EmailMessage()
    mail["From"] = mail["To"] = f"{to.login}@{inside.domain}"
    mail["Subject"] = f"update check {token}"
    mail.set_content("A new version tries itself.\n")
    try:
        with smtplib.SMTP(inside.host, inside.ports["smtp"], timeout=WITHIN_S) as client:
            client.send_message(mail)
    except (OSError, smtplib.SMTPException) as problem:
        text = N_("the mail was not taken by SMTP: %(why)s")
        raise CheckFailed(sentence(text, why=problem)) from problem
    fetched = _fetch_all(inside, to)
    if [message["Subject"] for message in fetched] != [mail["Subject"]]:
        text = N_("POP3 gave %(count)s messages and not the one that was sent")
        raise CheckFailed(sentence(text, count=len(fetched)))
    return sentence("a mail went in by SMTP and out by POP3")


def _fetch_all(inside: Inside, of: Guest) -> list[email.message.EmailMessage]:
    """Everything in the guest's inbox, deleted behind us; from the store, where POP3 is off."""
    if not inside.ports["pop3"]:
        entries = inside.store.entries(of.id)
        octets = [b"".join(inside.store.octets(entry)) for entry in entries]
        inside.db.now(
            lambda tx: inside.store.remove(tx, [entry.id for entry in entries], "admin", of.login)
        )
        return [email.message_from_bytes(one, policy=email.policy.default) for one in octets]
    try:
        client = poplib.POP3(inside.host, inside.ports["pop3"], timeout=WITHIN_S)
        client.user(of.login)
        client.pass_(of.password)
        fetched = []
        for number in range(1, client.stat()[0] + 1):
            fetched.append(b"\r\n".join(client.retr(number)[1]))
            client.dele(number)
        client.quit()
    except (OSError, poplib.error_proto) as problem:
        text = N_("POP3 does not give what is in the inbox: %(why)s")
        raise CheckFailed(sentence(text, why=problem)) from problem
    return [email.message_from_bytes(octets, policy=email.policy.default) for octets in fetched]


@dataclass(frozen=True)
class TestOperator:
    """The virtual board's outside world. Both raise CheckFailed."""

    do: Callable[[str], None]
    """Carries out one command line of the board's operator."""
    await_idle: Callable[[], None]
    """Returns when what was done by telephone is in the store."""


def self_call(inside: Inside, to: Guest, line: str, operator: TestOperator, words: Path) -> str:
    """A call from outside, answered and recorded, fetched as a message. Raises CheckFailed."""
    number = to.number
    before = {entry.id for entry in voicemails(inside)}
    _warble(words)
    try:
        for command in (
            f"ring {line} from {number}",
            f"wait-for {line} answered within 90s",
            f"wait-for {line} beep within 60s",
            f"say {line} {words}",
            f"hangup {line}",
        ):
            operator.do(command)
        operator.await_idle()
    finally:
        words.unlink(missing_ok=True)
    # answered on the first ring, a call has no number yet
    made = next(
        (entry for entry in voicemails(inside)
         if entry.id not in before and entry.caller_number in (number, None)), None,
    )  # fmt: skip
    if made is None:
        text = N_("the call from %(number)s left no message in any inbox")
        raise CheckFailed(sentence(text, number=number))
    try:
        inside.db.now(lambda tx: _show_to(tx, inside, to, made))
        fetched = _fetch_all(inside, to)
    finally:
        inside.db.now(lambda tx: inside.store.remove(tx, [made.id], DOOR, BY))
    seconds = sum(_seconds(message) for message in fetched)
    if seconds < HEARD_S:
        text = N_("the caller spoke for %(words)s s and the message has %(seconds)s s")
        raise CheckFailed(sentence(text, words=WORDS_S, seconds=f"{seconds:.1f}"))
    return sentence(
        "a call on %(line)s was answered; its %(seconds)s s came out by POP3",
        line=line,
        seconds=f"{seconds:.1f}",
    )


def _show_to(tx: Tx, inside: Inside, to: Guest, made: Entry) -> None:
    now, number = inside.clock.now(), made.caller_number
    facts = Facts(now, made.sender, made.subject, number, door=DOOR, by=BY)
    inside.store.add_entry(tx, to.id, made.content, b"", Kind.VOICEMAIL, EntryState.NEW, facts)


def _seconds(message: email.message.EmailMessage) -> float:
    """How much sound a message holds; what is quiet does not count."""
    for part in message.walk():
        if part.get_content_maintype() == "audio":
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            samples = array("h", octets[_WAVE_HEAD : len(octets) // 2 * 2])
            return sum(abs(sample) > _LOUD for sample in samples) / SAMPLE_RATE
    return 0.0


def _warble(path: Path) -> None:
    """Sound for the caller to say."""
    rate = SAMPLE_RATE
    step = rate * 150 // 1000
    samples = array(
        "h",
        (
            int(
                9000
                * math.sin(math.tau * _WARBLE_HZ[n // step % len(_WARBLE_HZ)] * n / SAMPLE_RATE)
            )
            for n in range(WORDS_S * rate)
        ),
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    path.chmod(0o644)


def faulty(status: Mapping[str, Any]) -> frozenset[str]:
    """The lines that the phone service says are broken."""
    return frozenset(name for name, line in status["lines"].items() if line["fault"])


def lines_as_before(
    status: Mapping[str, Any], broken_before: frozenset[str], await_idle: Callable[[], None]
) -> str:
    """Every line that worked under the old version works, and the clerk keeps up.

    Raises CheckFailed.
    """
    worse = faulty(status) - broken_before
    if worse:
        faults = "; ".join(f"{name}: {status['lines'][name]['fault']}" for name in sorted(worse))
        text = N_("lines that worked before do not work now: %(faults)s")
        raise CheckFailed(sentence(text, faults=faults))
    await_idle()
    return sentence(
        "%(count)s lines, the clerk knows the store's last change", count=len(status["lines"])
    )
