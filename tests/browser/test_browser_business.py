"""The business pages in a browser: the transfer setting, an alias with its trace, for everybody."""

from playwright.sync_api import Page, expect

from app.appliance import open_inbox
from tests.kit.browser import Complaints, assert_accessible, picture
from tests.kit.killing import PASSWORD
from tests.kit.running import Running


def log_in(page: Page, path: str) -> None:
    """Open a page as Anna, the administrator."""
    page.goto(path)
    page.get_by_label("Name, mailbox number").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_transfer_setting_says_what_it_does_and_is_saved(page: Page, box: Running) -> None:
    log_in(page, "/business/users")
    page.get_by_role("link", name="ben", exact=True).click()
    group = page.get_by_role("group", name="POP3 Mail Transfers")
    choice = group.get_by_role("radio", name="Email messages only")
    expect(choice).to_have_accessible_description(
        "New voicemails stay on the telephone; mail programs do not see them."
    )
    choice.check()
    assert_accessible(page)
    picture(page, "modify-user")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("ben: saved.")
    expect(group.get_by_role("radio", name="Email messages only")).to_be_checked()


def test_alias_is_checked_with_its_trace_and_then_saved(
    page: Page, box: Running, complaints: Complaints
) -> None:
    complaints.expect("422")  # what is refused is said on the page
    log_in(page, "/business/aliases")
    page.get_by_role("link", name="Add an alias").click()
    page.get_by_label("Email Alias").fill("ben")
    page.get_by_label("Members").fill("nobody-has-this")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert")).to_contain_text("neither a person nor an alias here")
    expect(page.get_by_label("Members")).to_have_value("nobody-has-this")
    page.get_by_label("Members").fill("anna\nben@far.test")
    page.get_by_label("Keep a copy here").check()
    page.get_by_role("button", name="Check").click()
    steps = page.locator("#trace").get_by_role("listitem")
    expect(steps.filter(has_text="ben keeps it in the inbox")).to_have_count(1)
    expect(steps.filter(has_text="ben@far.test is outside")).to_have_count(1)
    assert_accessible(page)
    picture(page, "alias-trace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("ben: saved.")
    kept = open_inbox(box.house.paths, box.house.paths.settings())
    alias = kept.aliases.get("ben")
    kept.db.close()
    assert alias is not None and alias.members == ("ben", "anna", "ben@far.test")
