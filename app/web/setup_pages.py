"""The pages and files by which mail programs are set up. They read files, and change nothing."""

import asyncio
import hashlib
import io
import logging
import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.core.apart import apart
from app.core.clock import Clock
from app.core.errors import SwitchhookError
from app.operations.signed_profile import signed
from app.web.clients import autoconfig, autodiscover
from app.web.clients.access import MailAccess, as_now
from app.web.config import WebConfig
from app.web.links import SETUP, Links
from app.web.rendering import Pages
from app.web.words import accepted

log = logging.getLogger(__name__)

GIVEN = "server.given"
"""In the folder of keys: the certificate is the owner's, signed by whom programs know already."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Base64url, of 128 bits at least [RFC 8555 §8.3]."""
_LONGEST_ADDRESS = 320


class SetupPages:
    """One method for each address."""

    def __init__(self, config: WebConfig, links: Links, pages: Pages, clock: Clock) -> None:
        self._config, self._links, self._pages, self._clock = config, links, pages, clock
        self._keys = Path(config.keys)
        self._signing = asyncio.Lock()

    async def home(self, request: Request) -> Response:
        """There is one page so far."""
        return RedirectResponse(SETUP, 302)

    async def setup(self, request: Request) -> Response:
        """The page for people."""
        address = request.query_params.get("address", "").strip()[:_LONGEST_ADDRESS]
        access = self._now()
        authority = self._authority()
        return self._pages.page(
            "setup.html",
            language=accepted(request.headers.get("accept-language", "")),
            access=access,
            incoming=access.incoming(),
            outgoing=access.outgoing(),
            address=address if access.is_ours(address) else "",
            refused=address if address and not access.is_ours(address) else "",
            fingerprint=_fingerprint(authority) if authority else [],
            link=self._links.seen_from(request),
        )

    async def qr_code(self, request: Request) -> Response:
        """A picture that leads a telephone to the page."""
        import segno  # a megabyte, for whoever looks at the picture

        code = segno.make_qr(self._links.seen_from(request), error="m")
        picture = io.BytesIO()
        code.save(picture, kind="svg", scale=5, border=4, light="white", xmldecl=False)
        return self._file(picture.getvalue(), "image/svg+xml")

    async def authority(self, request: Request) -> Response:
        """The certificate of the box's own authority (PEM)."""
        certificate = self._authority()
        if certificate is None:
            raise HTTPException(404, "Programs know already who signs this box's certificate.")
        pem = ssl.DER_cert_to_PEM_cert(certificate)
        return self._file(pem.encode(), "application/x-x509-ca-cert", "switchhook-ca.crt")

    async def apple(self, request: Request) -> Response:
        """The profile for iPhone, iPad and Mac."""
        from app.web.clients import apple  # property lists are half a megabyte

        address = request.query_params.get("address", "").strip()
        access = self._access()
        if address and not access.is_ours(address):
            raise HTTPException(404, "This address is not of this box's mail domains.")
        profile = apple.profile(access, address, self._authority())
        return self._file(await self._signed(profile), apple.MEDIA_TYPE, "switchhook.mobileconfig")

    async def _signed(self, profile: bytes) -> bytes:
        """The profile signed by the box's certificate, by which the device shows who made it.

        One at a time, whoever asks; where there is no certificate it comes as it is.
        """
        async with self._signing:
            try:
                return await asyncio.to_thread(apart, signed, self._keys, profile)
            except SwitchhookError as problem:
                log.info("a profile goes out unsigned: %s", problem)
                return profile

    async def autoconfig(self, request: Request) -> Response:
        """The file that Thunderbird asks for."""
        address = request.query_params.get("emailaddress", "").strip()
        access = self._access()
        if address and not access.is_ours(address):
            raise HTTPException(404, "This address is not of this box's mail domains.")
        text = autoconfig.document(access, self._links.seen_from(request))
        return self._file(text, "text/xml")

    async def autodiscover(self, request: Request) -> Response:
        """What Outlook asks; without TLS it only asks where to ask [MS-OXDISCO 3.1.5.3]."""
        secure = self._links.secure(autodiscover.PATH)
        if request.method != "POST" and request.url.scheme == "http" and secure is not None:
            return RedirectResponse(secure, 302)
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        answer = autodiscover.answer(self._access(), await request.body(), now)
        return self._file(answer, "text/xml")

    async def challenge(self, request: Request) -> Response:
        """What a certificate authority looks for [RFC 8555 §8.3]; there while it is asked."""
        token = request.path_params["token"]
        if not _TOKEN.fullmatch(token):
            raise HTTPException(404)
        try:
            content = (Path(self._config.challenges) / token).read_bytes()
        except OSError as problem:
            raise HTTPException(404) from problem
        return self._file(content, "application/octet-stream")

    def _access(self) -> MailAccess:
        """What programs are told. Raises HTTPException where another system serves them."""
        if server := self._config.access.mail_system:
            raise HTTPException(404, f"Mail is served by {server}, and not by this box.")
        return self._now()

    def _now(self) -> MailAccess:
        return as_now(self._config.access, Path(self._config.mail_ports))

    def _authority(self) -> bytes | None:
        """The own authority's certificate (DER); None if none is needed, or there is none yet."""
        if (self._keys / GIVEN).exists():
            return None
        try:
            return ssl.PEM_cert_to_DER_cert((self._keys / "ca.crt").read_text())
        except (OSError, ValueError):
            return None

    def _file(self, content: bytes, media_type: str, name: str = "") -> Response:
        headers = {"cache-control": "no-store"}
        if name:
            headers["content-disposition"] = f'attachment; filename="{name}"'
        return Response(content, media_type=media_type, headers=headers)


def _fingerprint(certificate: bytes) -> list[str]:
    """SHA-256 as certificate viewers show it, octet by octet."""
    return [f"{octet:02X}" for octet in hashlib.sha256(certificate).digest()]
