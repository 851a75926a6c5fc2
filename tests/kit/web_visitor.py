"""Somebody at the web pages without a browser: a cookie jar, and forms as a page has them."""

import http.client
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from app.appliance import Inbox, open_inbox
from app.store.database import Tx
from tests.kit.web import Answer, WebHouse

PASSWORD = "tin-whistle-42"


class Visitor:
    """A client of the pages that keeps cookies, over plain HTTP on loopback."""

    def __init__(self, house: WebHouse, source: str = "127.0.0.1") -> None:
        """`source` is the address that they come from: requests are limited for each."""
        self._house, self._source = house, source
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> Answer:
        """One page."""
        return self.ask(path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """A form with the token of this session; fields as they are."""
        typed = {"csrf": self.csrf(), **(fields or {})}
        return self.send(path, typed, **headers)

    def send(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """A form of exactly these fields."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", urlencode(fields).encode(), {**kind, **headers})

    def post_files(
        self, path: str, fields: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]
    ) -> Answer:
        """A form with files, each with its name, as a browser sends it [RFC 7578]."""
        boundary = "----tin-whistle"
        body = b"".join(
            f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'
            f"{value}\r\n".encode()
            for name, value in {"csrf": self.csrf(), **fields}.items()
        )
        for name, (file, octets) in files.items():
            said = f'form-data; name="{name}"; filename="{file}"\r\ncontent-type: audio/wav'
            body += f"--{boundary}\r\ncontent-disposition: {said}\r\n\r\n".encode()
            body += octets + b"\r\n"
        kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
        return self.ask(path, "POST", body + f"--{boundary}--\r\n".encode(), kind)

    def log_in(self, login: str, password: str = PASSWORD) -> "Visitor":
        """Log in as somebody."""
        answer = self.send("/login", {"user": login, "password": password})
        assert answer.status == 303, answer.text
        return self

    def csrf(self) -> str:
        """The token of this session's forms, as a page shows it."""
        return hidden(self.get("/account").text).get("csrf", "")

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request, with the cookies that are kept."""
        sent = dict(headers or {})
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._house.http, timeout=60, source_address=(self._source, 0)
        )
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self._keep(value)
            found = {name.lower(): value for name, value in answer.getheaders()}
            endless = found.get("content-type", "").startswith("text/event-stream")
            return Answer(answer.status, found, b"" if endless else answer.read())
        finally:
            connection.close()

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if value in ("", '""'):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "input" and said.get("type") == "hidden":
            self.found[said.get("name") or ""] = said.get("value") or ""


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms, the last of each name."""
    parser = _Hidden()
    parser.feed(page)
    return parser.found


def furnish(house: WebHouse, **people: Mapping[str, Any]) -> Inbox:
    """People of these logins, all with PASSWORD; the box, for what else a test needs in it."""
    box = open_inbox(house.paths, house.settings)

    def work(tx: Tx) -> None:
        for number, (login, more) in enumerate(people.items()):
            person = box.people.add(tx, login, login.title(), str(201 + number), **more)
            box.people.set_password(tx, person, PASSWORD)

    box.db.now(work)
    return box
