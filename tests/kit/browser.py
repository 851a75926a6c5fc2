"""The web pages in a real browser: Debian's chromium, driven by Playwright.

    def test_the_page_is_friendly(page: Page) -> None:
        page.goto("/mine")
        assert_accessible(page)

`page` and what it stands on are fixtures of tests/browser/conftest.py: one box and one browser for
a whole file, a fresh profile for each test. Whatever the browser complains about fails the test.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from app.config.paths import PROJECT

CHROMIUM = "/usr/bin/chromium"
AXE = PROJECT / ".venv" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
"""The judge of accessibility; scripts/setup test puts it there."""
SCREENS = PROJECT / "docs" / "screens"
"""Pictures of the pages, for README and manual."""
WANTED = "SWITCHHOOK_SCREENS"
"""In the environment of `make screens`, which alone writes pictures."""
WITHIN_MS = 10_000
"""How long Playwright waits for what is to be on a page; a busy machine is not what we test."""
ALWAYS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no way out of this machine
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
)
SERIOUS = ("serious", "critical")
"""Impacts by axe-core's own scale that no page may have."""
PHONE: ViewportSize = {"width": 390, "height": 844}
"""A telephone's screen, in CSS pixels."""
DESK: ViewportSize = {"width": 1280, "height": 800}


@contextmanager
def chromium(arguments: Sequence[str] = ()) -> Iterator[Browser]:
    """The browser for the length of a `with` block, with more arguments if it needs any.

    While it runs, no asyncio loop can run in this thread (Playwright has its own there).
    """
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ALWAYS, *as_root, *arguments]
        )
        try:
            yield browser
        finally:
            browser.close()


class Complaints:
    """What the browser complains about: console errors and warnings, faults, failed requests.

    A test that makes the box refuse something says so beforehand: `complaints.expect("403")`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self._noted: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.on("console", self._console)
        context.on("weberror", lambda fault: self._note(f"fault: {fault.error}"))
        context.on("requestfailed", self._failed)
        context.on("response", self._answered)

    def expect(self, pattern: str) -> None:
        """From now on, and for what was noted already, complaints with this pattern are none."""
        self._expected.append(re.compile(pattern))

    @property
    def left(self) -> list[str]:
        """Complaints that nobody expected."""
        return [
            text for text in self._noted if not any(known.search(text) for known in self._expected)
        ]

    def _note(self, text: str) -> None:
        self._noted.append(text)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"console {message.type}: {message.text} ({message.location['url']})")

    def _failed(self, request: Request) -> None:
        # A page that is left, or a download that the browser takes over, ends its requests.
        if request.failure != "net::ERR_ABORTED":
            self._note(f"no answer: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._note(f"refused: {response.status} {response.request.method} {response.url}")


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[tuple[Page, Complaints]]:
    """A page of a fresh profile, whose relative addresses are beneath this one.

    `options` are Playwright's of a context. Raises AssertionError at the end for any complaint.
    """
    context = browser.new_context(**{"base_url": address, "viewport": DESK, **options})
    try:
        context.set_default_timeout(WITHIN_MS)
        complaints = Complaints(context)
        yield context.new_page(), complaints
        assert not complaints.left, "the browser complains:\n" + "\n".join(complaints.left)
    finally:
        context.close()


def assert_accessible(page: Page, *rules: str) -> None:
    """Have axe-core judge the page as it is now; nothing serious may be found (WCAG 2.1 AA).

    `rules` are the only ones that it is to apply; none: all.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())  # by the debugger: the page's own policy lets nobody in
    asked = {
        "resultTypes": ["violations"],
        "preload": False,
        **({"runOnly": list(rules)} if rules else {}),
    }
    found = page.evaluate("asked => axe.run(document, asked)", asked)
    assert found["passes"], "axe-core has looked at nothing"
    violations = [
        f"{rule['impact']}: {rule['help']} ({rule['id']})\n    "
        + "\n    ".join(node["html"] for node in rule["nodes"])
        for rule in found["violations"]
        if rule["impact"] in SERIOUS
    ]
    assert not violations, f"{page.url}\n" + "\n".join(violations)


def assert_fits(page: Page) -> None:
    """The page is no wider than the window: nobody has to scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.evaluate("window.innerWidth"), f"{page.url} is {wide} pixels wide"


def picture(page: Page, name: str) -> None:
    """Keep the page as it is now as docs/screens/NAME.png, if `make screens` asks for it."""
    if os.environ.get(WANTED):
        SCREENS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENS / f"{name}.png", full_page=True, animations="disabled")


def web_address(web_ports: Path) -> str:
    """Where the pages of a running box are (HTTP)."""
    told = json.loads(web_ports.read_text())
    return f"http://127.0.0.1:{told['http']}"
