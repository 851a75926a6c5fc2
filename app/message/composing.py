"""What messages that are composed here have in common: fields, text parts, base64."""

import binascii

RAW_LINE = 57  # octets in a base64 line of 76 characters [RFC 2045 §6.8]


def fold(name: str, value: str) -> bytes:
    """A field of a head, with its CRLF."""
    from email.policy import SMTP as head  # folds at 78, CRLF, RFC 2047 for what is not ASCII

    return bytes(head.fold_binary(name, head.header_factory(name, value)))


def mailbox_of(name: str, address: str) -> str:
    """A name with an address, as From and To have them [RFC 5322 §3.4]."""
    from email.headerregistry import Address

    login, _, domain = address.rpartition("@")
    return str(Address(name, login, domain))


def base64_lines(raw: bytes) -> bytes:
    """Octets as lines of 76 characters with CRLF; all but the last piece of RAW_LINE × n octets."""
    text = binascii.b2a_base64(raw, newline=False)
    return b"".join(text[at : at + 76] + b"\r\n" for at in range(0, len(text), 76))


def text_part(text: bytes) -> bytes:
    """A part of plain text, UTF-8 with CRLF, with its head."""
    if text.isascii():
        return b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + text
    return (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64_lines(text)
    )
