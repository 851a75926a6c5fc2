"""The page that sets up mail programs, and that a browser's complaints are noticed at all."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.kit.browser import PHONE, Complaints, assert_accessible, opened, picture, web_address
from tests.kit.running import Running


def test_setup_page_is_accessible_at_a_desk(page: Page) -> None:
    page.goto("/setup")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert_accessible(page)
    picture(page, "setup")


def test_setup_page_by_night_on_a_telephone_needs_no_sideways_scrolling(
    box: Running, browser: Browser
) -> None:
    address = web_address(box.house.paths.web_ports)
    with opened(browser, address, viewport=PHONE, color_scheme="dark") as (page, _):
        page.goto("/setup")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        picture(page, "setup-phone-dark")


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


def test_what_blind_people_could_not_read_is_found(page: Page) -> None:
    page.goto("/setup")
    page.evaluate("document.body.append(document.createElement('input'))")
    with pytest.raises(AssertionError, match="label"):
        assert_accessible(page)
