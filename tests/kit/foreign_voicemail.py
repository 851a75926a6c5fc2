"""Voicemail as other systems mail it: headers, order of parts and transfer encoding are theirs.

Each function is one system; what the caller said, `sound`, is whatever that system encodes. From
RFC 3801 §14 and RFC 2423 for VPIM; app_voicemail's messages for Asterisk and FreePBX; the first
template of mod_voicemail for FreeSWITCH; MS-OXCMAIL and MS-OXOUM for Exchange; Cisco's chapter
"Messaging" for Unity Connection; mails of Google Voice as people have published them.
"""

from base64 import encodebytes
from collections.abc import Iterable
from dataclasses import dataclass

TO = "anna@box.test"


@dataclass(frozen=True)
class Part:
    """A part of a multipart: its header lines and the octets that its body stands for."""

    octets: bytes
    head: tuple[str, ...] = ("Content-Type: text/plain",)
    coding: str = "base64"

    @property
    def wire(self) -> bytes:
        """The part as it is sent."""
        lines = [
            *self.head,
            *([f"Content-Transfer-Encoding: {self.coding}"] if self.coding else []),
        ]
        head = "".join(f"{line}\r\n" for line in lines).encode()
        body = encodebytes(self.octets) if self.coding == "base64" else self.octets + b"\n"
        return head + b"\r\n" + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


TEXT = Part(b"A message was left for you.", coding="")


def mail(
    head: Iterable[str], parts: Iterable[Part], kind: str = "mixed", boundary: str = "border"
) -> bytes:
    """A multipart with these header lines and parts."""
    lines = [*head, f'Content-Type: multipart/{kind}; boundary="{boundary}"']
    if not any(line.startswith("MIME-Version") for line in lines):
        lines.append("MIME-Version: 1.0")
    border = f"--{boundary}".encode()
    whole = "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
    for part in parts:
        whole += border + b"\r\n" + part.wire
    return whole + border + b"--\r\n"


def wav(octets: bytes, name: str = "msg0000.wav", kind: str = "audio/x-wav") -> Part:
    """A sound as an attachment."""
    return Part(
        octets,
        (
            f'Content-Type: {kind}; name="{name}"',
            f'Content-Disposition: attachment; filename="{name}"',
        ),
    )


def asterisk(
    sound: Part, number: str | None = "5551234", name: str | None = "CARL CALLER", n: int = 1
) -> bytes:
    """Asterisk's app_voicemail, as FreePBX sets it up; an unknown caller has no fields at all."""
    head = [
        "Date: Mon, 21 Sep 2026 16:13:20 +0200",
        "From: Asterisk PBX <vm@pbx.far.test>",
        f"To: Anna Lindqvist <{TO}>",
        f"Subject: [PBX]: New message {n} in mailbox 201",
        f"Message-ID: <Asterisk-{n}-1289733021-201-3345@pbx.far.test>",
    ]
    head += [f"X-Asterisk-CallerID: {number}"] if number else []
    head += [f"X-Asterisk-CallerIDName: {name}"] if name else []
    return mail(head, [TEXT, sound], boundary="----voicemail_12013345846930886")


def asterisk_notification() -> bytes:
    """The same without the sound (attach=no): it only tells of a message that lies elsewhere."""
    return (
        b"From: Asterisk PBX <vm@pbx.far.test>\r\nTo: anna@box.test\r\n"
        b"Subject: [PBX]: New message 1 in mailbox 201\r\n"
        b"Message-ID: <Asterisk-1-1289733021-201-3345@pbx.far.test>\r\n"
        b"X-Asterisk-CallerID: 5551234\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=ISO-8859-1\r\n\r\nYou have a new message.\r\n"
    )


