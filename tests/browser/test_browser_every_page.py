"""Every page that the router has, as the administrator and as an ordinary person.

On a telephone, by night and by day: no complaint of the browser, nothing serious by
axe-core's scale, nothing wider than the window, and each link leads somewhere. The list is the
router's own; a new address with a part to fill in fails the test until there is an example of it.
That a browser's complaints, and what blind people could not read, are noticed at all is tested too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from app.appliance import Inbox
from app.inbox.delivery import Envelope, scan_head
from app.inbox.entries import Facts, Kind
from app.inbox.greetings import GreetingKind
from app.inbox.queue import Purpose, QueueItem
from app.message.audio_formats import wave_head
from app.operations.accounts import NewAccount, add_account
from app.operations.aliases import set_alias
from app.operations.first_steps import STEPS
from app.operations.greetings import Sound, set_greeting
from app.operations.second_factor import begin_second_factor
from app.store.database import Tx
from app.web.guard import PrivateRoute
from tests.browser.conftest import PEOPLE
from tests.kit import foreign_voicemail as foreign
from tests.kit.actors import ADMIN, owner
from tests.kit.browser import (
    AXE,
    PHONE,
    Complaints,
    assert_accessible,
    assert_fits,
)
from tests.kit.killing import PASSWORD, House
from tests.kit.running import Running
from tests.kit.voicemail import tone
from tests.kit.web import private_routes

SETTINGS = """
[outbound]
smarthost = "127.0.0.1:1"
[phone.groups.600]
handsets = ["101", "102"]
"""
SOUND = tone(1.0, peak=8000)
LETTER = (
    b"From: eva@far.test\r\nSubject: The plan\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<h1>The plan</h1>" + b"<p>https://far.test/plan" * 9
    + b"\r\n--b\r\nContent-Disposition: attachment; filename=" + b"plan" * 30 + b".txt"
    b"\r\nContent-Type: text/plain\r\n\r\nIt.\r\n--b--\r\n"
)  # fmt: skip
LONG = "a-name-which-hardly-fits-on-a-telephone"
Scheme = Literal["dark", "light"]
SCHEMES: tuple[Scheme, Scheme] = ("dark", "light")
WITHIN_MS = 60_000
"""What a page may take on a machine that has much else to do."""
PUBLIC = ("/setup", "/login")
"""Pages for whoever is not logged in; the board's own page has tests of its own."""
NOT_PAGES = {
    "/events": "never ends",
    "/metrics": "is for programs",
    "/maintenance/backup/file/{name}": "is downloaded by the test that makes it",
}
NO_PAGES = (".wav", ".svg", ".eml", "/export", "/file/1", "/html")
"""Ends of addresses of files, and of a mail's own text, in whose sandbox axe-core cannot work."""
DETAILS = "document.querySelectorAll('details').forEach(it => { it.open = true })"
LINKS = """
[...document.querySelectorAll("a[href]")].map(it => ({
  to: it.href, lost: it.hash !== "" && it.pathname === location.pathname
    && document.getElementById(it.hash.slice(1)) === null }))
"""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A box in which every page has something to show."""
    house = House(tmp_path_factory.mktemp("box") / "var")
    house.furnish(PEOPLE, SETTINGS)
    with Running(house) as box:
        yield box


@pytest.fixture(scope="module")
def inbox(box: Running) -> Iterator[Inbox]:
    inbox = box.house.inbox()
    yield inbox
    inbox.search.close()
    inbox.db.close()


@pytest.fixture(scope="module")
def examples(inbox: Inbox) -> dict[str, dict[str, tuple[str, ...]]]:
    """For each person, what stands for a part of an address; for a whole one where that differs."""
    set_alias(inbox, ADMIN, LONG, ["anna", f"{LONG}@{LONG}.test"], owner="anna", look_up=None)
    account = add_account(inbox, ADMIN, "ben", NewAccount("127.0.0.1", LONG, "x", port=1))
    set_greeting(inbox, ADMIN, None, GreetingKind.DAY, Sound(SOUND))
    one_of_all = {
        "{step}": STEPS,
        "{jack}": ("line1",),
        "{login}": ("ben",),
        "{name}": (LONG,),
        "{kind}": ("day",),
        "/business/groups/{number}": ("/business/groups/600",),
        "/business/users/{login}/accounts/{number}": (
            f"/business/users/ben/accounts/{account.id}",
        ),
    }
    return {login: {**one_of_all, **_of(inbox, login)} for login in PEOPLE}


def _of(inbox: Inbox, login: str) -> dict[str, tuple[str, ...]]:
    """A voicemail, a letter, a greeting and a key for codes of somebody's; a mail that waits."""
    actor = owner(inbox, login)
    set_greeting(inbox, actor, login, GreetingKind.DAY, Sound(SOUND))
    begin_second_factor(inbox, actor)
    octets = foreign.freeswitch(foreign.wav(wave_head(len(SOUND) // 2) + SOUND))
    item = QueueItem(Purpose.RELAY, 0, b"", f"{login}@box.test", None, None, {})

    def work(tx: Tx) -> tuple[int, int, int]:
        voicemail = _delivered(inbox, tx, login, octets, Kind.VOICEMAIL)
        letter = _delivered(inbox, tx, login, LETTER, Kind.EMAIL)
        inbox.store.calls.note(tx, "line1", "5551234", LONG, "201", "voicemail", 3, 4, way="")
        content = inbox.store.contents.write(tx, [LETTER])
        (queued,) = inbox.queue.add(tx, replace(item, content=content), [f"{LONG}@far.test"])
        return voicemail, letter, queued

    voicemail, letter, queued = inbox.db.now(work)
    return {
        "{entry:number}": (str(voicemail), str(letter)),
        "/mine/{entry:number}/sound.wav": (f"/mine/{voicemail}/sound.wav",),
        "/mine/{entry:number}/wave.svg": (f"/mine/{voicemail}/wave.svg",),
        "/mine/{entry:number}/html": (f"/mine/{letter}/html",),
        "/mine/{entry:number}/file/{number:number}": (f"/mine/{letter}/file/1",),
        "/reports/queue/{number:number}": (f"/reports/queue/{queued}",),
    }


def _delivered(inbox: Inbox, tx: Tx, login: str, octets: bytes, kind: Kind) -> int:
    head = scan_head(octets)
    facts = Facts(1_700_000_000.0, head.sender, head.subject, duration_s=1)
    envelope = Envelope("", (inbox.delivery.route(login),), kind, facts, b"", head)
    content = inbox.store.contents.write(tx, (octets,))
    return inbox.delivery.deliver(tx, envelope, content).entries[0]


def addresses(path: str, examples: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """Addresses that fit a route's path. AssertionError if there is no example of a part."""
    part = re.search(r"{[^}]*}", path)
    if path in examples:
        yield from examples[path]
    elif part is None:
        yield path
    else:
        assert part[0] in examples, f"{path}: give an example of {part[0]}"
        for example in examples[part[0]]:
            yield from addresses(path.replace(part[0], example, 1), examples)


def look_at(page: Page, path: str, other: Scheme | None) -> set[str]:
    """Judge one page as it is shown, and its colours in the `other` scheme; where it leads."""
    answer = page.goto(path)
    assert answer is not None and answer.ok, f"{path} is answered with {answer and answer.status}"
    page.evaluate(DETAILS)
    assert_accessible(page)
    assert_fits(page)
    if other is not None:
        page.emulate_media(color_scheme=other)
        assert_accessible(page, "color-contrast")
    links = page.evaluate(LINKS)
    lost = [link["to"] for link in links if link["lost"]]
    assert not lost, f"{path}: these places are not on the page: {lost}"
    return {link["to"].partition("#")[0] for link in links}


def walk(page: Page, paths: Iterable[str], by_both: bool) -> list[str]:
    """What is wrong with these pages on a telephone by night, or with what they lead to.

    `by_both`: by day, too; whichever it is stays so for the next page, which is then seen by night.
    """
    shown, other = SCHEMES
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme=shown)
    wrong, seen, links = list[str](), set[str](), set[str]()
    for path in paths:
        if path.endswith(NO_PAGES):
            links.add(urljoin(page.url, path))
            continue
        try:
            links |= look_at(page, path, other if by_both else None)
        except AssertionError as problem:
            wrong.append(str(problem))
        if by_both:
            shown, other = other, shown
        seen |= {urljoin(page.url, path), page.url}
    for link in sorted(links - seen):
        if link.startswith(urljoin(page.url, "/")):
            status = page.context.request.get(link).status
            wrong += [f"{link} is answered with {status}"] * (status >= 400)
    return wrong


@pytest.mark.parametrize("login", PEOPLE)
def test_every_page_is_for_everybody_and_leads_somewhere(
    login: str, page: Page, examples: dict[str, dict[str, tuple[str, ...]]]
) -> None:
    is_admin = login == PEOPLE[0]
    routes = [one for one in private_routes() if isinstance(one, PrivateRoute)]
    asked = [
        path
        for route in routes
        if "GET" in (route.methods or ()) and route.path not in NOT_PAGES
        for path in addresses(route.path, examples[login])
        if is_admin or not route.roles
    ]
    assert len(asked) > (60 if is_admin else 10)
    page.set_default_timeout(WITHIN_MS)
    page.add_init_script(path=AXE)  # a third quicker than to hand it over for each page
    wrong = walk(page, PUBLIC, is_admin)
    page.get_by_label("Name, mailbox number").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    wrong += walk(page, asked, is_admin)
    assert not wrong, "\n".join(wrong)


ADDED = """
addEventListener("DOMContentLoaded", () => document.body.insertAdjacentHTML("beforeend", `%s`))
"""


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="/gone">x</a>', "/gone is answered with 404"),
        ('<a href="#gone">x</a>', "these places are not on the page"),
        ('<canvas width="1000"></canvas>', "pixels wide"),
        ("<input>", "label"),
        ("<p>x</p>", None),
    ],
)
def test_what_is_wrong_with_a_page_is_found(page: Page, html: str, found: str | None) -> None:
    page.add_init_script(ADDED % html)
    wrong = walk(page, ["/setup"], by_both=False)
    assert not wrong if found is None else len(wrong) == 1 and found in wrong[0]


def test_page_that_is_refused_fails_a_test_unless_it_expects_so(
    page: Page, complaints: Complaints
) -> None:
    page.goto("/no-such-page")
    assert any(re.search(r"404 GET .*/no-such-page", text) for text in complaints.left)
    complaints.expect("404")
    assert not complaints.left


def test_console_errors_and_faults_are_complaints(page: Page, complaints: Complaints) -> None:
    page.goto("/setup")
    page.evaluate("console.error('one')")
    page.evaluate("setTimeout(() => { throw new Error('two') })")
    page.evaluate("void fetch('http://127.0.0.1:1/').catch(() => 0)")
    page.wait_for_timeout(1)
    page.wait_for_function("true")
    found = " ".join(complaints.left)
    assert "console error: one" in found
    assert "fault: " in found and "two" in found
    complaints.expect(".")
