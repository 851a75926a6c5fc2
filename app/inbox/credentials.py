"""Passwords and PINs: how they are made, judged, hashed and compared.

argon2id with 19 MiB and two passes, the least that OWASP advises; one at a time in a process, so
that a crowd of logins cannot eat the memory of a small box.
"""

import secrets
import threading
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from app.core.sentences import sentence
from app.inbox.errors import TrivialPin

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_ONE_AT_A_TIME = threading.Lock()

PIN_SHORTEST, PIN_LONGEST = 4, 16
NEW_PIN_DIGITS = 6
# No letters or digits that people mistake for one another when they copy from a screen.
_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"


_M_MMAP_THRESHOLD = -3  # [glibc, malloc.h]
_LARGE = 4 << 20
"""Octets from which on what is freed goes back to the system at once; far more than a chunk."""


@cache
def _hasher() -> "PasswordHasher":
    """The hasher, once glibc keeps none of its 19 MiB.

    By itself glibc takes the first large block that is freed as the measure of what it is to keep
    for later [mallopt(3), M_MMAP_THRESHOLD]: each service would be 20 MB larger from its first
    login on.
    """
    import ctypes  # whoever never checks a password is spared both

    from argon2 import PasswordHasher

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other libraries of C keep none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # KiB


def hashed(secret: str) -> str:
    """The form in which a password or PIN is stored. Takes tens of milliseconds on purpose."""
    with _ONE_AT_A_TIME:
        return _hasher().hash(secret)


def matches(stored: str | None, secret: str) -> bool:
    """Whether `secret` is the one stored.

    Without a stored one (no such person, no password set) the same work is done all the same, so
    that the time of a refusal tells nothing about who exists.
    """
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    against = stored if stored is not None else _nobody()
    with _ONE_AT_A_TIME:
        try:
            return _hasher().verify(against, secret) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    return hashed(secrets.token_urlsafe(16))


def new_password() -> str:
    """A fresh password of 59 random bits in three groups, easy to copy by hand."""
    groups = ("".join(secrets.choice(_LEGIBLE) for _ in range(4)) for _ in range(3))
    return "-".join(groups)


def new_pin(*own_numbers: str) -> str:
    """A fresh PIN of six digits that no rule of `check_pin_rules` forbids."""
    while True:
        pin = f"{secrets.randbelow(10**NEW_PIN_DIGITS):0{NEW_PIN_DIGITS}}"
        if why_trivial(pin, own_numbers) is None:
            return pin


def check_pin_rules(pin: str, own_numbers: tuple[str, ...] = ()) -> None:
    """Check that others would not guess a PIN. Raises TrivialPin, with the reason."""
    why = why_trivial(pin, own_numbers)
    if why is not None:
        raise TrivialPin(sentence("this PIN will not do: %(why)s", why=why))


def triviality(pin: str, own_numbers: tuple[str, ...] = ()) -> str:
    """What is wrong with a PIN: "short", "repeats", "runs", "own number"; "" if nothing is."""
    if not (pin.isascii() and pin.isdigit() and PIN_SHORTEST <= len(pin) <= PIN_LONGEST):
        return "short"
    if _repeats(pin):
        return "repeats"
    if _runs(pin):
        return "runs"
    return "own number" if _own(pin, own_numbers) else ""


def why_trivial(pin: str, own_numbers: tuple[str, ...] = ()) -> str | None:
    """What is wrong with a PIN, in words; None if nothing is. `own_numbers`: mailbox, handset."""
    if not (pin.isascii() and pin.isdigit()):
        return sentence("it may have digits only")
    if not PIN_SHORTEST <= len(pin) <= PIN_LONGEST:
        return sentence(
            "it must have %(least)s to %(most)s digits",
            least=PIN_SHORTEST,
            most=PIN_LONGEST,
        )
    return _repeats(pin) or _runs(pin) or _own(pin, own_numbers)


def _repeats(pin: str) -> str | None:
    for length in range(1, len(pin) // 2 + 1):
        pattern = pin[:length]
        if pin == (pattern * len(pin))[: len(pin)]:
            return sentence("it only repeats %(pattern)s", pattern=pattern)
    return None


def _runs(pin: str) -> str | None:
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps in ({1}, {9}):
        return sentence("its digits only count up or down")
    return None


def _own(pin: str, own_numbers: tuple[str, ...]) -> str | None:
    for number in own_numbers:
        # A short number inside a long PIN is chance; most of the PIN is not.
        if number and len(number) * 2 >= len(pin) and (number in pin or number[::-1] in pin):
            return sentence("it contains your own number %(number)s", number=number)
        if len(number) > len(pin) and pin in number:
            return sentence("it is part of your own number %(number)s", number=number)
    return None
