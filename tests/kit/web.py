"""The web pages as the admin service serves them, on loopback, with a certificate of their own."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from starlette.routing import BaseRoute

from app import appliance
from app.config.paths import Paths
from app.config.settings import Settings
from app.core.clock import SystemClock
from app.device import certificates
from app.pages_box import PagesBox, operate
from app.web.areas import AREAS, PrivatePages
from app.web.links import Links
from app.web.rendering import Pages
from app.web.thread import WebThread
from tests.kit.running import until

HOST = "box.test"
DOMAINS = ["box.test", "example.org"]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        """The body of a text."""
        return self.body.decode()


@dataclass(frozen=True)
class WebHouse:
    """A box's folder whose pages are served."""

    paths: Paths
    settings: Settings
    http: int
    """Port."""
    https: int

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        tls: bool = False,
    ) -> Answer:
        """One request by Python's client, which checks the certificate by the box's authority."""
        if tls:
            context = ssl.create_default_context(cafile=self.paths.keys / "ca.crt")
            connection: Any = http.client.HTTPSConnection(
                "127.0.0.1", self.https, timeout=10, context=context
            )
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            connection.close()


def web_settings(**web: Any) -> Settings:
    """A box of two domains, with ports that the system chooses."""
    return Settings.model_validate(
        {
            "site": {"hostname": HOST, "domains": DOMAINS},
            "web": {"http_port": 0, "https_port": 0, **web},
        }
    )


def private_routes() -> list[BaseRoute]:
    """Every address of the pages for people who log in, as the router itself has them."""
    paths = Paths(Path("/nonexistent"))
    config, links = appliance.web_config(paths, web_settings()), Links((HOST,), 80, 443)
    box = PagesBox(paths, SystemClock())
    pages = PrivatePages(config, links, Pages(), SystemClock(), paths, box)
    return [route for module in sorted(set(AREAS.values())) for route in pages.load(module).routes]


def apart_here(box: PagesBox, operation: str, *args: Any, **kwargs: Any) -> Any:
    """In place of PagesBox.apart: in this process, for tests of many pages; another takes 1 s."""
    return operate(box._paths, operation, args, kwargs)


@contextmanager
def serving(folder: Path, settings: Settings) -> Iterator[WebHouse]:
    """The pages of these settings for the length of a `with` block."""
    paths = Paths(folder)
    paths.make()
    paths.keys.mkdir(exist_ok=True)
    said = settings.model_dump(mode="json", exclude_defaults=True)
    paths.settings_file.write_text(tomlkit.dumps(said))
    certificates.ensure(paths.keys, (settings.site.hostname,), ("127.0.0.1",))
    box = PagesBox(paths, SystemClock())
    web = WebThread(appliance.web_config(paths, settings), SystemClock(), paths, box)
    web.start()
    try:
        until(paths.web_ports.exists)
        ports = json.loads(paths.web_ports.read_bytes())
        yield WebHouse(paths, settings, ports["http"], ports["https"])
    finally:
        web.stop()
        box.close()
    assert not paths.web_ports.exists()
