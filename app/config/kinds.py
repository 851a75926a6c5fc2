"""The kinds of values that settings have: what each may be, and what is said of one that is not."""

import ipaddress
import re
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from app.core.sentences import N_, sentence
from drivers.countries import country

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_NO_HOST_NAME = N_(
    "%(name)s is no host name: letters, digits and hyphens, in parts of 1 to 63 with dots between,"
    " 253 characters at most"
)


def _network(text: str) -> str:
    ipaddress.ip_network(text)  # ValueError says what is wrong with it
    return text


def _own_address(text: str) -> str:
    if text and "/" not in text:
        raise ValueError(sentence("the length of the network is missing, as in 192.168.1.10/24"))
    if text:
        ipaddress.ip_interface(text)
    return text


def _address(text: str) -> str:
    if text:
        ipaddress.ip_address(text)
    return text


def _listening(text: str) -> str:
    """An address to listen on, as every system can read it, whatever its name service says."""
    ipaddress.ip_address(text)
    return text


def _host_name(name: str) -> str:
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(sentence(_NO_HOST_NAME, name=repr(name)))  # [RFC 1123 2.1]
    return name


def _host_and_port(text: str) -> str:
    port = text.rpartition(":")[2]
    if ":" in text and port.isdecimal() and not 1 <= int(port) <= 65535:
        raise ValueError(sentence("a port is a number from 1 to 65535"))
    return text


def _country(code: str) -> str:
    return country(code).code  # UnknownCountry says which there are


def _lower(value: object) -> object:
    """Codes of languages are the same in capitals."""
    return value.strip().lower() if isinstance(value, str) else value


def _zone(text: str) -> str:
    try:
        if text:
            ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise ValueError(sentence("there is no such time zone; Europe/Berlin is one")) from problem
    return text


IpNetwork = Annotated[str, AfterValidator(_network)]
IpAddress = Annotated[str, AfterValidator(_address)]
Port = Annotated[int, Field(ge=0, le=65535)]
HostName = Annotated[str, AfterValidator(_host_name)]
OwnAddress = Annotated[str, AfterValidator(_own_address)]
Listening = Annotated[str, AfterValidator(_listening)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Country = Annotated[str, AfterValidator(_country)]
LowerCase = Annotated[str, BeforeValidator(_lower)]
TimeZone = Annotated[str, AfterValidator(_zone)]
