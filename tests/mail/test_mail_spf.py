"""SPF: what a domain's record says of a host, by RFC 7208, over a DNS on loopback.

The standard's own suite of cases (openspf.org, 203 cases for RFC 7208, 191 for RFC 4408) was run
over the same code by hand when it was written; these are the rules that it rests on.
"""

import asyncio
import contextlib
import ipaddress
import time
from typing import ClassVar

import pytest

from app.mail.spf.check import Check
from app.mail.spf.macros import Values, expanded
from app.mail.spf.names import DnsNames
from app.mail.spf.record import BadRecord, parse
from app.mail.spf.sender import say
from tests.kit.dns_zone import DnsZone

HOST = "192.0.2.7"
MANY = " ".join(f"exists:n{number}.far.net" for number in range(11))


def spf(record: str, domain: str = "far.net") -> dict[tuple[str, str], list[str]]:
    return {(domain, "TXT"): [f'"{record}"']}


WORLD = {
    ("mail.far.net", "A"): [HOST],
    ("mail.far.net", "AAAA"): ["2001:db8::7"],
    ("far.net", "A"): ["192.0.2.200"],
    ("far.net", "MX"): ["20 spare.far.net.", "10 mail.far.net."],
    ("spare.far.net", "A"): ["198.51.100.1"],
    ("7.2.0.192.in-addr.arpa", "PTR"): ["liar.else.net.", "mail.far.net."],
    ("liar.else.net", "A"): ["203.0.113.1"],
    ("carl.far.net.spf.far.net", "A"): ["127.0.0.2"],
    **spf("v=spf1 ip4:192.0.2.0/24 -all", "pass.net"),
    **spf("v=spf1 -all", "fail.net"),
    **spf("v=spf1 nonsense", "bad.net"),
    ("nothing.net", "A"): ["192.0.2.1"],
    ("crowd.net", "MX"): [f"1 mx{number}.crowd.net." for number in range(11)],
}


def found(
    record: str,
    host: str = HOST,
    broken: tuple[str | tuple[str, str], ...] = (),
    sender: str = "carl@far.net",
) -> str:
    with DnsZone({**WORLD, **spf(record)}, broken) as zone:
        names = DnsNames(zone.resolver)
        check = Check(names, ipaddress.ip_address(host), sender, "mail.far.net")
        return str(asyncio.run(check.of("far.net")))


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("V=SPF1 ?ALL", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 +ip4:192.0.2.7 -all", "pass"),
        ("v=spf1 ip4:192.0.2.64/26 -all", "fail"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1 a -all", "fail"),
        ("v=spf1 a/24 -all", "pass"),
        ("v=spf1 a:mail.far.net -all", "pass"),
        ("v=spf1 a:mail.far.net//64 -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 mx:crowd.net -all", "permerror"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 ptr:else.net -all", "fail"),
        ("v=spf1 exists:%{l}.%{d}.spf.%{o} -all", "pass"),
        ("v=spf1 exists:%{l}.%{d}.not.%{o} -all", "fail"),
        ("v=spf1 include:pass.net -all", "pass"),
        ("v=spf1 include:fail.net ~all", "softfail"),
        ("v=spf1 include:nothing.net ~all", "permerror"),
        ("v=spf1 include:bad.net ~all", "permerror"),
        ("v=spf1 redirect=pass.net", "pass"),
        ("v=spf1 redirect=nothing.net", "permerror"),
        ("v=spf1 redirect=pass.net ~all", "softfail"),
        ("v=spf1 include:far.net -all", "permerror"),  # itself, without end
        (f"v=spf1 {MANY} -all", "permerror"),
        ("v=spf1 a:no1.net a:no2.net a:no3.net -all", "permerror"),
        ("v=spf1 a:no1.net a:no2.net -all", "fail"),
        ("v=spf10 -all", "none"),
        ("spf2.0/pra -all", "none"),
    ],
)
def test_a_record_says_of_a_host(record: str, result: str) -> None:
    assert found(record) == result


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", "pass"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "fail"),
        ("v=spf1 a:mail.far.net/32//120 -all", "pass"),
        ("v=spf1 mx//127 -all", "pass"),
    ],
)
def test_a_record_says_of_a_host_of_ipv6(record: str, result: str) -> None:
    assert found(record, host="2001:db8::6") == result


