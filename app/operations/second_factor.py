"""A code of an authenticator app beside the password, for logins to the web pages [RFC 6238].

What reads or makes the key needs the cryptography library: pages call it in a process of its own.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from app.inbox.account_passwords import NoSuchPassword
from app.inbox.audit import AuditEvent
from app.inbox.credentials import new_password
from app.inbox.entries import Door
from app.inbox.people import Person
from app.inbox.second_factors import ACCOUNT, PLACE, SecondFactors, forget_second_factor
from app.operations.actor import Actor, may_use
from app.operations.box import Box, person_for
from app.operations.errors import NotAllowed, OperationError
from app.store.database import Tx

STEP_S = 30
"""Seconds for which a code holds [RFC 6238 §5.2]."""
DRIFT = 1
"""Steps by which the app's clock may differ."""
KEY = 20
"""Octets [RFC 4226 §4]."""
DIGITS = 6
RECOVERY_CODES = 8


@dataclass(frozen=True)
class SecondFactorState:
    """What holds for a person."""

    is_on: bool
    recovery_codes: int
    """How many are left."""


@dataclass(frozen=True)
class NewSecondFactor:
    """A key that was made, shown once to its owner."""

    key: str
    """To be typed, in base32 [RFC 4648 §6]."""
    uri: str
    """To be shown as a QR code."""


def code_at(key: bytes, step: int) -> str:
    """The code of one step of time [RFC 4226 §5.3]."""
    digest = hmac.digest(key, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(key: bytes, code: str, now: float) -> int | None:
    """The step whose code this is, near `now` (seconds since 1970); None if it is of none."""
    typed = "".join(code.split())
    around = int(now) // STEP_S
    for step in range(around - DRIFT, around + DRIFT + 1):
        if step >= 0 and hmac.compare_digest(code_at(key, step).encode(), typed.encode()):
            return step
    return None


def second_factor_state(box: Box, actor: Actor, login: str) -> SecondFactorState:
    """Whether this person's login needs a code. Raises NotFound and NotAllowed."""
    person, factors = person_for(box, actor, login), SecondFactors(box.db)
    return SecondFactorState(factors.is_on(person.id), factors.recovery_codes(person.id))


def needs_code(box: Box, person: int) -> bool:
    """Whether a person's (id) password alone logs nobody in."""
    return SecondFactors(box.db).is_on(person)


def begin_second_factor(box: Box, actor: Actor) -> NewSecondFactor:
    """Make a key for the actor's own login, which holds once a code of it was seen.

    Raises NotAllowed, and OperationError if there is one already.
    """
    person = _own(box, actor)
    factors = SecondFactors(box.db)
    if factors.is_on(person.id):
        raise OperationError("", "codes are asked for already; switch them off first")
    key = secrets.token_bytes(KEY)

    def work(tx: Tx) -> None:
        box.passwords.set(tx, person.id, ACCOUNT, PLACE, key.hex())
        factors.begin(tx, person.id)

    box.db.now(work)
    return _shown(box, person, key)


def pending_second_factor(box: Box, actor: Actor) -> NewSecondFactor:
    """The key of which no code was seen yet. Raises NotAllowed and OperationError."""
    person = _own(box, actor)
    if SecondFactors(box.db).is_on(person.id):
        raise OperationError("", "codes are asked for already; switch them off first")
    return _shown(box, person, _key(box, person.id))


def confirm_second_factor(box: Box, actor: Actor, code: str) -> tuple[str, ...]:
    """Ask for codes from now on, since this one is right; the recovery codes, shown once.

    Raises NotAllowed, and OperationError with the field "code" if it is wrong.
    """
    person, factors = _own(box, actor), SecondFactors(box.db)
    step = step_of(_key(box, person.id), code, box.db.clock.now())
    if step is None:
        raise OperationError(
            "code", "this code does not fit; is the clock of the box, and of the app, right?"
        )
    codes = tuple(new_password() for _ in range(RECOVERY_CODES))

    def work(tx: Tx) -> None:
        factors.confirm(tx, person.id, step, codes)
        _note(box, tx, actor, person.id, "second factor on")

    box.db.now(work)
    return codes


def remove_second_factor(box: Box, actor: Actor, login: str) -> None:
    """Ask for no codes any more.

    Raises NotFound, NotAllowed, and OperationError if none are asked for.
    """
    person = person_for(box, actor, login)
    if not SecondFactors(box.db).is_on(person.id):
        raise OperationError("", "%(login)s is asked for no codes", login=person.login)

    box.db.now(lambda tx: drop_second_factor(box, tx, person.id, actor.door, actor.login))


def drop_second_factor(box: Box, tx: Tx, person: int, door: Door, by: str) -> None:
    """The same within a transaction, for a person (id) who may have none."""
    if not SecondFactors(box.db).is_on(person):
        return
    forget_second_factor(tx, person)
    box.passwords.remove(tx, person, ACCOUNT)
    box.store.audit_log.write(tx, "second factor off", door, by, [AuditEvent(person, None)])


def check_code(box: Box, person: int, code: str, door: Door = "web") -> bool:
    """Whether a code, or a recovery code, of this person (id) is right; each is taken once.

    Raises PasswordUnreadable if the key cannot be read.
    """
    factors = SecondFactors(box.db)
    digits = "".join(code.split())
    if len(digits) == DIGITS and digits.isascii() and digits.isdigit():
        step = step_of(_key(box, person), digits, box.db.clock.now())
        return step is not None and box.db.now(lambda tx: factors.use_step(tx, person, step))

    def work(tx: Tx) -> bool:
        used = factors.use_recovery_code(tx, person, code)
        if used:
            event = AuditEvent(person, None, f"{factors.recovery_codes(person) - 1} are left")
            box.store.audit_log.write(tx, "recovery code used", door, "", [event])
        return used

    return box.db.now(work)


def _own(box: Box, actor: Actor) -> Person:
    person = None if actor.person is None else box.people.by_id(actor.person)
    if person is None or not may_use(actor, person.id):
        raise NotAllowed("", "only people with a box have logins")
    return person


def _key(box: Box, person: int) -> bytes:
    try:
        return bytes.fromhex(box.passwords.get(person, ACCOUNT, PLACE))
    except NoSuchPassword as problem:
        raise OperationError("", "no key was made; begin again") from problem


def _shown(box: Box, person: Person, key: bytes) -> NewSecondFactor:
    text = base64.b32encode(key).decode()
    label = quote(f"{box.settings.site.hostname}:{person.login}")
    issuer = quote(box.settings.site.hostname, safe="")
    uri = f"otpauth://totp/{label}?secret={text}&issuer={issuer}"
    return NewSecondFactor(text, uri)


def _note(box: Box, tx: Tx, actor: Actor, person: int, verb: str) -> None:
    event = AuditEvent(person, None)
    box.store.audit_log.write(tx, verb, actor.door, actor.login, [event])
