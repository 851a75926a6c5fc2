"""A whole call on the page of the virtual board, with a microphone that plays tones.

Two people talk, and it is measured how late sound is. Then a caller is rung through to voicemail,
skips the greeting by a key and speaks; the message is fetched by POP3 and heard on a handset.
"""

import email
import email.policy
import io
import json
import poplib
import re
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from drivers.buses import SAMPLE_RATE
from drivers.models.sound import save_wav
from tests.browser.conftest import PEOPLE
from tests.kit.browser import PHONE, assert_accessible, opened, picture, web_address
from tests.kit.killing import PASSWORD, House
from tests.kit.models import sine
from tests.kit.running import Running

PIN = "844941"
TONE_HZ = 1000
BURST_MS, EVERY_MS = 200, 500
MOUTH_TO_EAR_MS = 150
SETTINGS = "[phone]\nring_seconds = 4\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Voicemail answers after four seconds, and Anna has a PIN."""
    house = House(tmp_path_factory.mktemp("box") / "var")
    house.furnish(PEOPLE, SETTINGS)
    inbox = house.inbox()
    anna = inbox.people.all()[0].id
    inbox.db.now(lambda tx: inbox.people.set_pin(tx, anna, PIN, by="anna"))
    inbox.db.close()
    with Running(house) as box:
        yield box