def test_a_dns_that_does_not_answer_is_no_verdict() -> None:
    assert found("v=spf1 -all", broken=("far.net",)) == "temperror"
    assert found("v=spf1 include:pass.net -all", broken=("pass.net",)) == "temperror"
    assert found("v=spf1 ptr -all", broken=(("7.2.0.192.in-addr.arpa", "PTR"),)) == "fail"


def test_two_records_are_none_that_counts() -> None:
    twice = {("far.net", "TXT"): ['"v=spf1 -all"', '"v=spf1 +all"']}
    with DnsZone(twice) as zone:
        names, host = DnsNames(zone.resolver), ipaddress.ip_address(HOST)
        assert asyncio.run(Check(names, host, "c@far.net", "x.net").of("far.net")) == "permerror"


@pytest.mark.parametrize(
    "record",
    [
        "all:x", "a:", "a:/24", "a/33", "a//129", "a/024", "ip4", "ip4:", "ip4:192.0.2",
        "ip4:1.2.3.4/33", "ip4:1.2.3.4/", "ip6:1.2.3.4", "ip6:::1/129", "include",
        "include:", "include:nodot",
        "exists:%{x}.far.net", "exists:%{c}.far.net", "exists:%{d0}.far.net", "exists:%.far.net",
        "exists:%{d", "redirect=", "redirect=a.net redirect=b.net", "exp=a.net exp=b.net",
        "ptr/24", "mx:far.net/", "a:far.123", "what", "=x", "\ufffd.net", "a:b\tc.net", "x=%x",
    ],
)  # fmt: skip
def test_a_fault_anywhere_spoils_the_record(record: str) -> None:
    with pytest.raises(BadRecord):
        parse(f"v=spf1 ip4:192.0.2.7 {record} -all")


@pytest.mark.parametrize("term", ["unknown=anything%%", "a-b.c_d=%{d}", "exp=%{d}.why.net", "PTR"])
def test_what_is_new_or_known_is_read_over(term: str) -> None:
    assert len(parse(f"v=spf1  {term}   -all ").mechanisms) in (1, 2)


@pytest.mark.parametrize(
    ("spec", "name"),
    [  # [RFC 7208 §7.4]
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{h}%_%-%%", "mx.far.net %20%"),
        ("%{p}.x.net.", "unknown.x.net"),
    ],
)
def test_macros_stand_for_what_the_standard_says(spec: str, name: str) -> None:
    values = Values(
        ipaddress.ip_address("192.0.2.3"),
        "strong-bad@email.example.com",
        "email.example.com",
        "mx.far.net",
    )
    assert expanded(spec, values) == name


def test_a_long_name_loses_its_first_labels_and_ipv6_is_written_by_half_octets() -> None:
    values = Values(ipaddress.ip_address("2001:db8::cb01"), "x@far.net", "far.net", "h.net")
    assert expanded("%{i}", values) == "2.0.0.1.0.d.b.8" + ".0" * 20 + ".c.b.0.1"
    name = expanded(f"{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.net", values)
    assert name.startswith("b" * 60 + ".") and len(name) <= 253


@pytest.mark.parametrize(
    "spec", ["%{d}." * 800 + "x.net", "%{d1r}" * 600 + ".net", ".a-" * 1200 + "!", "%" * 4000]
)
def test_hostile_records_take_no_time(spec: str) -> None:
    """Each in less than 20 ms of a processor; a quadratic step would take a thousand times that."""
    values = Values(ipaddress.ip_address(HOST), "x@" + "y." * 120 + "net", "y." * 120 + "net", "h")
    began = time.process_time()
    with contextlib.suppress(BadRecord):
        (mechanism,) = parse(f"v=spf1 exists:{spec}").mechanisms
        name = expanded(mechanism.domain, values)
        assert len(name) <= 253 and (name.endswith("net") or name == "")
    with pytest.raises(BadRecord):
        parse("v=spf1 " + "a " * 3000)
    assert time.process_time() - began < 0.2


