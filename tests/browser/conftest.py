"""One running box and one browser for each file; a fresh page for each test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.kit.browser import Complaints, chromium, opened, web_address
from tests.kit.killing import House
from tests.kit.running import Running

PEOPLE = ("anna", "ben")
"""Anna is the administrator. Handsets 101 and 102, mailboxes 201 and 202, PASSWORD of the kit."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`make run`, with ports that the system chooses and its people in the store."""
    house = House(tmp_path_factory.mktemp("box") / "var")
    house.furnish(PEOPLE)
    with Running(house) as box:
        yield box


@pytest.fixture(scope="module")
def browser_arguments() -> tuple[str, ...]:
    """What this file's browser is started with; a file that needs more has its own fixture."""
    return ()


@pytest.fixture(scope="module")
def browser(browser_arguments: tuple[str, ...]) -> Iterator[Browser]:
    """Chromium, without a window."""
    with chromium(browser_arguments) as browser:
        yield browser


@pytest.fixture
def visit(box: Running, browser: Browser) -> Iterator[tuple[Page, Complaints]]:
    """A page and what the browser complains about, which fails the test at its end."""
    with opened(browser, web_address(box.house.paths.web_ports)) as visit:
        yield visit


@pytest.fixture
def page(visit: tuple[Page, Complaints]) -> Page:
    """A page of a fresh profile: `page.goto("/mine")` is the box's."""
    return visit[0]


@pytest.fixture
def complaints(visit: tuple[Page, Complaints]) -> Complaints:
    """To say which complaints of the browser the test expects."""
    return visit[1]
