"""Whether a domain lets a host send mail in its name: check_host of RFC 7208 §4.

    await Check(names, ip, "carl@far.test", "mail.far.test").of("far.test")

It asks the DNS as often as the standard allows and no more: a stranger chooses what is asked.
Explanations (exp=) are not looked up, because nobody is refused by what is found.

pyspf, the one library for it, is not kept up any more and waits for the DNS where it is called;
the mail loop cannot.
"""

import ipaddress

from app.mail.spf.macros import Address, Values, expanded, wants_validated
from app.mail.spf.names import Names, NoAnswer
from app.mail.spf.record import BadRecord, Mechanism, Record, SpfResult, is_record, parse

TERMS = 10
"""Terms that ask the DNS [RFC 7208 §4.6.4]; so many names of an MX or PTR answer, too."""
VOID = 2
"""Answers that there is nothing [RFC 7208 §4.6.4]."""
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})


class TooMuch(BadRecord):
    """The record wants more of the DNS than it may."""


class Check:
    """One host that says to send for one sender."""

    def __init__(self, names: Names, ip: Address, sender: str, helo: str) -> None:
        """`sender` is local part and domain; of the null sender postmaster@ its HELO [§2.4]."""
        self._names = names
        self._ip = ip
        self._sender = sender
        self._helo = helo
        self._terms = self._voids = 0

    async def of(self, domain: str) -> SpfResult:
        """What the domain says of the host. Never raises."""
        try:
            return await self._result(domain)
        except NoAnswer:
            return SpfResult.TEMPERROR
        except BadRecord:
            return SpfResult.PERMERROR

    async def _result(self, domain: str) -> SpfResult:
        record = await self._record(domain)
        if record is None:
            return SpfResult.NONE
        for mechanism in record.mechanisms:
            if await self._matches(mechanism, domain):
                return mechanism.result
        if not record.redirect:
            return SpfResult.NEUTRAL
        self._count_term()
        found = await self._result(await self._expanded(record.redirect, domain))
        if found is SpfResult.NONE:
            raise BadRecord("redirect= to a domain that says nothing")
        return found

    async def _record(self, domain: str) -> Record | None:
        """What a domain says; None if it says nothing. Raises BadRecord, NoAnswer."""
        labels = domain.removesuffix(".").split(".")
        if len(domain) > 253 or len(labels) < 2 or not all(0 < len(one) < 64 for one in labels):
            return None
        found = [text for text in await self._names.texts(domain) if is_record(text)]
        if len(found) > 1:
            raise BadRecord("several records")
        return parse(found[0]) if found else None

    async def _matches(self, mechanism: Mechanism, domain: str) -> bool:
        if mechanism.name in _ASKING:
            self._count_term()
        if mechanism.name == "all":
            return True
        if mechanism.network is not None:
            return self._ip in mechanism.network
        name = await self._expanded(mechanism.domain, domain) if mechanism.domain else domain
        if mechanism.name == "include":
            return await self._is_included(name)
        if mechanism.name == "exists":
            return bool(await self._addresses(name, version=4))
        if mechanism.name == "ptr":
            return _named_in(await self._validated_names(), name) is not None
        if mechanism.name == "a":
            return self._is_among(await self._addresses(name), mechanism)
        return await self._is_exchanger(name, mechanism)

    async def _is_included(self, domain: str) -> bool:
        """[RFC 7208 §5.2]: only a pass of the other record counts."""
        found = await self._result(domain)
        if found is SpfResult.NONE:
            raise BadRecord("include: of a domain that says nothing")
        return found is SpfResult.PASS

    async def _is_exchanger(self, domain: str, mechanism: Mechanism) -> bool:
        hosts = await self._names.exchangers(domain)
        self._count_void(hosts)
        if len(hosts) > TERMS:
            raise TooMuch("more than ten mail servers")
        for host in hosts:
            if self._is_among(await self._addresses(host), mechanism):
                return True
        return False

    async def _validated_names(self) -> list[str]:
        """The host's names that lead back to the host, in small letters [RFC 7208 §5.5]."""
        try:
            pointers = await self._names.pointers(self._ip)
        except NoAnswer:
            return []
        self._count_void(pointers)
        found = []
        for name in pointers[:TERMS]:
            try:
                addresses = await self._names.addresses(name, self._ip.version)
            except NoAnswer:
                continue
            if self._ip in map(ipaddress.ip_address, addresses):
                found.append(name.lower().removesuffix("."))
        return found

    async def _addresses(self, name: str, version: int = 0) -> list[str]:
        found = await self._names.addresses(name, version or self._ip.version)
        self._count_void(found)
        return found

    def _is_among(self, addresses: list[str], mechanism: Mechanism) -> bool:
        bits = mechanism.lengths[0 if self._ip.version == 4 else 1]
        return any(
            self._ip in ipaddress.ip_network((address, bits), strict=False) for address in addresses
        )

    async def _expanded(self, spec: str, domain: str) -> str:
        validated = "unknown"
        if wants_validated(spec):
            names = await self._validated_names()
            validated = _named_in(names, domain) or next(iter(names), validated)
        values = Values(self._ip, self._sender, domain, self._helo, validated)
        return expanded(spec, values)

    def _count_term(self) -> None:
        self._terms += 1
        if self._terms > TERMS:
            raise TooMuch("more than ten terms that ask the DNS")

    def _count_void(self, found: list[str]) -> None:
        self._voids += not found
        if self._voids > VOID:
            raise TooMuch("more than two names of which there is nothing")


def _named_in(names: list[str], domain: str) -> str | None:
    """The name that is the domain, else one within it; None if there is none."""
    wanted = domain.lower().removesuffix(".")
    within = (name for name in names if name.endswith(f".{wanted}"))
    return wanted if wanted in names else next(within, None)
