"""Every setting, declared once: its meaning, unit, range and default.

The TOML file, its error messages and `python -m app settings` all come from these declarations.
People, mailboxes and aliases are not settings; they live in the store.
"""

import ipaddress
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from app.config import toml_file
from app.config.toml_file import SettingsError
from drivers.countries import codes, country

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_HOST_NAME_RULE = (
    "letters, digits and hyphens, in parts of 1 to 63 with dots between, 253 characters at most"
)

__all__ = ["Settings", "SettingsError", "annotated", "load"]


def _network(text: str) -> str:
    ipaddress.ip_network(text)  # ValueError says what is wrong with it
    return text


def _own_address(text: str) -> str:
    if text and "/" not in text:
        raise ValueError("the length of the network is missing, as in 192.168.1.10/24")
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
        raise ValueError(f"{name!r} is no host name: {_HOST_NAME_RULE}")  # [RFC 1123 2.1]
    return name


def _smarthost(text: str) -> str:
    port = text.rpartition(":")[2]
    if ":" in text and port.isdecimal() and not 1 <= int(port) <= 65535:
        raise ValueError("a port is a number from 1 to 65535")
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
        raise ValueError("there is no such time zone; Europe/Berlin is one") from problem
    return text


IpNetwork = Annotated[str, AfterValidator(_network)]
IpAddress = Annotated[str, AfterValidator(_address)]
Port = Annotated[int, Field(ge=0, le=65535)]


HostName = Annotated[str, AfterValidator(_host_name)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(_Section):
    """Where the box stands and what it is called."""

    hostname: HostName = Field(
        "switchhook.local",
        description="The box's own name, as it greets mail clients and servers.",
    )
    domains: tuple[HostName, ...] = Field(
        ("switchhook.local",),
        min_length=1,
        description="Mail domains that are ours; the first one is used in people's addresses.",
    )
    country: Annotated[str, AfterValidator(_country)] = Field(
        "us",
        description="Country of the lines: tones, ringing, caller ID, line settings. One of: "
        f"{', '.join(codes())}.",
    )
    language: Annotated[str, BeforeValidator(_lower)] = Field(
        "en", pattern=r"^[a-z]{2}$", description="Language of the prompts (a sound pack's)."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "",
        description="Time zone of all times, such as Europe/Berlin; empty: the system's.",
    )
    postmaster: str = Field(
        "", description="Login of who gets mail to postmaster; empty: the first administrator."
    )


class Mail(_Section):
    """POP3 and SMTP."""

    listen: Annotated[str, AfterValidator(_listening)] = Field(
        "127.0.0.1", description="Address to listen on; 0.0.0.0 is every IPv4 address."
    )
    pop3_port: Port = Field(2110, description="TCP port of POP3; 0 lets the system choose.")
    smtp_port: Port = Field(
        2525,
        validate_default=True,  # pop3_port alone may collide with it
        description="TCP port of SMTP; 0 lets the system choose.",
    )
    lan: tuple[IpNetwork, ...] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="Networks whose clients may relay mail, log in without TLS and send bare LF.",
    )
    largest_mb: int = Field(50, ge=1, le=1000, description="Largest mail accepted, in MB.")
    connections: int = Field(200, ge=4, le=5000, description="Mail connections at one time.")
    connections_per_peer: int = Field(
        50, ge=1, le=5000, description="Mail connections at one time from one address."
    )

    @field_validator("smtp_port")
    @classmethod
    def _another_port(cls, port: int, beside: ValidationInfo) -> int:
        if port and port == beside.data.get("pop3_port"):
            raise ValueError("POP3 has this port already (mail.pop3_port); each needs its own")
        return port