@pytest.fixture(scope="module")
def browser_arguments(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A microphone that hears a tone each second, for as long as it is open."""
    said = tmp_path_factory.mktemp("microphone") / "bursts.wav"
    silence = np.zeros((EVERY_MS - BURST_MS) * SAMPLE_RATE // 1000, np.int16)
    save_wav(said, np.concatenate([sine([TONE_HZ], -6, BURST_MS), silence]))
    return (
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={said}",
    )


def party(page: Page, name: str) -> Locator:
    """The card of a jack."""
    return page.get_by_role("region", name=re.compile(rf"^(Handset|Caller on) {name}$"))


def press(page: Page, name: str, keys: str) -> None:
    for key in keys:
        party(page, name).get_by_role("button", name=key, exact=True).click()


def tones_in(sound: bytes) -> int:
    """How often the microphone's tone begins in a WAV file."""
    with wave.open(io.BytesIO(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)
    windows = samples[: len(samples) // 400 * 400].reshape(-1, 400)  # 50 ms
    turns = np.exp(-2j * np.pi * TONE_HZ * np.arange(400) / SAMPLE_RATE)
    loud = np.abs(windows @ turns) / 200 > 500
    pure = np.abs(windows @ turns) ** 2 / 200 > 0.5 * (windows**2).sum(axis=1) + 1
    there = loud & pure
    return int(np.count_nonzero(there[1:] & ~there[:-1]))


def fetched(box: Running) -> list[email.message.EmailMessage]:
    client = poplib.POP3("127.0.0.1", box.ports()["pop3"], timeout=10)
    client.user("anna")
    client.pass_(PASSWORD)
    mails = [
        email.message_from_bytes(
            b"\r\n".join(client.retr(number + 1)[1]), policy=email.policy.default
        )
        for number in range(client.stat()[0])
    ]
    client.quit()
    return [mail for mail in mails if isinstance(mail, email.message.EmailMessage)]


LISTEN = """
() => {
  window.heard = { mouth: [], ear: [] };
  for (const which of ["mouth", "ear"]) {
    let loud = true;
    let quiet = 0;
    document.getElementById(which).addEventListener("sound", ({ detail: { level, at } }) => {
      quiet = level < 0.02 ? quiet + 1 : 0;
      if (quiet > 12) loud = false;
      if (!loud && level > 0.05) {
        loud = true;
        window.heard[which].push(at);
      }
    });
  }
}
"""
KEEP_CONTEXT = """
const Real = window.AudioContext;
window.AudioContext = class extends Real {
  constructor(...args) { super(...args); window.context = this; }
};
"""


@pytest.mark.soak  # the delay is of a quiet machine: 111 to 137 ms, and more beside other tests
def test_sound_is_not_late_from_mouth_to_ear(page: Page, box: Running) -> None:
    page.add_init_script(KEEP_CONTEXT)
    page.goto("/board")
    party(page, "101").get_by_role("button", name="Lift 101").click()
    box.board("wait-for 101 dial-tone")
    press(page, "101", "102")
    expect(party(page, "102")).to_have_class(re.compile("rings"))
    party(page, "102").get_by_role("button", name="Lift 102").click()
    page.get_by_label("Command of the board").fill("mouth 101")
    page.get_by_role("button", name="Do it").click()
    page.evaluate(LISTEN)
    page.wait_for_function("() => window.heard.ear.length >= 6 && window.heard.mouth.length >= 6")
    late = delays_ms(page.evaluate("() => window.heard"))
    devices = page.evaluate("() => 1000 * (context.baseLatency + context.outputLatency)")
    for name in ("101", "102"):
        party(page, name).get_by_role("button", name=f"Hang up {name}").click()
        expect(page.get_by_role("log")).to_contain_text(f"{name} hung up")  # sooner is a flash
    print(json.dumps({"between worklets": late, "devices": devices}))
    assert len(late) >= 3
    assert min(late) + devices <= MOUTH_TO_EAR_MS  # the others are late as this machine is


def delays_ms(heard: Any) -> list[float]:
    """From the beginning of each tone in the microphone to that in the earpiece."""
    found = []
    for said in heard["mouth"]:
        after = [at for at in heard["ear"] if at >= said]
        if after:
            found.append(1000 * (after[0] - said) + 10)  # told when its 10 ms were over
    return found


def test_first_voicemail_is_left_by_a_caller_fetched_by_pop3_and_heard(
    page: Page, box: Running
) -> None:
    page.goto("/board")
    hint = page.get_by_role("status")
    expect(hint).to_contain_text("Call the box from outside")
    assert_accessible(page)
    picture(page, "board")
    party(page, "line1").get_by_role("button", name="Call the box from outside").click()
    expect(hint).to_contain_text("The handsets ring")
    expect(party(page, "101").locator(".display")).to_contain_text("5551234 MARTA KOVACS")
    expect(hint).to_contain_text("After the beep")
    press(page, "line1", "#")  # the greeting is skipped
    box.board("wait-for line1 beep", "time 1500ms")
    assert_accessible(page)
    picture(page, "board-call")
    party(page, "line1").get_by_role("button", name="Hang up").click()
    expect(party(page, "101")).to_contain_text("message waiting")
    (mail,) = fetched(box)
    assert mail["subject"].startswith("Voicemail from MARTA KOVACS 5551234")
    (sound,) = (part.get_content() for part in mail.iter_attachments())
    assert tones_in(sound) >= 2
    hear_it(page, box)


def hear_it(page: Page, box: Running) -> None:
    """Anna lifts 101, and dials her mailbox and her PIN on its keypad."""
    heard = box.house.var / "heard.wav"
    party(page, "101").get_by_role("button", name="Lift 101").click()
    expect(page.get_by_role("status")).to_contain_text("Dial")
    box.board("wait-for 101 stutter")
    press(page, "101", "201")
    box.board("wait-for 101 speech")
    press(page, "101", f"{PIN}#")
    box.board("wait-for 101 speech", f"hear 101 {heard}")
    for _ in range(2):  # the message, without its number and time
        press(page, "101", "1")
        box.board("wait-for 101 speech")
    box.board("time 3s")
    party(page, "101").get_by_role("button", name="Hang up 101").click()
    expect(page.get_by_role("log")).to_contain_text("101 hung up")  # sooner it would be a flash
    assert tones_in(heard.read_bytes()) >= 2


def test_board_page_fits_a_telephone_by_night(box: Running, browser: Browser) -> None:
    address = web_address(box.house.paths.web_ports)
    assert any(line.strip().startswith(f"board {address}/board ") for line in box.screen)
    with opened(browser, address, viewport=PHONE, color_scheme="dark") as (page, _):
        page.goto("/board")
        expect(party(page, "line2")).to_contain_text("free")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        picture(page, "board-phone-dark")


RESAMPLED = """
async ([from, to, hertz]) => {
  const { Resampler } = await import("/board/static/resampler.js");
  const resampler = new Resampler(from, to);
  const made = [];
  for (let at = 0; at < from; ) {  // a second, in pieces of uneven length
    const piece = new Float32Array(Math.min(from - at, 100 + (at % 57)));
    for (let place = 0; place < piece.length; place++, at++) {
      piece[place] = Math.sin((2 * Math.PI * hertz * at) / from);
    }
    made.push(...resampler.push(piece));
  }
  return made;
}
"""


@pytest.mark.parametrize(
    ("rates", "hertz", "loud"),
    [
        ((48_000, 8000), 1000, True),
        ((44_100, 8000), 3400, True),
        ((48_000, 8000), 4700, False),
        ((44_100, 8000), 7000, False),
        ((8000, 48_000), 300, True),
        ((8000, 44_100), 3400, True),
    ],
)
def test_resampled_tone_is_itself_and_what_a_line_cannot_carry_is_gone(
    page: Page, rates: tuple[int, int], hertz: int, loud: bool
) -> None:
    page.goto("/board")
    made = np.array(page.evaluate(RESAMPLED, [*rates, hertz]))
    assert len(made) == pytest.approx(rates[1], abs=rates[1] * 0.01)
    middle = made[len(made) // 10 : len(made) // 10 + rates[1] // 2]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))) / len(middle) * 4
    place = 2 * np.arange(len(spectrum))  # hertz
    rest = spectrum[np.abs(place - hertz) > 10].max()
    assert rest < 0.005, "-46 dB"
    if loud:
        assert spectrum[np.abs(place - hertz) <= 4].max() == pytest.approx(1, abs=0.12)
