"""A page that shows something under way goes on by itself, also while the box starts again."""

from playwright.sync_api import Browser, Route, expect

from app.config.paths import PROJECT

SCRIPT = (PROJECT / "app" / "web" / "static" / "again.js").read_text()
ADDRESS = "http://box.test/maintenance/update"
EVERY_MS = 3000


class Box:
    """What answers: a page of this state, or nothing while it is away."""

    def __init__(self) -> None:
        self.state, self.waits, self.away = "written", True, False

    def answer(self, route: Route) -> None:
        """One request of the browser."""
        if self.away:
            route.abort("connectionrefused")
            return
        again = " data-again" if self.waits else ""
        text = (
            f'<title>Update</title><main id="main" tabindex="-1"><p{again}>{self.state}</p>'
            f'<p data-away hidden>it is starting again</p><input type="file"></main>'
            f"<script>{SCRIPT}</script>"
        )
        route.fulfill(status=200, content_type="text/html", body=text)


def test_page_waits_while_the_box_is_away_and_shows_what_became_of_it(browser: Browser) -> None:
    box = Box()
    page = browser.new_page()
    page.clock.install()
    page.route("**/*", box.answer)
    page.goto(ADDRESS)
    box.away = True
    page.clock.run_for(EVERY_MS)
    expect(page.get_by_text("it is starting again")).to_be_visible()
    box.away, box.state = False, "on trial"
    page.clock.run_for(EVERY_MS)
    expect(page.get_by_text("on trial")).to_be_visible()
    expect(page.get_by_text("it is starting again")).to_be_hidden()
    box.state, box.waits = "kept", False
    page.clock.run_for(EVERY_MS)
    expect(page.get_by_text("kept")).to_be_visible()
    box.state = "asked for once more"
    page.clock.run_for(3 * EVERY_MS)
    expect(page.get_by_text("kept")).to_be_visible()
    page.close()
