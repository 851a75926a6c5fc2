"""What a POP3 server says that it can do [RFC 2449 §5, §6], and the languages of its answers."""

from dataclasses import dataclass

from app.mail.sasl import MECHANISMS

LANGUAGES = {"en": "English", "i-default": "English, for programs that know no other"}
"""Languages of our answers [RFC 6856 §3.2]; i-default is among them by the rule."""


@dataclass(frozen=True)
class Offer:
    """What the owner's settings make of CAPA.

    expire         what EXPIRE announces before anybody has logged in: for how many days messages
                   are kept at least, or "NEVER" [RFC 2449 §6.7]; with " USER" if that differs from
                   person to person; empty: nothing is promised
    login_delay_s  seconds between two logins of a person at least [RFC 2449 §6.5]; 0: no rule
    """

    expire: str = ""
    login_delay_s: int = 0


def capabilities(offer: Offer, *, stls: bool, passwords: bool, expire: str) -> list[str]:
    """The lines of CAPA.

    stls       TLS may be begun now [RFC 2595 §4]
    passwords  somebody may say a password now, or could have said it before TRANSACTION
    expire     what holds for who is logged in, if anybody is; else as in `offer`
    """
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "UTF8", "LANG"]
    if stls:
        lines.append("STLS")
    if passwords:
        lines += ["USER", f"SASL {' '.join(MECHANISMS)}"]
    if expire:
        lines.append(f"EXPIRE {expire}")
    if offer.login_delay_s:
        lines.append(f"LOGIN-DELAY {offer.login_delay_s}")
    return [*lines, "IMPLEMENTATION Switchhook"]


def language(wanted: str) -> str | None:
    """The language we have for a range [RFC 4647 §3.4, lookup]; None if we have none for it."""
    tag = wanted.lower()
    if tag == "*":
        return "en"
    while tag and tag not in LANGUAGES:
        tag = tag.rpartition("-")[0]
    return tag or None
