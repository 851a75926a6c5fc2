"""Passwords said by SASL [RFC 4422]: PLAIN [RFC 4616], and LOGIN, all that old programs know.

    exchange = Exchange("PLAIN")
    exchange.begin(initial)       # the next challenge, or Credentials when all is said
    exchange.answer(line)         # the same, for each further line of the client

Challenges and answers are base64 without the protocol's own words around them, as in SMTP's AUTH
[RFC 4954 §4] and POP3's [RFC 5034 §4]. Whether the password is right is another's affair.
"""

import binascii
from base64 import b64encode
from dataclasses import dataclass, field

MECHANISMS = ("PLAIN", "LOGIN")
"""Those that a password that is kept as a hash can answer, the better one first."""

_CHALLENGES: dict[str, tuple[bytes, ...]] = {
    "PLAIN": (b"",),
    "LOGIN": (b"Username:", b"Password:"),
}


class SaslError(Exception):
    """The client has given up, or says what the mechanism does not allow."""


class Cancelled(SaslError):
    """The client has given up [RFC 4954 §4: a line with a single asterisk]."""


@dataclass(frozen=True)
class Credentials:
    """Who somebody says that they are."""

    user: str
    password: str = field(repr=False)


class Exchange:
    """One try to log in by one of MECHANISMS."""

    def __init__(self, mechanism: str) -> None:
        self._mechanism = mechanism
        self._answers: list[bytes] = []

    def begin(self, initial: str | None) -> str | Credentials:
        """Go on from the command; `initial` is its initial response ("=": an empty one).

        Raises SaslError.
        """
        if initial is None:
            return self._challenge()
        return self.answer("" if initial == "=" else initial)

    def answer(self, line: str) -> str | Credentials:
        """Go on from a line of the client's. Raises SaslError."""
        if line == "*":
            raise Cancelled("the client has given up")
        try:
            self._answers.append(binascii.a2b_base64(line.encode("ascii"), strict_mode=True))
        except (UnicodeEncodeError, binascii.Error) as wrong:
            raise SaslError("the answer is no base64") from wrong
        if len(self._answers) < len(_CHALLENGES[self._mechanism]):
            return self._challenge()
        return self._credentials()

    def _challenge(self) -> str:
        return b64encode(_CHALLENGES[self._mechanism][len(self._answers)]).decode("ascii")

    def _credentials(self) -> Credentials:
        said = self._answers
        if self._mechanism == "PLAIN":
            said = said[0].split(b"\0")
            if len(said) != 3 or said[0] not in (b"", said[1]):
                raise SaslError(
                    "PLAIN is an identity, which must be the user's own, user, password"
                )
            said = said[1:]
        user, password = (octets.decode("utf-8", "replace") for octets in said)
        if not user or not password:
            raise SaslError("user or password is empty")
        return Credentials(user, password)
