"""Passwords that were proved a short while ago, so that a program's next login is cheap.

Mail programs say the same password every minute, and argon2 is slow on purpose. What is kept of a
proof is a keyed hash [RFC 7693 §2.9, BLAKE2b] in this process's memory, with a key that is made at
its start: over the person's id and rights, the stored form of the password, and the password. It
says nothing about the password to who has the store alone, and ends by itself:

    the password is set anew, the person is removed or gets other rights   what is hashed differs
    a wrong password is said for the person                                it is forgotten at once
    KNOWN_S are over, the process ends, MOST_KNOWN others were proved later

It makes no guess cheaper or faster. Whoever judges has charged the try before it comes here, and
holds back the refusal (app/net/logins.py); a wrong password costs argon2 whether something is kept
or not, and the same hash and comparison come before it. So the time of a refusal tells nothing, and
the time of a success tells only that the person has logged in lately, to somebody who has just
proved to be that person.

    known = KnownPasswords(people, clock)
    logins = Logins(known.check, names.login_of, clock)
"""

import hashlib
import secrets
from collections import OrderedDict
from hmac import compare_digest

from app.core.clock import Clock
from app.inbox.people import People, Person

KNOWN_S = 900.0
"""Seconds that a proof counts, however often it is used; mail programs look every minute to ten."""

MOST_KNOWN = 5000
"""Proofs that are kept, about 0.3 kB each; the oldest goes first."""

_NEVER = bytes(32)


class KnownPasswords:
    """The proofs of one process; for the one thread that judges passwords."""

    def __init__(self, people: People, clock: Clock) -> None:
        self._people = people
        self._clock = clock
        self._key = secrets.token_bytes(64)
        self._known: OrderedDict[int, tuple[bytes, float]] = OrderedDict()
        """By a person's id: the hash, and until when it counts in monotonic seconds."""

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._known)

    def check(self, login: str, password: str) -> Person | None:
        """As People.check_password; at once if this was proved lately."""
        person, stored = self._people.credential(login)
        proof = self._proof(person, stored, password)
        if self._is_known(person, proof):
            return person
        proved = self._people.check_password(login, password)
        if person is None:
            return proved
        self._known.pop(person.id, None)
        if proved == person:
            self._known[person.id] = (proof, self._clock.monotonic() + KNOWN_S)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return proved

    def _is_known(self, person: Person | None, proof: bytes) -> bool:
        kept, until = self._known.get(0 if person is None else person.id, (_NEVER, 0.0))
        return compare_digest(kept, proof) and self._clock.monotonic() < until

    def _proof(self, person: Person | None, stored: str | None, password: str) -> bytes:
        """What is kept of a password: the stored form is between, and holds no NUL."""
        rights = ("", "", "") if person is None else (person.id, person.admin, person.roles)
        said = "\0".join((*map(str, rights), stored or "", password))
        return hashlib.blake2b(said.encode(), digest_size=32, key=self._key).digest()
