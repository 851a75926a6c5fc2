"""My Switchhook in a browser: played, removed and brought back, read safely, no complaint."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.appliance import Inbox, open_inbox
from app.config.settings import Settings
from app.inbox.delivery import Envelope, scan_head
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.greetings import GreetingKind
from app.message.audio_formats import wave_head
from tests.kit import foreign_voicemail as foreign
from tests.kit.browser import DESK, PHONE, assert_accessible, picture
from tests.kit.killing import PASSWORD
from tests.kit.running import Running
from tests.kit.voicemail import silence, tone

SOUND = silence(0.5) + tone(1.5, peak=8000)
VOICEMAIL = foreign.freeswitch(foreign.wav(wave_head(len(SOUND) // 2) + SOUND))
ATTACK = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"
MAIL = (
    f"From: Eva {ATTACK} <eva@elsewhere.example>\r\nSubject: Plans {ATTACK}\r\n"
    "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
    f"--b\r\n\r\nSee the plan. {ATTACK}\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n<h1>The plan</h1>"
    f'<img src="http://127.0.0.1:1/pixel.gif" alt="pixel">{ATTACK}\r\n--b--\r\n'
).encode()
PLAYED = "it => new Promise(done => { it.onended = () => done(); it.play(); })"
LENGTH = "it => new Promise(done => { it.onloadedmetadata = () => done(it.duration); it.load(); })"


@pytest.fixture(scope="module")
def browser_arguments() -> tuple[str, ...]:
    """With a microphone that beeps, and nobody who has to allow it."""
    return ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def inbox(box: Running) -> Iterator[Inbox]:
    inbox = open_inbox(box.house.paths, Settings())
    yield inbox
    inbox.search.close()
    inbox.db.close()


def put(inbox: Inbox, octets: bytes, kind: Kind, seconds: int | None = None) -> int:
    head = scan_head(octets)
    facts = Facts(1_700_000_000.0, head.sender, head.subject, duration_s=seconds)
    envelope = Envelope("", (inbox.delivery.route("anna"),), kind, facts, b"", head)
    return inbox.db.now(
        lambda tx: inbox.delivery.deliver(tx, envelope, inbox.store.contents.write(tx, (octets,)))
    ).entries[0]


def log_in(page: Page) -> None:
    page.goto("/login?next=/mine")
    page.get_by_label("Name, mailbox number").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")


def test_voicemail_is_played_removed_and_brought_back(page: Page, inbox: Inbox) -> None:
    entry = put(inbox, VOICEMAIL, Kind.VOICEMAIL, 2)
    put(inbox, MAIL, Kind.EMAIL)
    log_in(page)
    assert_accessible(page)
    picture(page, "mine")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    picture(page, "mine-phone-dark")
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    page.locator(f'a[href="/mine/{entry}"]').click()
    assert_accessible(page)
    audio = page.locator("audio")
    audio.evaluate(PLAYED)
    assert abs(audio.evaluate(LENGTH) - 2) < 0.01
    expect(page.locator("img.wave")).to_have_js_property("complete", True)
    assert page.locator("img.wave").evaluate("it => it.naturalWidth > 0")
    picture(page, "mine-voicemail")
    assert inbox.store.need(entry).state is EntryState.HEARD
    page.get_by_role("link", name="1.5×").click()
    assert abs(page.locator("audio").evaluate(LENGTH) - 4 / 3) < 0.01
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("Removed: 1")
    assert page.locator(f'a[href="/mine/{entry}"]').count() == 0
    page.get_by_role("link", name=re.compile("Bin")).click()
    page.locator(f'a[href="/mine/{entry}"]').click()
    expect(page.locator("#removed")).to_contain_text("by anna through web")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status")).to_contain_text("Back in the inbox: 1")
    assert inbox.store.need(entry).state is not EntryState.BIN


def test_new_message_is_listed_as_it_comes(page: Page, inbox: Inbox) -> None:
    log_in(page)
    entry = put(inbox, MAIL, Kind.EMAIL)
    expect(page.locator(f'a[href="/mine/{entry}"]')).to_be_visible()


def test_hostile_mail_is_read_and_does_nothing(page: Page, inbox: Inbox) -> None:
    entry = put(inbox, MAIL, Kind.EMAIL)
    log_in(page)
    page.goto("/mine?q=plan")
    page.locator(f'a[href="/mine/{entry}"]').click()
    expect(page.locator("pre")).to_contain_text("See the plan.")
    assert "taken" not in page.title().replace(ATTACK, "")
    assert_accessible(page)
    with page.context.expect_page() as new:
        page.get_by_role("link", name="show it", exact=True).click()
    shown = new.value
    expect(shown.get_by_role("heading")).to_have_text("The plan")
    assert shown.title().startswith("Plans") and shown.evaluate("document.images.length") == 2
    assert shown.evaluate("[...document.images].every(it => !it.src)")
    assert shown.evaluate("window.origin") == "null", "no page of ours: it can read nothing"


def test_greeting_is_recorded_by_microphone(page: Page, inbox: Inbox) -> None:
    log_in(page)
    page.goto("/mine/greetings")
    day = page.locator("section", has=page.locator("#day"))
    day.get_by_role("button", name="Record by microphone").click()
    expect(day.locator(".said")).to_have_text("2 s")
    day.get_by_role("button", name="Stop").click()
    expect(day.get_by_role("button", name="Record by microphone")).to_be_enabled()
    assert_accessible(page)
    day.get_by_role("button", name="Use this greeting").click()
    expect(page.get_by_role("status").first).to_contain_text("The next caller hears")
    anna = inbox.people.by_login("anna")
    assert anna is not None
    wave = inbox.greetings.read(anna.id, GreetingKind.DAY)
    assert wave is not None and 2 * 16_000 <= len(wave) - 44 < 4 * 16_000 and any(wave[44:])
