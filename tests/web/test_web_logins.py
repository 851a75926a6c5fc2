"""Logins to the web pages: who gets in, how long, and what a form must carry."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pyotp
import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.core.clock import ManualClock
from app.core.pace import Pace
from app.inbox.web_sessions import MOST
from app.operations.sessions import SessionLimits, begin_session, find_visitor
from app.web import guard
from app.web.limits import AT_ONCE
from app.web.login import judge
from app.web.login.judge import CODE_PACE
from tests.kit.store import store_octets
from tests.kit.web import WebHouse, serving, web_settings
from tests.kit.web_visitor import PASSWORD, Visitor, furnish, hidden

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={}, cora={"roles": ["phone"]})
    yield box
    box.db.close()


@pytest.fixture
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


@pytest.fixture
def ben(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("ben")


def test_page_asks_for_a_login_and_comes_back_after_it(house: WebHouse, box: Inbox) -> None:
    visitor = Visitor(house)
    answer = visitor.get("/account?x=1")
    assert (answer.status, answer.headers["location"]) == (303, "/login?next=/account%3Fx%3D1")
    assert visitor.get(answer.headers["location"]).status == 200
    said = {"user": "anna@box.test", "password": PASSWORD}
    answer = visitor.send(answer.headers["location"], said)
    assert (answer.status, answer.headers["location"]) == (303, "/account?x=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert b"anna" in visitor.get("/account").body


@pytest.mark.parametrize("after", ["//evil.test/", "https://evil.test/", "/\\evil.test", "x"])
def test_login_leads_to_no_page_elsewhere(house: WebHouse, box: Inbox, after: str) -> None:
    answer = Visitor(house).send(f"/login?next={after}", {"user": "anna", "password": PASSWORD})
    assert answer.status == 303 and answer.headers["location"] == "/home"


def test_wrong_password_keeps_the_name_and_not_the_password(house: WebHouse, box: Inbox) -> None:
    visitor = Visitor(house)
    answer = visitor.send("/login", {"user": 'ben"><b>', "password": "wrong-word"})
    assert answer.status == 403 and not visitor.cookies
    assert "ben&#34;&gt;&lt;b&gt;" in answer.text and "<b>" not in answer.text
    assert "wrong-word" not in answer.text


def test_logout_ends_the_session_also_for_a_copy_of_its_cookie(
    house: WebHouse, ben: Visitor
) -> None:
    copy = Visitor(house)
    copy.cookies = dict(ben.cookies)
    assert copy.get("/account").status == 200
    assert ben.post("/logout").status == 303
    assert not ben.cookies and copy.get("/account").status == 303


def test_form_without_the_token_of_its_session_does_nothing(anna: Visitor, ben: Visitor) -> None:
    for token in ("", "x" * 64, anna.csrf()):
        assert ben.send("/logout", {"csrf": token}).status == 403
    assert ben.send("/logout", {}).status == 403
    token = ben.csrf()
    elsewhere = (
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    )
    for headers in elsewhere:
        assert ben.send("/logout", {"csrf": token}, **headers).status == 403
    assert ben.get("/account").status == 200


def test_store_knows_no_token_by_which_somebody_is_logged_in(box: Inbox, ben: Visitor) -> None:
    (token,) = ben.cookies.values()
    stored = store_octets(box.db)
    assert b"ben" in stored
    assert token.encode() not in stored and guard.csrf_of(token).encode() not in stored


def test_new_password_ends_all_sessions(box: Inbox, house: WebHouse) -> None:
    def add(tx: object) -> int:
        return box.people.add(tx, "dora", "Dora", "301")  # type: ignore[arg-type]

    dora = box.db.now(add)
    box.db.now(lambda tx: box.people.set_password(tx, dora, PASSWORD))
    visitor = Visitor(house).log_in("dora")
    box.db.now(lambda tx: box.people.set_password(tx, dora, "another-word-42"))
    assert visitor.get("/account").status == 303


def test_sessions_outlive_a_restart_of_the_pages(house: WebHouse, box: Inbox, ben: Visitor) -> None:
    ben.get("/account")
    with serving(house.paths.var, house.settings) as again:
        later = Visitor(again)
        later.cookies = ben.cookies
        assert later.get("/account").status == 200


def keys(visitor: Visitor) -> pyotp.TOTP:
    """Switch codes on, as an app that has scanned the key."""
    assert visitor.post("/account/codes/begin").headers["location"] == "/account/codes"
    page = visitor.get("/account/codes").text
    assert visitor.get("/account/codes/key.svg").headers["content-type"] == "image/svg+xml"
    return pyotp.TOTP(re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0])


def test_code_is_asked_for_beside_the_password_once_it_was_confirmed(
    house: WebHouse, box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = box.db.now(lambda tx: box.people.add(tx, "eva", "Eva", "305"))
    box.db.now(lambda tx: box.people.set_password(tx, person, PASSWORD))
    eva = Visitor(house).log_in("eva")
    app = keys(eva)
    now = int(time.time())
    page = eva.post("/account/codes/confirm", {"code": app.at(now)}).text
    recovery = re.findall(r"<code>([a-z2-9-]{14})</code>", page)
    assert len(recovery) == 8

    later = Visitor(house)
    page = later.send("/login?next=/account%3Fx", {"user": "eva", "password": PASSWORD}).text
    assert not later.cookies and later.get("/account").status == 303
    ticket = hidden(page)["ticket"]
    assert later.send("/login/code", {"ticket": ticket, "code": app.at(now)}).status == 403
    assert later.send("/login/code", {"ticket": "x", "code": app.at(now + 30)}).status == 403
    said = {"ticket": ticket, "code": app.at(now + 30)}
    answer = later.send("/login/code?next=/account%3Fx", said)
    assert (answer.status, answer.headers["location"]) == (303, "/account?x")
    assert later.get("/account").status == 200
    assert Visitor(house).send("/login/code", said).status == 403, "the ticket is used up"

    page = Visitor(house).send("/login", {"user": "eva", "password": PASSWORD}).text
    ticket = hidden(page)["ticket"]
    monkeypatch.setattr(judge, "CODE_PACE", Pace(at_once=1, every_s=CODE_PACE.every_s))
    assert later.send("/login/code", {"ticket": ticket, "code": "000000"}).status == 403
    said = {"ticket": ticket, "code": recovery[0]}
    assert later.send("/login/code", said).status == 403, "there were too many wrong ones"


def test_own_password_is_changed_by_who_knows_the_old_one(house: WebHouse, box: Inbox) -> None:
    person = box.db.now(lambda tx: box.people.add(tx, "fritz", "Fritz", "306"))
    box.db.now(lambda tx: box.people.set_password(tx, person, PASSWORD))
    fritz, elsewhere = Visitor(house).log_in("fritz"), Visitor(house).log_in("fritz")
    new = "another-word-42"
    for said, field in (
        ({"old": PASSWORD, "new": new, "again": "x"}, "again"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"old": "wrong", "new": new, "again": new}, "old"),
    ):
        answer = fritz.post("/account/password", said)
        assert answer.status == 422 and f'href="#{field}"' in answer.text
        assert new not in answer.text
    before = dict(fritz.cookies)
    said = {"old": PASSWORD, "new": new, "again": new}
    assert fritz.post("/account/password", said).status == 303
    assert fritz.get("/account").status == 200 and fritz.cookies != before
    assert elsewhere.get("/account").status == 303
    assert Visitor(house).log_in("fritz", new).get("/account").status == 200


def test_sessions_are_ended_by_their_owner_alone(house: WebHouse, box: Inbox) -> None:
    ben, other = Visitor(house).log_in("ben"), Visitor(house).log_in("ben")
    cora = Visitor(house).log_in("cora")
    assert ben.get("/account", **{"user-agent": EVIL}).status == 200
    strange = Visitor(house)
    said = {"user": "ben", "password": PASSWORD}
    assert strange.send("/login", said, **{"user-agent": EVIL}).status == 303
    page = ben.get("/account").text
    assert "<script>" not in page and "&lt;script&gt;" in page
    numbers = re.findall(r'name="session" value="([0-9]+)"', page)
    assert len(numbers) >= 2
    for number in numbers:
        assert cora.post("/account/session", {"session": number}).status == 404
    for number in ("", "x", "-1", "9" * 40, "²"):
        assert ben.post("/account/session", {"session": number}).status == 404
    assert other.get("/account").status == strange.get("/account").status == 200
    for number in numbers:
        assert ben.post("/account/session", {"session": number}).status == 303
    assert other.get("/account").status == strange.get("/account").status == 303
    assert ben.get("/account").status == 200


LIMITS = SessionLimits(idle_s=3600, longest_s=86_400)


def test_session_ends_by_the_time_that_the_box_is_on_whatever_the_date_says(tmp_path: Path) -> None:
    clock = ManualClock()
    paths = Paths(tmp_path / "var")
    paths.make()
    box = open_inbox(paths, web_settings(), clock)
    person = box.db.now(lambda tx: box.people.add(tx, "anna", "Anna", "201"))

    def begun() -> str:
        return begin_session(box, LIMITS, person, "192.0.2.7", "x")

    def lives(token: str) -> bool:
        return find_visitor(box, LIMITS, token) is not None

    token = begun()
    clock.step(10 * 365 * 86_400)
    assert lives(token), "a time server sets the clock"
    clock.step(-20 * 365 * 86_400)
    assert lives(token)
    for _ in range(23):
        clock.advance(3599)
        assert lives(token), "it is used"
    clock.advance(3599)
    assert lives(token)
    clock.advance(86_400 - 24 * 3599)
    assert not lives(token), "its longest time is over, though it was used"
    token = begun()
    clock.advance(3600)
    assert not lives(token)
    token = begun()
    clock.restart()
    assert lives(token), "the machine was started anew"
    assert not lives(token + "x") and not lives("")
    box.db.close()


def test_person_has_a_bounded_number_of_sessions(tmp_path: Path) -> None:
    clock = ManualClock()
    paths = Paths(tmp_path / "var")
    paths.make()
    box = open_inbox(paths, web_settings(), clock)
    person = box.db.now(lambda tx: box.people.add(tx, "anna", "Anna", "201"))
    tokens = []
    for _ in range(MOST + 5):
        tokens.append(begin_session(box, LIMITS, person, "192.0.2.7", "x"))
        clock.advance(1)
    found = [find_visitor(box, LIMITS, token) is not None for token in tokens]
    assert found == [False] * 5 + [True] * MOST
    box.db.close()


def test_cookie_by_tls_is_for_this_host_and_tls_alone(house: WebHouse, box: Inbox) -> None:
    form = urlencode({"user": "ben", "password": PASSWORD}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = house.ask("/login", "POST", form, kind, tls=True)
    cookie = answer.headers["set-cookie"]
    assert answer.status == 303 and cookie.startswith("__Host-switchhook=")
    assert "Secure" in cookie and "HttpOnly" in cookie and "Domain" not in cookie
    cookie = cookie.partition(";")[0]
    assert house.ask("/account", headers={"cookie": cookie}, tls=True).status == 200
    plain = cookie.removeprefix("__Host-")
    assert house.ask("/account", headers={"cookie": plain}, tls=True).status == 303


def test_who_is_logged_in_may_ask_as_often_as_pages_need(house: WebHouse, box: Inbox) -> None:
    ben = Visitor(house).log_in("ben")
    assert {ben.get("/account").status for _ in range(AT_ONCE + 20)} == {200}


def test_store_that_is_away_is_said_in_plain_words(tmp_path: Path) -> None:
    with serving(tmp_path / "var", web_settings()) as house:
        answer = house.ask("/account", headers={"cookie": "switchhook=x"})
        assert answer.status == 503 and "Telephones work" in answer.text
        assert house.ask("/setup").status == 200


def test_page_stands_in_no_frame_and_loads_nothing_from_elsewhere(
    house: WebHouse, box: Inbox
) -> None:
    answer = Visitor(house).log_in("ben").get("/account")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "script-src 'self'" in policy
    assert answer.headers["cache-control"] == "no-store"
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        file = house.ask(path)
        assert file.status == 200 and "immutable" in file.headers["cache-control"]
        tag = {"if-none-match": file.headers["etag"]}
        assert house.ask(path, headers=tag).status == 304
        assert "no-cache" in house.ask(path.partition("?")[0]).headers["cache-control"]
