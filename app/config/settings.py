"""Every setting, declared once: its meaning, unit, range and default.

The TOML file, its error messages and `python -m app settings` all come from these declarations.
People, mailboxes and aliases are not settings; they live in the store.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from app.config import toml_file
from app.config.calls import Calls
from app.config.defaults import SOUNDS
from app.config.fax import Fax, FaxLine
from app.config.groups import Attendant, Group, GroupNumber, Target
from app.config.keeping import Keeping
from app.config.kinds import (
    Country,
    HostAndPort,
    HostName,
    IpAddress,
    IpNetwork,
    Listening,
    LowerCase,
    OwnAddress,
    Port,
    TimeZone,
)
from app.config.lamps import Lamps
from app.config.mqtt import Mqtt
from app.config.numbers import Codes, Numbers
from app.config.panel import FrontPanel
from app.config.ports import PORTS
from app.config.refusals import reasons_of
from app.config.section import Section
from app.config.store import InboxStore
from app.config.toml_file import SettingsError
from app.core.sentences import sentence
from drivers.countries import codes

__all__ = ["Settings", "SettingsError", "load"]


class Site(Section):
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
    shared_domains: tuple[HostName, ...] = Field(
        (),
        description="Those of site.domains whose mail from the world a hosting service takes: mail"
        " from here to names that nobody has here goes on to it instead of bouncing.",
    )
    country: Country = Field(
        "us",
        description="Country of the lines: tones, ringing, caller ID, line settings. One of: "
        f"{', '.join(codes())}.",
    )
    language: LowerCase = Field(
        "en", pattern=r"^[a-z]{2}$", description="Language of the prompts (a sound pack's)."
    )
    time_zone: TimeZone = Field(
        "",
        description="Time zone of all times, such as Europe/Berlin; empty: the system's.",
    )
    postmaster: str = Field(
        "", description="Login of who gets mail to postmaster; empty: the first administrator."
    )

    @field_validator("shared_domains")
    @classmethod
    def _ours(cls, shared: tuple[str, ...], beside: ValidationInfo) -> tuple[str, ...]:
        ours = [name.lower() for name in beside.data.get("domains", ())]
        for name in shared:
            if ours and name.lower() not in ours:
                raise ValueError(
                    sentence(
                        "%(name)s is not in site.domains; only domains there can be shared",
                        name=name,
                    )
                )
        return shared


LISTEN = "Address to listen on; 0.0.0.0 is every one of IPv4, :: every one of IPv4 and IPv6."


class Mail(Section):
    """POP3 and SMTP."""

    listen: Listening = Field("127.0.0.1", description=LISTEN)
    pop3_port: Port = Field(2110, description="TCP port of POP3; 0 lets the system choose.")
    pop3s_port: Port = Field(
        2995,
        validate_default=True,  # an earlier one alone may collide with it
        description="TCP port of POP3 by TLS; 0 lets the system choose.",
    )
    smtp_port: Port = Field(
        2525,
        validate_default=True,
        description="TCP port of SMTP; 0 lets the system choose.",
    )
    submission_port: Port = Field(
        2587,
        validate_default=True,
        description="TCP port of SMTP for people who have logged in; 0 lets the system choose.",
    )
    submissions_port: Port = Field(
        2465,
        validate_default=True,
        description="TCP port of that by TLS from the first octet; 0 lets the system choose.",
    )
    lan: tuple[IpNetwork, ...] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="Networks whose clients may relay mail, log in without TLS and send bare LF.",
    )
    plain_passwords: bool = Field(
        True,
        description="Clients in mail.lan may say their password without TLS, as old mail programs"
        " and scanners do; the log names who does.",
    )
    login_delay_s: int = Field(
        0,
        ge=0,
        le=3600,
        description="Seconds between two logins by POP3 of one person, told to mail programs and"
        " kept; 0: as often as they like.",
    )
    largest_mb: int = Field(50, ge=1, le=1000, description="Largest mail accepted, in MB.")
    connections: int = Field(
        200, ge=4, le=5000, description="Connections at one time, of POP3 and of SMTP each."
    )
    connections_per_peer: int = Field(
        50, ge=1, le=5000, description="Number of those from one address."
    )
    strangers_percent: int = Field(
        25,
        ge=0,
        le=75,
        description="Share of connections for clients that are not in mail.lan; the rest is the"
        " LAN's alone.",
    )
    strangers_mails: int = Field(
        600,
        ge=0,
        le=1_000_000,
        description="Mails taken at once, and in each further hour, from one address that is not in"
        " mail.lan; 0: any number.",
    )
    recipients_outside: int = Field(
        1000,
        ge=0,
        le=1_000_000,
        description="Recipients elsewhere to whom one person, or one address of mail.lan without a"
        " login, sends at once, and in each further hour; 0: any number.",
    )

    @field_validator(*(f"{name}_port" for name in PORTS))
    @classmethod
    def _another_port(cls, port: int, beside: ValidationInfo) -> int:
        for name, words in PORTS.items():
            if port and port == beside.data.get(f"{name}_port"):  # those declared before it
                setting = f"mail.{name}_port"
                raise ValueError(
                    sentence(
                        "%(whose)s has this port already (%(setting)s); each needs its own",
                        whose=words,
                        setting=setting,
                    )
                )
        return port


class Web(Section):
    """Web pages: those that set up mail programs, and those of whoever logs in."""

    listen: Listening = Field("127.0.0.1", description=LISTEN)
    http_port: Port = Field(2080, description="TCP port of HTTP; 0 lets the system choose.")
    https_port: Port = Field(2443, description="TCP port of HTTP by TLS; 0 lets the system choose.")
    connections: int = Field(
        64, ge=4, le=1000, description="Connections at one time, of both ports together."
    )
    idle_hours: int = Field(
        12, ge=1, le=720, description="Hours without a visit after which a web login ends."
    )
    session_days: int = Field(
        30, ge=1, le=365, description="Days after which a web login ends in any case."
    )
    leave_days: int = Field(
        14,
        ge=0,
        le=365,
        description="Days that mail programs set up by these pages leave messages on the box; 0:"
        " they take them away at once.",
    )
    metrics: bool = Field(
        False, description="Whether /metrics tells measurements to programs such as Prometheus."
    )
    metrics_token: str = Field(
        "",
        pattern=r"^$|^[0-9a-f]{64}$",
        description="SHA-256 of a token (`settings metrics-token` makes one) with which others than"
        " mail.lan read them, by TLS; empty: nobody else does.",
    )


class Console(Section):
    """The serial console."""

    idle_minutes: int = Field(10, ge=1, le=1440, description="Minutes without a key that end it.")


class Certificate(Section):
    """The certificate that the box shows to mail programs and browsers."""

    names: tuple[HostName, ...] = Field(
        (),
        description="Further names of the box for its certificate, such as autoconfig.example.org.",
    )
    acme_directory: str = Field(
        "",
        pattern=r"^$|^https://[^\s/]+/\S*$",
        description="Directory of a certificate authority that signs by ACME [RFC 8555], such as"
        " https://acme-v02.api.letsencrypt.org/directory; naming it accepts its terms. Empty: the"
        " box's own authority signs.",
    )
    acme_contact: str = Field(
        "",
        pattern=r"^$|^[^\s@,]+@[^\s@,]+$",
        description="E-mail address that this authority may write to; empty: none.",
    )


class Outbound(Section):
    """Mail to the world outside."""

    smarthost: HostAndPort = Field(
        "",
        pattern=r"^$|^[^:\s]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?$",
        description="host:port that takes all outgoing mail; empty: each domain's own MX.",
    )
    smarthost_protocol: Literal["smtp", "lmtp"] = Field(
        "smtp",
        description="How the smarthost is spoken to; lmtp [RFC 2033] is for a mail store, such as"
        " Dovecot's, whose port is 24 unless one is named.",
    )
    smarthost_tls: Literal["auto", "starttls", "implicit", "none"] = Field(
        "auto",
        description="Encryption to the smarthost: starttls or implicit demand it; auto: implicit on"
        " port 465, else starttls, which is demanded when there is a login and tried when not.",
    )
    smarthost_verify: bool = Field(
        True,
        description="Whether the smarthost's certificate is checked where encryption is demanded.",
    )
    smarthost_user: str = Field("", description="Login at the smarthost; empty: none.")
    smarthost_password: str = Field(
        "",
        description="Password of that login; it is kept in the store, encrypted: the box takes it"
        " out of this file at its next start.",
    )
    demand_tls: bool = Field(
        False,
        description="Whether mail to each domain's own MX goes encrypted or not at all; most"
        " servers can, none need show a certificate that is checked.",
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
    delay_warning_s: int = Field(
        14400,
        ge=0,
        le=2592000,
        description="Seconds after which the sender is told, once, that a mail waits; 0: never.",
    )


class Incoming(Section):
    """What a call on an outside line does."""

    handsets: tuple[str, ...] = Field((), description="Jacks that ring; empty: every handset.")
    mailbox: str = Field(
        "",
        description="Mailbox number that answers; empty: that of the first administrator who has a"
        " handset, else of the first person who has one.",
    )
    language: LowerCase = Field(
        "",
        pattern=r"^$|^[a-z]{2}$",
        description="Language in which callers on this line are spoken to; empty: that of the"
        " mailbox they reach.",
    )
    to: Target = Field(
        "",
        description="Where calls go instead: the number of a handset, a mailbox (which rings its"
        " owner's handset first) or a group, or attendant; empty: its handsets ring.",
    )
    night_to: Target = Field(
        "", description="The same while it is night (`greeting night on`); empty: as by day."
    )


class Phone(Section):
    """Lines and calls."""

    board: str = Field(
        "virtual",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        description="Folder under board/ that describes the hardware.",
    )
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
    groups: dict[GroupNumber, Group] = Field(
        default_factory=dict, description="Ring groups, by the number that calls them."
    )


TABLES: dict[str, type[Section]] = {
    "incoming": Incoming,
    "groups": Group,
    "receiving": FaxLine,
}
"""Settings of which there is one for each line, or group, by its name."""


class Voicemail(Section):
    """Answering and recording."""

    longest_s: int = Field(180, ge=10, le=3600, description="Longest message, in seconds.")
    shortest_s: float = Field(
        1.0, ge=0, le=30, description="Shorter recordings count as a missed call, in seconds."
    )
    silence_s: int = Field(10, ge=2, le=60, description="Silence that ends a message, in seconds.")
    warn_s: int = Field(
        10,
        ge=0,
        le=60,
        description="Seconds before the longest message ends at which its caller hears two short"
        " tones; 0: never.",
    )
    review: bool = Field(
        True,
        description="Whether a caller who ends a message by # may hear it, say it anew, or call it"
        " urgent, before it is sent.",
    )
    cleaned: bool = Field(
        True,
        description="Whether a message is brought to an even loudness, and the silence before and"
        " after it cut off.",
    )
    sounds: Path = Field(SOUNDS, description="Folder of the sound packs.")


class Network(Section):
    """The network, on a device that is its own (a laptop's is left alone)."""

    address: OwnAddress = Field(
        "", description="Fixed address with its network, 192.168.1.10/24; empty: DHCP gives one."
    )
    gateway: IpAddress = Field("", description="Way out of that network, for a fixed address.")
    nameservers: tuple[IpAddress, ...] = Field(
        (), description="Addresses of name servers; empty: those that DHCP names."
    )
    time_servers: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")], ...] = Field(
        (), description="Names or addresses of NTP servers; empty: DHCP's and a public pool."
    )
    wlan: str = Field(
        "",
        max_length=32,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Name of the wireless network, if it is one.",
    )
    passphrase: str = Field("", pattern=r"^$|^.{8,63}$", description="Secret of that network.")


class Settings(Section):
    """The whole settings file."""

    site: Site = Site()
    network: Network = Network()
    mail: Mail = Mail()
    web: Web = Web()
    console: Console = Console()
    certificate: Certificate = Certificate()
    panel: FrontPanel = FrontPanel()
    attendant: Attendant = Attendant()
    outbound: Outbound = Outbound()
    phone: Phone = Phone()
    calls: Calls = Calls()
    numbers: Numbers = Numbers()
    codes: Codes = Codes()
    voicemail: Voicemail = Voicemail()
    fax: Fax = Fax()
    keeping: Keeping = Keeping()
    store: InboxStore = InboxStore()
    mqtt: Mqtt = Mqtt()
    lamps: Lamps = Lamps()


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
        raise SettingsError(
            _explain(path, text, problem), reasons_of(problem, Settings, TABLES)
        ) from problem


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
    for name, reason in reasons_of(problem, Settings, TABLES):
        number = toml_file.line_of(text, name.split("."))
        where = f"{path}, line {number}" if number else f"{path}"
        lines.append(f"{where}: {name}: {reason}")
    return "\n".join(lines)
