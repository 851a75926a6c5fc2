"""Every address that the router has, tried with no, a wrong and another person's session.

The list is the router's own, so a new page cannot be forgotten.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.routing import Route

from app import appliance
from app.appliance import Inbox
from app.config.paths import Paths
from app.core.clock import SystemClock
from app.pages_box import PagesBox
from app.web.areas import AREAS
from app.web.guard import PrivateRoute, is_private, to_tls
from app.web.links import Links
from app.web.rendering import Pages
from app.web.web import Web
from tests.kit.web import WebHouse, private_routes, web_settings
from tests.kit.web_visitor import Visitor, furnish

PUBLIC = {"/login", "/login/code", "/metrics"}
"""Addresses of areas that anybody may open."""


def private() -> list[tuple[str, str, PrivateRoute]]:
    """Method, an address that fits, and the route."""
    found = []
    for route in private_routes():
        if isinstance(route, PrivateRoute):
            path = re.sub(r"{[^}]*}", "1", route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                found.append((method, path, route))
    return found


PRIVATE = private()
NAMED = [f"{method} {route.path}" for method, _, route in PRIVATE]


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={})
    yield box
    box.db.close()


@pytest.fixture(scope="module")
def ben(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("ben")


def ask(visitor: Visitor, method: str, path: str) -> int:
    if method == "POST":
        return visitor.send(path, {"csrf": "x"}).status
    return visitor.ask(path, method).status


def test_every_address_is_private_or_known_to_be_public() -> None:
    assert len(PRIVATE) >= 3
    for route in private_routes():
        if not isinstance(route, PrivateRoute):
            assert isinstance(route, Route) and route.path in PUBLIC, route
        first = getattr(route, "path", "/").split("/")[1]
        assert first in AREAS, f"{route} is never reached"


@pytest.mark.parametrize("name", NAMED)
def test_address_is_for_nobody_without_a_session(name: str, house: WebHouse, box: Inbox) -> None:
    method, path, _ = PRIVATE[NAMED.index(name)]
    source = f"127.1.1.{1 + NAMED.index(name) % 250}"  # else there would be too many requests
    for cookies in ({}, {"switchhook": ""}, {"switchhook": "A" * 43}, {"switchhook": "ä\\"}):
        visitor = Visitor(house, source)
        visitor.cookies = dict(cookies)
        answer = visitor.ask(path, method, b"" if method == "POST" else None)
        assert answer.status == 303 and answer.headers["location"].startswith("/login"), cookies
        assert b"<" not in answer.body


@pytest.mark.parametrize("name", NAMED)
def test_address_is_for_its_roles_alone_and_its_forms_for_their_session(
    name: str, ben: Visitor
) -> None:
    method, path, route = PRIVATE[NAMED.index(name)]
    status = ask(ben, method, path)
    if route.roles or method != "GET":
        assert status == 403
    else:
        assert status < 500


@pytest.mark.parametrize("digits", [16, 19, 30, 5000])
def test_number_that_nothing_has_is_not_there(digits: int, house: WebHouse, box: Inbox) -> None:
    """The store takes 64 bits, and Python reads 4300 digits [sys.set_int_max_str_digits]."""
    source = f"127.1.2.{1 + digits % 250}"  # else there would be too many requests
    ben = Visitor(house, source).log_in("ben")
    numbered = {
        re.sub(r"{[^}]*}", "9" * digits, route.path)
        for _, _, route in PRIVATE
        if route.param_convertors and "{login}" not in route.path
    }
    assert any(path.startswith("/mine/") for path in numbered)
    for path in sorted(numbered):
        assert ben.get(path).status in (403, 404, 405), path


@pytest.mark.parametrize(
    ("scheme", "client", "server", "private_to_both"),
    [
        ("https", "192.0.2.7", "192.0.2.1", True),
        ("http", "127.0.0.1", "127.0.0.1", True),
        ("http", "::1", "::1", True),
        ("http", "192.0.2.7", "192.0.2.1", False),
        ("http", "fe80::1%eth0", "fe80::2%eth0", False),
        ("http", "?", "192.0.2.1", False),
    ],
)
def test_plain_text_is_for_this_machine_alone(
    scheme: str, client: str, server: str, private_to_both: bool
) -> None:
    assert is_private(asked(scheme, client, server)) is private_to_both


def asked(scheme: str, client: str, server: str, host: str = "box.test:2080") -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": scheme,
            "path": "/account",
            "query_string": b"a=%2F",
            "headers": [(b"host", host.encode())],
            "client": (client, 0),
            "server": (server, None),
        }
    )


@pytest.mark.parametrize(
    ("host", "where"),
    [
        ("box.test:2080", "https://box.test:2443/account?a=%2F"),
        ("[fd00::2]", "https://[fd00::2]:2443/account?a=%2F"),
        ("", "https://box.test:2443/account?a=%2F"),
        ("<b>", "https://box.test:2443/account?a=%2F"),
    ],
)
def test_page_asked_for_in_plain_text_is_where_tls_is(
    host: str, where: str, tmp_path: Path
) -> None:
    paths, clock = Paths(tmp_path), SystemClock()
    config, links = appliance.web_config(paths, web_settings()), Links(("box.test",), 2080, 2443)
    web = Web(config, links, Pages(), clock, paths, PagesBox(paths, clock), PrivateRoute)
    answer = to_tls(web, asked("http", "192.0.2.7", "192.0.2.1", host))
    assert (answer.status_code, answer.headers["location"]) == (302, where)
    links.https_port = 0
    assert to_tls(web, asked("http", "192.0.2.7", "192.0.2.1")).status_code == 403
    web.close()