class Outbound(_Section):
    """Mail to the world outside."""

    smarthost: Annotated[str, AfterValidator(_smarthost)] = Field(
        "",
        pattern=r"^$|^[^:\s]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$",
        description="host:port that takes all outgoing mail; empty: each domain's own MX.",
    )
    public_domain: str = Field(
        "",
        pattern=r"^$|^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        description="Public domain whose MX is this box; forwards get a sender in it (SRS).",
    )
    first_retry_s: int = Field(
        300, ge=1, le=86400, description="Seconds to the first retry; each one waits twice as long."
    )
    longest_retry_s: int = Field(14400, ge=1, le=86400, description="Longest wait between tries.")
    give_up_s: int = Field(
        432000,
        ge=60,
        le=2592000,
        description="Seconds after which a mail comes back [RFC 5321 4.5.4].",
    )


class Incoming(_Section):
    """What a call on an outside line does."""

    handsets: tuple[str, ...] = Field((), description="Jacks that ring; empty: every handset.")
    mailbox: str = Field(
        "",
        description="Mailbox number that answers; empty: that of the first administrator who has a"
        " handset, else of the first person who has one.",
    )


class Phone(_Section):
    """Lines and calls."""

    board: str = Field("virtual", description="Folder under board/ that describes the hardware.")
    ring_seconds: int = Field(
        20,
        ge=4,
        le=120,
        description="Seconds a call rings before voicemail answers; caller ID needs the first 4.",
    )
    incoming: dict[str, Incoming] = Field(
        default_factory=dict,
        description="For each outside line, by its jack: who rings, and whose mailbox answers.",
    )


class Voicemail(_Section):
    """Answering and recording."""

    longest_s: int = Field(180, ge=10, le=3600, description="Longest message, in seconds.")
    shortest_s: float = Field(
        1.0, ge=0, le=30, description="Shorter recordings count as a missed call, in seconds."
    )
    silence_s: int = Field(10, ge=2, le=60, description="Silence that ends a message, in seconds.")
    sounds: Path = Field(
        Path("/usr/share/asterisk/sounds"), description="Folder of the sound packs."
    )


class Keeping(_Section):
    """What the store keeps, and what it leaves free."""

    quota_mb: int = Field(
        1000, ge=1, le=1_000_000, description="Size of a new person's inbox, in MB."
    )
    grace_days: float = Field(
        14, ge=0, le=3650, description="Days a removed message can be restored."
    )
    bin_share: float = Field(
        0.2, ge=0.01, le=0.9, description="Largest share of the disk that removed messages hold."
    )
    free_floor_mb: int = Field(
        200, ge=1, le=1_000_000, description="Free space below which mail is put off (452), in MB."
    )
    voice_reserve_mb: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Part of that floor that voicemail may still use, in MB.",
    )


class Network(_Section):
    """The network, on a device that is its own (a laptop's is left alone)."""

    address: Annotated[str, AfterValidator(_own_address)] = Field(
        "", description="Fixed address with its network, 192.168.1.10/24; empty: DHCP gives one."
    )
    gateway: IpAddress = Field("", description="Way out of that network, for a fixed address.")
    nameservers: tuple[IpAddress, ...] = Field(
        (), description="Addresses of name servers; empty: those that DHCP names."
    )
    time_servers: tuple[str, ...] = Field(
        (), description="Names or addresses of NTP servers; empty: DHCP's and a public pool."
    )
    wlan: str = Field("", max_length=32, description="Name of the wireless network, if it is one.")
    passphrase: str = Field("", pattern=r"^$|^.{8,63}$", description="Secret of that network.")


class Settings(_Section):
    """The whole settings file."""

    site: Site = Site()
    network: Network = Network()
    mail: Mail = Mail()
    outbound: Outbound = Outbound()
    phone: Phone = Phone()
    voicemail: Voicemail = Voicemail()
    keeping: Keeping = Keeping()


def load(path: Path, beneath: Sequence[Path] = ()) -> Settings:
    """The settings of a TOML file; a missing file means the defaults. Raises SettingsError.

    `beneath` are files whose values hold where `path` says nothing; of two, the later one's hold.
    """
    return from_text(toml_file.read(path)[0], path, beneath)


