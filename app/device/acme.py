"""A certificate by ACME [RFC 8555]: an authority looks at our web pages and signs what it finds.

    client = AcmeClient(directory, account_key, challenges)
    chain = client.obtain(("box.example.org",), key, contact="")

The proof is HTTP-01 [§8.3]: a file in the folder `challenges`, which the web pages serve on port 80
(app/web/setup_pages.py). The account is its key: the authority knows it again by that [§7.3.1].
"""

import base64
import hashlib
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from app.core import files
from app.core.errors import DeviceError
from app.core.records import BadRecord, parse_json

REQUEST_S = 30.0
"""Seconds that one request may take."""
LOOKS = 60
"""So often an order or a proof is looked at before it is given up."""
PAUSE_S = 2.0
"""Seconds between two looks, where the authority does not say how many."""
LONGEST_PAUSE_S = 30.0
LONGEST_ANSWER = 1_000_000
"""Octets of an answer at most."""
TRIES = 10
"""Tries of a request whose nonce the authority does not take any more [§6.5]."""
AGENT = "Switchhook (ACME client)"
_BAD_NONCE = "urn:ietf:params:acme:error:badNonce"
_COMMON_NAME = 64


class AcmeFailed(DeviceError):
    """The authority has not signed; the text says why, in its words where it has said any."""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def values(self) -> dict[str, Any]:
        """The body as a JSON object. Raises AcmeFailed."""
        try:
            found = parse_json(self.body)
        except BadRecord as problem:
            raise AcmeFailed(f"the authority's answer cannot be read: {problem}") from problem
        if not isinstance(found, dict):
            raise AcmeFailed("the authority's answer cannot be read: it is no JSON object")
        return found


class AcmeClient:
    """Talks to one authority, whose `directory` is a URL, under one account."""

    def __init__(
        self,
        directory: str,
        account: ec.EllipticCurvePrivateKey,
        challenges: Path,
        trusted: ssl.SSLContext | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`account` is a P-256 key. `trusted`: whom the connection itself trusts; None: the
        system's authorities. `pause` waits for so many seconds.
        """
        self._directory_url, self._key, self._challenges = directory, account, challenges
        self._trusted, self._pause = trusted or ssl.create_default_context(), pause
        self._directory: dict[str, Any] = {}
        self._account_url = ""
        self._nonce = ""

    def obtain(self, names: Sequence[str], key: ec.EllipticCurvePrivateKey, contact: str) -> bytes:
        """A certificate for these host names and this key, with its chain (PEM).

        `contact` is an e-mail address, or "". Raises AcmeFailed.
        """
        self._directory = self._fetch(self._directory_url).values()
        self._log_in(contact)
        identifiers = [{"type": "dns", "value": name} for name in names]
        answer = self._post(self._named("newOrder"), {"identifiers": identifiers})
        order, order_url = answer.values(), answer.headers.get("location", "")
        for url in _urls(order, "authorizations"):
            self._prove(url)
        order = self._wait(order_url, ("ready", "valid"))
        if order["status"] == "ready":
            self._post(_url(order, "finalize"), {"csr": _text(_request(names, key))})
            order = self._wait(order_url, ("valid",))
        return self._post(_url(order, "certificate"), None).body

    def _log_in(self, contact: str) -> None:
        """Make the account, or find the one that this key has [§7.3]."""
        wanted: dict[str, Any] = {"termsOfServiceAgreed": True}
        if contact:
            wanted["contact"] = [f"mailto:{contact}"]
        self._account_url = ""
        answer = self._post(self._named("newAccount"), wanted)
        self._account_url = answer.headers.get("location", "")

    def _prove(self, url: str) -> None:
        """Show that a name is ours [§7.5.1, §8.3]."""
        found = self._post(url, None).values()
        if found.get("status") == "valid":  # it was proved not long ago
            return
        offers = [one for one in found.get("challenges", []) if one.get("type") == "http-01"]
        if not offers:
            raise AcmeFailed(f"{_name(found)}: the authority offers no proof by HTTP")
        token = str(offers[0].get("token", ""))
        if not token.replace("-", "").replace("_", "").isalnum():  # it becomes a file's name
            raise AcmeFailed("the authority's token is not one [RFC 8555 §8.3]")
        proof = self._challenges / token
        self._challenges.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._challenges.chmod(0o755)  # the web pages are another user's
        files.write(proof, f"{token}.{self._thumbprint()}", 0o644)
        try:
            self._post(_url(offers[0], "url"), {})
            self._wait(url, ("valid",))
        finally:
            proof.unlink(missing_ok=True)

    def _wait(self, url: str, states: Sequence[str]) -> dict[str, Any]:
        """Look at an order or a proof until it is in one of these states. Raises AcmeFailed."""
        for _ in range(LOOKS):
            answer = self._post(url, None)
            found = answer.values()
            status = found.get("status")
            if status in states:
                return found
            if status not in ("pending", "processing", "ready"):
                raise AcmeFailed(_why(found))
            self._pause(_seconds(answer.headers.get("retry-after", "")))
        raise AcmeFailed("the authority did not come to an end in time; it is tried again")

    # signed requests

    def _post(self, url: str, payload: dict[str, Any] | None) -> _Answer:
        """A signed request [§6.2]; without payload it asks for what is at the URL [§6.3]."""
        for _ in range(TRIES):
            answer = self._fetch(url, self._signed(url, payload))
            if answer.status < 400:
                return answer
            problem = _problem(answer)
            if problem.get("type") != _BAD_NONCE:
                raise AcmeFailed(_words(problem, answer.status))
        raise AcmeFailed("the authority takes none of its own nonces")

    def _signed(self, url: str, payload: dict[str, Any] | None) -> bytes:
        """A JWS with ES256 [RFC 7515 §7.2.2, RFC 7518 §3.4]."""
        if not self._nonce:
            self._fetch(self._named("newNonce"), method="HEAD")
        who = {"kid": self._account_url} if self._account_url else {"jwk": self._jwk()}
        head = {"alg": "ES256", "nonce": self._nonce, "url": url, **who}
        self._nonce = ""  # each is good for one request
        protected = _text(json.dumps(head).encode())
        body = "" if payload is None else _text(json.dumps(payload).encode())
        der = self._key.sign(f"{protected}.{body}".encode(), ec.ECDSA(SHA256()))
        r, s = utils.decode_dss_signature(der)
        signature = _text(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
        return json.dumps(
            {"protected": protected, "payload": body, "signature": signature}
        ).encode()

    def _jwk(self) -> dict[str, str]:
        """The account's public key [RFC 7518 §6.2.1], its members in the order of their names."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_text(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    def _thumbprint(self) -> str:
        """[RFC 7638]."""
        return _text(
            hashlib.sha256(json.dumps(self._jwk(), separators=(",", ":")).encode()).digest()
        )

    def _named(self, resource: str) -> str:
        """A URL of the directory [§7.1.1]."""
        return _url(self._directory, resource)

    def _fetch(self, url: str, body: bytes | None = None, method: str = "") -> _Answer:
        """One request by HTTPS. Raises AcmeFailed if there is no answer at all."""
        if not url.startswith("https://"):  # [§6.1]
            raise AcmeFailed(f"{url or 'nothing'}: an authority's addresses begin with https://")
        request = urllib.request.Request(
            url,
            data=body,
            headers={"User-Agent": AGENT, "Content-Type": "application/jose+json"},
            method=method or ("GET" if body is None else "POST"),
        )
        try:
            with urllib.request.urlopen(
                request, timeout=REQUEST_S, context=self._trusted
            ) as answer:
                found = _Answer(answer.status, _lower(answer.headers), answer.read(LONGEST_ANSWER))
        except urllib.error.HTTPError as refused:
            with refused:
                found = _Answer(refused.code, _lower(refused.headers), refused.read(LONGEST_ANSWER))
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "reason", problem)
            raise AcmeFailed(f"{url} cannot be reached: {reason}") from problem
        self._nonce = found.headers.get("replay-nonce", self._nonce)
        return found