class Counted(Values):
    """Values that count how often they are asked for."""

    asked: ClassVar[list[str]] = []

    def of(self, letter: str) -> str:
        self.asked.append(letter)
        return super().of(letter)


@pytest.mark.parametrize("end", ["", ".", ".net", ".net.", "." + "z" * 250, "z" * 253 + ".", "%%"])
@pytest.mark.parametrize("macro", ["%{s}", "%{S}", "%{d1}", "%{h}", "a%%"])
def test_of_a_long_record_no_more_macros_are_read_than_a_name_can_show(
    macro: str, end: str
) -> None:
    values = Counted(ipaddress.ip_address(HOST), "x@" + "y." * 20 + "net", "y.net", "h")
    for times in (1, 60, 900):
        Counted.asked.clear()
        one = {"%{s}": values.sender, "%{S}": values.sender.replace("@", "%40"), "%{d1}": "net",
               "%{h}": "h", "a%%": "a%"}[macro]  # fmt: skip
        whole = (one * times + end.replace("%%", "%")).removesuffix(".")
        name = expanded(macro * times + end, values)
        assert name == (whole if len(whole) <= 253 else whole[-254:].partition(".")[2])
        assert len(Counted.asked) <= 256


def test_the_validated_name_of_the_domain_comes_first() -> None:
    record = "v=spf1 exists:%{p}.ptr.net -all"
    with DnsZone({**WORLD, **spf(record), ("mail.far.net.ptr.net", "A"): ["127.0.0.1"]}) as zone:
        names, host = DnsNames(zone.resolver), ipaddress.ip_address(HOST)
        assert asyncio.run(Check(names, host, "c@far.net", "x.net").of("far.net")) == "pass"


@pytest.mark.parametrize(
    ("host", "sender", "helo", "told"),
    [
        (HOST, "carl@pass.net", "x", "spf=pass smtp.mailfrom=pass.net"),
        (f"::ffff:{HOST}", "carl@pass.net", "x", "spf=pass smtp.mailfrom=pass.net"),
        ("198.51.100.7", "carl@pass.net", "x", "spf=fail smtp.mailfrom=pass.net"),
        (HOST, "", "pass.net", "spf=pass smtp.helo=pass.net"),
        (HOST, "", "my printer", "spf=none"),
        (HOST, "", "[192.0.2.7]", "spf=none"),
        (HOST, "carl@münchen.net", "x", "spf=none smtp.mailfrom=xn--mnchen-3ya.net"),
        (HOST, "carl@" + "a" * 64 + ".net", "x", "spf=none"),
        (HOST, "carl", "x", "spf=none"),
        (HOST, "carl@far.test", "x", "spf=none smtp.mailfrom=far.test"),
        ("?", "carl@pass.net", "x", "spf=none smtp.mailfrom=pass.net"),
    ],
)
def test_what_is_said_of_a_mail(host: str, sender: str, helo: str, told: str) -> None:
    with DnsZone(WORLD) as zone:
        assert asyncio.run(say(DnsNames(zone.resolver), host, sender, helo)) == told


def test_a_dns_that_is_slow_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(DnsNames):
        async def texts(self, name: str) -> list[str]:
            await asyncio.Event().wait()
            return [name]

    monkeypatch.setattr("app.mail.spf.sender.LIMIT_S", 0.0)
    told = asyncio.run(say(Silent(DnsZone.resolver), HOST, "c@far.net", "x"))  # type: ignore[arg-type]
    assert told == "spf=temperror smtp.mailfrom=far.net"
