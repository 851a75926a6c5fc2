"""What the web pages must know of the settings (app/config/settings.py), as plain values."""

from dataclasses import dataclass

from app.web.clients.access import MailAccess

SAMPLE = "en_US_f_Allison/demo-thanks.wav"
"""A sentence of the sound pack that takes 5 s."""


@dataclass(frozen=True)
class WebConfig:
    """Where to listen, for whom, and what mail programs are told."""

    listen: str
    """Address to listen on."""
    http_port: int
    """TCP port of HTTP; 0 lets the system choose."""
    https_port: int
    """The same by TLS, once there is a certificate."""
    connections: int
    """Number of connections at one time, of both ports together."""
    strangers_percent: int
    """Share of them that clients from elsewhere than `lan` have, in percent."""
    lan: tuple[str, ...]
    """Networks whose clients are at home here."""
    idle_s: float
    """Seconds without a visit after which somebody who is logged in no longer is."""
    session_s: float
    """Seconds after a login at which they are not in any case."""
    names: tuple[str, ...]
    """Names by which the box is known, its own one first."""
    access: MailAccess
    """What mail programs are told."""
    keys: str
    """Folder of certificates and keys."""
    mail_ports: str
    """File in which the mail service tells its ports while it runs."""
    web_ports: str
    """File in which the web service does."""
    metrics: bool
    """Whether measurements are told."""
    metrics_token: str
    """SHA-256 of the token with which others than `lan` read them; "": nobody else does."""
    challenges: str
    """Folder of the answers that a certificate authority asks for (ACME)."""
    operator: str
    """Socket of the virtual board's operator; "": this board is a real one, and has no page."""
    sample: str
    """WAV file of a sentence that is said on the virtual board for whoever has no microphone."""