def _request(names: Sequence[str], key: ec.EllipticCurvePrivateKey) -> bytes:
    """A request to sign [RFC 2986] (DER); the common name only where it fits."""
    common = [x509.NameAttribute(NameOID.COMMON_NAME, one) for one in names[:1]]
    subject = x509.Name(common if len(names[0]) <= _COMMON_NAME else [])
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.add_extension(alternatives, critical=False).sign(key, SHA256())
    return signed.public_bytes(Encoding.DER)


def _text(octets: bytes) -> str:
    """Base64url without padding [RFC 7515 §2]."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _url(found: Mapping[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str):
        raise AcmeFailed(f"the authority's answer has no {name}")
    return url


def _urls(found: Mapping[str, Any], name: str) -> list[str]:
    urls = found.get(name)
    if not isinstance(urls, list):
        raise AcmeFailed(f"the authority's answer has no {name}")
    return [str(url) for url in urls]


def _seconds(retry_after: str) -> float:
    """How long to wait; a date, which it may also be [RFC 9110 §10.2.3], is passed over."""
    wanted = float(retry_after) if retry_after.isdecimal() else PAUSE_S
    return min(max(wanted, 0.1), LONGEST_PAUSE_S)


def _name(found: Mapping[str, Any]) -> str:
    identifier = found.get("identifier")
    return str(identifier.get("value", "")) if isinstance(identifier, dict) else ""


def _problem(answer: _Answer) -> dict[str, Any]:
    """[§6.7, RFC 7807]; an empty one if the answer is none."""
    try:
        return answer.values()
    except AcmeFailed:
        return {}


def _words(problem: Mapping[str, Any], status: int) -> str:
    said = str(problem.get("detail") or problem.get("type") or f"HTTP status {status}")
    return f"the authority says: {said}"


def _why(found: Mapping[str, Any]) -> str:
    """Why a proof or an order has failed, in the authority's words."""
    problems = [one.get("error") for one in found.get("challenges", []) if isinstance(one, dict)]
    problems.append(found.get("error"))
    said = [str(p.get("detail") or p.get("type")) for p in problems if isinstance(p, dict)]
    name = _name(found)
    return f"{f'{name}: ' if name else ''}{'; '.join(said) or 'the authority refuses to sign'}"
