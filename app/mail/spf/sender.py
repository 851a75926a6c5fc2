"""What SPF says of a mail that comes in [RFC 7208 §2.4], in the words of RFC 8601 §2.7.2.

It only says so: nobody is refused by it. Forwarders fail it without a fault of theirs, and whoever
takes this box's mail on may judge by more (app/mail/signing/signer.py hands the words on).
"""

import asyncio
import ipaddress

from app.core.domains import is_special
from app.mail.spf.check import Check
from app.mail.spf.macros import Address
from app.mail.spf.names import Names
from app.mail.spf.record import SpfResult

LIMIT_S = 20.0
"""Seconds for all questions of one mail [RFC 7208 §4.6.4: 20 at least]."""


async def say(names: Names, host: str, sender: str, helo: str) -> str:
    """Such as `spf=pass smtp.mailfrom=far.test`; of the null sender it is about the HELO name.

    `host` is the IP address of who sends, `sender` the envelope's. Never raises. Names that the
    public DNS cannot have are not asked for.
    """
    kind = "mailfrom" if sender else "helo"
    local, at, domain = sender.rpartition("@") if sender else ("", "@", helo)
    if not at:  # a login alone, as only devices of the house say it
        domain = ""
    found, ip = SpfResult.NONE, _address(host)
    if ip is not None and not is_special(domain):
        whole = f"{local or 'postmaster'}@{domain}"
        found = await _within_limit(Check(names, ip, whole, helo), domain)
    return f"spf={found} smtp.{kind}={_written(domain)}" if _written(domain) else f"spf={found}"


async def _within_limit(check: Check, domain: str) -> SpfResult:
    try:
        async with asyncio.timeout(LIMIT_S):
            return await check.of(domain)
    except TimeoutError:
        return SpfResult.TEMPERROR


def _address(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None  # the peer was gone before it could be asked for
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _written(domain: str) -> str:
    """The domain as a field may have it; "" if it is nothing that could stand there."""
    try:
        name = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""
    return name if all(one.isalnum() or one in "._-" for one in name) else ""
