"""DNS records by which mail programs find the box [RFC 6186, RFC 8314 §5.1], as lines of a zone."""

from app.web.clients.access import MailAccess

_SERVICES = {
    ("pop3", "tls"): "_pop3s",
    ("pop3", "starttls"): "_pop3",
    ("pop3", "none"): "_pop3",
    ("smtp", "tls"): "_submissions",
    ("smtp", "starttls"): "_submission",
}
"""Service names; nobody is told to hand in mail in plain text."""


def records(access: MailAccess, domain: str, https_port: int) -> list[str]:
    """The records of one mail domain: a line each, as a zone file has them [RFC 1035 §5.1].

    `https_port` is that of the web pages; 0: there is no TLS, and so none is named for Outlook.
    """
    host = _absolute(access.host)
    lines = []
    for ways in (access.incoming(), access.outgoing()):
        for priority, way in enumerate(ways):
            service = _SERVICES.get((way.protocol, way.security))
            if service is not None and way.login:
                lines.append(_srv(service, domain, priority, 1, way.port, host))
    lines += [_srv(service, domain, 0, 0, 0, ".") for service in ("_imap", "_imaps")]  # [§3.4]
    lines.append(_line(f"autoconfig.{domain}", "CNAME", host))
    if https_port:
        lines.append(_srv("_autodiscover", domain, 0, 0, https_port, host))
    return lines


def _srv(service: str, domain: str, priority: int, weight: int, port: int, host: str) -> str:
    return _line(f"{service}._tcp.{domain}", "SRV", f"{priority} {weight} {port} {host}")


def _line(name: str, kind: str, value: str) -> str:
    return f"{_absolute(name):<40} 3600 IN {kind:<5} {value}"


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."
