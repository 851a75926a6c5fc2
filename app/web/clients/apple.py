"""A configuration profile for iPhone, iPad and Mac [Apple: Device Management, Mail].

It holds the mail account and, where the box has an authority of its own, that authority. Without an
address in it the device asks for address and name; it always asks for the password. That messages
stay on the server for some days is not among what a profile can say.
"""

import plistlib
import uuid
from typing import Any

from app.web.clients.access import MailAccess, MailPort

MEDIA_TYPE = "application/x-apple-aspen-config"


def profile(access: MailAccess, address: str, authority: bytes | None) -> bytes:
    """The profile as an XML property list, which is yet to be signed.

    `address` is somebody's e-mail address, "" for whoever installs it; `authority` the certificate
    that signs the box's own (DER), None if programs know it already.
    """
    contents = [_mail(access, address)]
    if authority is not None:
        contents.insert(0, _authority(access, authority))
    return plistlib.dumps(
        {
            **_payload("Configuration", access, address or "any"),
            "PayloadDisplayName": f"Mail of {access.host}",
            "PayloadDescription": f"Sets up mail and voicemail of {access.host} in Mail.",
            "PayloadOrganization": access.host,
            "PayloadRemovalDisallowed": False,
            "PayloadContent": contents,
        }
    )


def _mail(access: MailAccess, address: str) -> dict[str, Any]:
    whose = {"EmailAddress": address} if address else {}
    account = {
        **_payload("com.apple.mail.managed", access, address or "any"),
        "PayloadDisplayName": f"Mail of {access.host}",
        "EmailAccountType": "EmailTypePOP",
        "EmailAccountDescription": access.host,
        **whose,
        "disableMailRecentsSyncing": False,
    }
    for way in access.incoming()[:1]:
        account |= _server("Incoming", access.host, way, address)
    for way in access.outgoing()[:1]:
        account |= _server("Outgoing", access.host, way, address)
        account["OutgoingPasswordSameAsIncomingPassword"] = way.login
    return account


def _server(side: str, host: str, way: MailPort, address: str) -> dict[str, Any]:
    server = f"{side}MailServer"
    values: dict[str, Any] = {
        f"{server}HostName": host,
        f"{server}PortNumber": way.port,
        f"{server}UseSSL": way.security != "none",
        f"{server}Authentication": "EmailAuthPassword" if way.login else "EmailAuthNone",
    }
    if way.login and address:
        values[f"{server}Username"] = address
    return values


def _authority(access: MailAccess, certificate: bytes) -> dict[str, Any]:
    return {
        **_payload("com.apple.security.root", access, certificate.hex()),
        "PayloadDisplayName": f"Certificate authority of {access.host}",
        "PayloadCertificateFileName": "switchhook-ca.cer",
        "PayloadContent": certificate,
    }


def _payload(kind: str, access: MailAccess, about: str) -> dict[str, Any]:
    """What every payload has; the same content has the same ids, so that it replaces itself."""
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, f"{kind} {access.host} {about}")
    reverse = ".".join(reversed(access.host.split(".")))
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadUUID": str(identity).upper(),
        "PayloadIdentifier": f"{reverse}.switchhook.{identity}",
    }
