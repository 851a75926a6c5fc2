"""The pages of the box itself in a browser: first start, settings, backup; for everybody."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.kit.browser import Complaints, assert_accessible, picture
from tests.kit.killing import PASSWORD
from tests.kit.running import Running

SAVED_MS = 60_000
"""What a click may take that starts services again, on a machine that has much else to do."""


def log_in(page: Page) -> None:
    page.set_default_timeout(SAVED_MS)
    page.goto("/login")
    page.get_by_label("Name, mailbox number").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


@pytest.fixture
def anna(page: Page) -> Page:
    """A page of the administrator's."""
    log_in(page)
    return page


def test_first_start_is_gone_through_with_a_person_a_mail_and_the_country(
    box: Running, anna: Page
) -> None:
    expect(anna.get_by_role("heading", name="Language")).to_be_visible()
    assert_accessible(anna)
    anna.get_by_role("button", name="Save and go on").click()
    expect(anna.get_by_role("heading", name="Country and language")).to_be_visible()
    assert_accessible(anna)
    picture(anna, "first-start")
    anna.get_by_label("site.country").select_option("gb")
    anna.get_by_role("button", name="Save and go on").click()
    expect(anna.get_by_text("site.country is gb")).to_be_visible()
    assert box.house.paths.settings().site.country == "gb"
    for _ in ("lines", "network", "domain"):
        anna.get_by_role("button", name="Leave it as it is").click()
    expect(anna.get_by_role("heading", name="People")).to_be_visible()
    anna.get_by_label("Name").fill("Carla")
    anna.get_by_label("Login").fill("carla")
    anna.get_by_label("Mailbox").fill("203")
    anna.get_by_role("button", name="Add this person").click()
    expect(anna.get_by_text("PIN for the telephone")).to_be_visible()
    anna.get_by_role("link", name="Go on").click()
    anna.get_by_role("button", name="Go on").click()
    anna.get_by_label("Send a mail to").select_option("carla")
    anna.get_by_role("button", name="Send it").click()
    expect(anna.get_by_text("A mail has gone to carla@")).to_be_visible()
    anna.get_by_role("button", name="Go on").click()
    expect(anna.get_by_text("The box is set up.")).to_be_visible()
    found = box.house.inbox()
    carla = found.people.by_login("carla")
    assert carla is not None
    assert [e.subject for e in found.store.entries(carla.id)] == ["The first mail of this box"]
    found.db.close()


def test_setting_out_of_range_is_named_kept_as_typed_and_can_be_mended(
    anna: Page, complaints: Complaints
) -> None:
    complaints.expect("422")
    anna.goto("/email")
    size = anna.get_by_label("mail.largest_mb")
    size.fill("5000")
    anna.get_by_role("button", name="Save").click()
    expect(anna.get_by_role("alert")).to_contain_text("mail.largest_mb")
    expect(size).to_have_value("5000")
    size.fill("60")
    anna.get_by_role("button", name="Save").click()
    expect(anna.get_by_role("status")).to_contain_text("mail.largest_mb is 60")


def test_backup_is_made_downloaded_and_checked_before_it_is_restored(
    anna: Page, tmp_path: Path
) -> None:
    anna.goto("/maintenance/backup")
    anna.get_by_role("button", name="Make a backup").click()
    words = anna.locator("code").inner_text()
    assert re.fullmatch(r"[a-z0-9-]{24,}", words)
    anna.get_by_role("link", name="I have written it down").click()
    link = anna.get_by_role("link", name=re.compile("Download .*backup"))
    expect(link).to_be_visible(timeout=20_000)
    with anna.expect_download() as download:
        link.click()
    file = tmp_path / "box.backup"
    download.value.save_as(file)
    anna.goto("/maintenance/restore")
    anna.get_by_label("File").set_input_files(file)
    anna.get_by_role("button", name="Upload").click()
    anna.get_by_label("Passphrase").fill(words)
    anna.get_by_role("button", name="Check it").click()
    expect(anna.get_by_role("heading", name="What will happen")).to_be_visible(timeout=20_000)
    picture(anna, "restore")
    anna.get_by_role("button", name="Do not; remove the file").click()
    expect(anna.get_by_role("heading", name="What will happen")).to_be_hidden()
