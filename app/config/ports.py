"""The TCP ports of mail: their names, in the order in which people are told of them.

A port's name is the field of app.mail.service.Ports, the key in the file of ports that are really
listened on (Paths.mail_ports), and with `_port` the setting in the section mail.
"""

PORTS = {
    "pop3": "POP3",
    "pop3s": "POP3 by TLS",
    "smtp": "SMTP",
    "submission": "submission",
    "submissions": "submission by TLS",
}
"""What people call them."""


def ports_text(listening: dict[str, int]) -> str:
    """What is listened on, in words: "POP3 2110, POP3 by TLS 2995, SMTP 2525"."""
    return ", ".join(f"{PORTS[name]} {listening[name]}" for name in PORTS if listening.get(name))