def freeswitch(sound: Part, number: str = "5551234", name: str = "CARL CALLER") -> bytes:
    """FreeSWITCH's mod_voicemail with its first template."""
    head = [
        f'From: "{name}" <{number}@switch.far.test>',
        f"To: <{TO}>",
        f'Subject: Voicemail from "{name}" <{number}> 00:00:04',
        "X-Priority: 3",
        "X-Mailer: FreeSWITCH",
    ]
    return mail(head, [TEXT, sound])


def freeswitch_of_the_account(sound: Part) -> bytes:
    """FreeSWITCH with its other template: From is the mailbox that the message was left for."""
    head = [
        "From: FreeSWITCH mod_voicemail <1000@switch.far.test>",
        f"To: <{TO}>",
        "Subject: 4 sec Voicemail from CARL CALLER 5551234",
        "X-Mailer: FreeSWITCH",
    ]
    return mail(head, [TEXT, sound])


def exchange(sound: Part) -> bytes:
    """Exchange Unified Messaging: a caller whom the directory knows."""
    head = [
        'From: "Carl Caller" <carl@far.test>',
        f"To: {TO}",
        "Subject: Voice Mail from Carl Caller (4 seconds)",
        "Content-Class: voice-ca",
        "X-CallingTelephoneNumber: +1 (555) 555-1234",
        "X-VoiceMessageSenderName: Carl Caller",
        "X-VoiceMessageDuration: 4",
        "X-AttachmentOrder: voice.wav",
        "X-CallID: 1298371",
    ]
    return mail(head, [TEXT, sound])


def unity(sound: Part, caller: str = "5551234") -> bytes:
    """Cisco Unity Connection, relayed to a mail address."""
    head = [
        "From: Unity Connection Messaging System <unityconnection@cuc.far.test>",
        f"To: {TO}",
        f"Subject: Message from {caller}",
        "Importance: Normal",
    ]
    return mail(head, [TEXT, sound])


def google_voice(sound: Part) -> bytes:
    """Google Voice, with the recording attached."""
    head = [
        "From: Google Voice <voice-noreply@google.com>",
        f"To: {TO}",
        "Subject: New voicemail from (917) 555-0142 at 3:18 PM",
    ]
    return mail(head, [TEXT, sound])


def broadworks(sound: Part, caller: str = "5551234 - CARL CALLER", before: str = "") -> bytes:
    """A carrier's hosted exchange (BroadWorks)."""
    head = [
        "From: voicemail@hosted.carrier.test",
        f"To: {TO}",
        f"Subject: {before}Voice Message Attached from {caller}",
    ]
    return mail(head, [TEXT, sound])


def visual_voicemail(sound: Part) -> bytes:
    """A carrier's visual voicemail, sent on as it was fetched."""
    head = [
        "From: 5551234@vvm.carrier.test",
        f"To: {TO}",
        "Message-Context: voice-message",
        "Content-Duration: 31",
        "Importance: Normal",
    ]
    return mail(head, [sound], kind="voice-message")


def vpim(*parts: Part, number: str = "+12145551234", name: str = "Carl Caller") -> bytes:
    """VPIM version 2: parts of a voice message in the order in which they are heard."""
    head = [
        f'From: "{name}" <{number}@vpim.far.test>',
        f"To: {TO}",
        "Date: Mon, 21 Sep 2026 16:13:20 -0500",
        "MIME-Version: 1.0 (Voice 2.0)",
        "Content-Duration: 4",
        "Message-ID: <123456789@vpim.far.test>",
    ]
    return mail(head, parts, kind="voice-message", boundary="MessageBoundary")


def spoken(octets: bytes, voice: str = "Voice-Message", kind: str = "Audio/32KADPCM") -> Part:
    """A part of a VPIM message; `voice` says what it is for [RFC 3801 §4.4.3]."""
    return Part(
        octets,
        (
            f"Content-Type: {kind}",
            f"Content-Disposition: inline; voice={voice}; filename=msg1.726",
            "Content-Duration: 4",
        ),
    )


def forwarded(message: bytes) -> Part:
    """A whole message as a part of another."""
    return Part(message, ("Content-Type: Message/RFC822",), "")