def from_text(text: str, path: Path, beneath: Sequence[Path] = ()) -> Settings:
    """The settings as load() would give them if `path` held this text. Raises SettingsError."""
    merged: dict[str, Any] = {}
    for lower in beneath:
        _lay_over(merged, toml_file.read(lower)[1])
    _lay_over(merged, toml_file.parse(path, text))
    try:
        return Settings.model_validate(merged)
    except ValidationError as problem:
        raise SettingsError(_explain(path, text, problem), _reasons(problem)) from problem


def _lay_over(lower: dict[str, Any], upper: dict[str, Any]) -> None:
    """Put the upper values into the lower ones, table by table."""
    for name, value in upper.items():
        there = lower.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            _lay_over(there, value)
        else:
            lower[name] = value


def _explain(path: Path, text: str, problem: ValidationError) -> str:
    lines = []
    for name, reason in _reasons(problem):
        number = _line_of(text, name.split("."))
        where = f"{path}, line {number}" if number else f"{path}"
        lines.append(f"{where}: {name}: {reason}")
    return "\n".join(lines)


def _reasons(problem: ValidationError) -> list[tuple[str, str]]:
    """Each setting that cannot be, with the reason."""
    found = []
    for error in problem.errors():
        name = [str(part) for part in error["loc"]]
        found.append((".".join(name), _reason(name, error)))
    return found


def _reason(name: list[str], error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return f"no such setting; allowed here: {', '.join(_names_beside(name))}"
    found = "" if name[-1] in toml_file.SECRETS else f" (found {error['input']!r})"
    meaning = _meaning(name)
    said = str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]
    return f"{said}{found}{f'; {meaning}' if meaning else ''}"


def _section_of(name: list[str]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for part in name:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation
            elif part == "incoming":
                model = Incoming
    return model


def _names_beside(name: list[str]) -> list[str]:
    return sorted(_section_of(name[:-1]).model_fields)


def _meaning(name: list[str]) -> str:
    for depth in range(len(name), 0, -1):
        field = _section_of(name[: depth - 1]).model_fields.get(name[depth - 1])
        if field is not None and field.description:
            return field.description
    return ""


def _line_of(text: str, name: list[str]) -> int:
    """The line of a key (1..n), or 0 if it is not written there: TOML readers do not say."""
    section: list[str] = []
    best = 0
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]").replace('"', "").split(".")
            if section == name[: len(section)]:
                best = number
        elif "=" in line and not line.startswith("#"):
            key = [part.strip().strip('"') for part in line.split("=", 1)[0].split(".")]
            written = section + key
            if written == name[: len(written)]:
                return number
    return best


def annotated(defaults: Settings | None = None) -> str:
    """All settings with meaning, default and range, as a TOML file that changes nothing."""
    lines = ["# Switchhook settings. A line without # changes the default it shows."]
    for name in Settings.model_fields:
        section = getattr(defaults or Settings(), name)
        lines += ["", f"# {type(section).__doc__}", f"[{name}]"]
        for key, inner in type(section).model_fields.items():
            lines += [f"# {inner.description}{allowed_range(inner.metadata, inner.annotation)}"]
            if key != "incoming":
                lines += [f"#{key} = {_toml(getattr(section, key))}"]
            else:
                lines += [f"# {k}: {f.description}" for k, f in Incoming.model_fields.items()]
                lines += ['#incoming.line1 = { handsets = ["101"], mailbox = "201" }']
    return "\n".join(lines) + "\n"


def allowed_range(metadata: list[Any], annotation: Any) -> str:
    """The range or the choices of a declared field in words; "" if it has none."""
    low = next((m.ge for m in metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in metadata if hasattr(m, "le")), None)
    if low is not None and high is not None:
        return f" From {low} to {high}."
    choices = getattr(annotation, "__args__", None)
    if choices and all(isinstance(c, str) for c in choices):
        return f" One of: {', '.join(choices)}."
    return ""


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str | Path):
        return '"' + str(value) + '"'
    return str(value)
