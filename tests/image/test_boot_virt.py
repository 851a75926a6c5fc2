"""The built image on QEMU's machine `virt`: one start, and everything an owner meets in it.

The lines are the virtual board's and their sound goes over the kernel's loopback card, so a call
takes the way it takes on real hardware: box, ALSA, phone service, voicemail, POP3.
"""

import email
import email.policy
import io
import json
import re
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pypdfium2  # type: ignore[import-untyped]  # it has no stubs
import pytest

from app.clerk import fax_pages
from drivers.buses import Samples
from drivers.panel_frames import Decoder, frame
from scripts.image.packages import SPOKEN
from tests.kit.foreign_sound import encoded
from tests.kit.guest import PRODUCTS, READY_S, SLOW, Guest
from tests.kit.guest_load import LETTER, owner_of
from tests.kit.hearing import at_8_khz, find, read_wav, spoken
from tests.kit.running import until

pytestmark = pytest.mark.boot

SETTINGS = '[phone]\nboard = "qemu"\nring_seconds = 4\n'
CALLER = "5551234"
WORDS = "words.8k.wav"
UPDATE = "own.update"
MAY_BE_ABSENT = {"chips", "spi"}
"""Made of Python on this board; QEMU 7 has no SPI."""
MEMORY_MB = 175
"""All processes together, with four lines; box and models, which no real board has, among them."""
SERVICES = "/run/switchhook/services"
TELL_READY = ("phone", "mail", "admin", "box", "watchdog")
ONCE = {"trial", "selftest"}
"""Services that do their work once and end well."""
OFF = {"wlan"}
"""Services that are not wanted here."""
PIECE, LOUD = 2000, 500
"""A quarter of a second, and the level of speech."""
LIKE, MOST = 0.8, 0.6
"""Likeness of a piece (of other words: below 0.75), and how many must be there."""
CALLS = 4
"""Tried until one has lost no period that matters."""


class Panel(threading.Thread):
    """The far end of the guest's serial line over USB: answers what it is asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._line = socket.socket(socket.AF_UNIX)
        self._path = path

    def run(self) -> None:
        """Until QEMU is gone."""
        self._line.connect(str(self._path))
        decoder = Decoder()
        while piece := self._line.recv(4096):
            for asked in decoder.receive(piece):
                if asked.kind == "H":
                    greeting = frame("G", asked.sequence, b"\x01\x0c\x07a panel of QEMU's")
                    self._line.sendall(greeting)


class House:
    """The guest of this file, and its administrator."""

    def __init__(self, guest: Guest) -> None:
        self.guest, self.owner = guest, owner_of(guest)
        self._logged_in = False

    def log_in(self) -> None:
        """Log in at the console, once."""
        if not self._logged_in:
            self.guest.log_in(self.owner.console)
            self._logged_in = True

    def wait_until_ready(self) -> None:
        """Every service has said that it is ready, and the self-test of the start is over."""
        self.log_in()
        ready = " ".join(f"{SERVICES}/{name}" for name in TELL_READY)
        self.guest.run(f"s6-svwait -U -t {READY_S * 1000} {ready}", within_s=READY_S)
        self.guest.run(f"s6-svwait -D -t {READY_S * 1000} {SERVICES}/selftest", within_s=READY_S)

    def periods_lost(self) -> int:
        """At either end of the sound card since the start, as the logs tell."""
        logs = "/run/log/phone/* /run/log/box/*"
        return int(self.guest.run(f"cat {logs} | grep -c 'periods lost since start'; true"))

    def fetch(self) -> list[bytes]:
        """What the administrator has."""
        return self.guest.fetch(self.owner.login, self.owner.password)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("virt")
    panel = folder / "panel"
    devices = (
        "-device", "qemu-xhci", "-chardev", f"socket,id=panel,path={panel},server=on,wait=off",
        "-device", "usb-serial,chardev=panel",
    )  # fmt: skip
    guest = Guest(folder, devices=devices, settings=SETTINGS)
    at_8_khz(spoken("The quick brown fox wants to be called back.", folder / "words.wav"))
    guest.put_file_on_card(folder / WORDS)
    (bundle,) = PRODUCTS.glob("*.update")
    (folder / UPDATE).symlink_to(bundle)
    guest.put_file_on_card(folder / UPDATE)
    with guest:
        until(panel.exists)
        Panel(panel).start()
        house = House(guest)
        guest.pop3().quit()
        print(f"POP3 answered {guest.booted_s:.1f} s after the start")
        yield house


@pytest.fixture
def ready(house: House) -> House:
    """The house, all of it at work: what is tried before then meets a start, not an appliance."""
    house.wait_until_ready()
    return house


def test_a_mail_goes_in_by_smtp_and_out_by_pop3(house: House) -> None:
    with house.guest.smtp() as client:
        assert client.sendmail("carol@y.test", [house.owner.address], LETTER) == {}
    (fetched,) = house.fetch()
    assert fetched.endswith(LETTER)


def test_the_administrator_logs_in_at_the_console(house: House) -> None:
    house.log_in()
    assert house.guest.run("id -u") == "0"
    assert house.guest.run("uname -m") == "aarch64"


def test_every_service_is_up_and_none_has_failed(ready: House) -> None:
    house = ready
    told = "${s##*/} $(s6-svstat $s), died $(s6-svdt $s | wc -l)"
    states = house.guest.run(f"for s in {SERVICES}/*; do echo {told}; done")
    said = dict(line.split(" ", 1) for line in states.splitlines())
    assert {"phone", "mail", "admin", "box", "network", "watchdog"} <= set(said)
    for name, state in said.items():
        died = int(state.rpartition(" ")[2])
        if name in ONCE:
            assert re.match(r"up |down \(exitcode 0\)", state) and died <= 1, f"{name}: {state}"
        else:
            assert died == 0, f"{name}: {state}"
            assert state.startswith("up ") != (name in OFF), f"{name}: {state}"
    for name in TELL_READY:
        assert re.match(r"up \(pid \d+\) .* ready ", said[name]), f"{name}: {said[name]}"
    until(lambda: house.guest.tried("switchhook device health")[0] == 0, within_s=60 * SLOW)


@pytest.mark.parametrize(
    ("service", "user", "capabilities"),
    [
        ("phone", "phone", 0),
        ("mail", "mail", 1 << 10),
        ("admin", "keeper", 1 << 10),
        ("box", "box", 0),
        ("watchdog", "watchdog", 0),
    ],
)
def test_service_has_no_rights_but_those_it_needs(
    ready: House, service: str, user: str, capabilities: int
) -> None:
    """1 << 10 is CAP_NET_BIND_SERVICE [capabilities(7)]."""
    pid = ready.guest.run(f"s6-svstat -o pid {SERVICES}/{service}")
    told = dict(
        line.split(":", 1) for line in ready.guest.run(f"cat /proc/{pid}/status").splitlines()
    )
    assert ready.guest.run(f"stat -c %U /proc/{pid}") == user
    assert "0" not in told["Uid"].split()
    for kind in ("CapEff", "CapBnd"):
        assert int(told[kind], 16) == capabilities, kind
    assert told["NoNewPrivs"].strip() == "1"


def test_it_is_at_home_in_half_a_gigabyte(ready: House) -> None:
    house = ready
    shares = house.guest.run("cat /proc/[0-9]*/smaps_rollup 2>/dev/null | grep ^Pss: ; true")
    used_mb = sum(int(line.split()[1]) for line in shares.splitlines()) * 1024 / 1e6
    told = dict(line.split(":") for line in house.guest.run("cat /proc/meminfo").splitlines())
    total_mb, left_mb = (
        int(told[name].split()[0]) * 1024 / 1e6 for name in ("MemTotal", "MemAvailable")
    )
    print(f"{used_mb:.0f} MB in all processes (PSS), {left_mb:.0f} of {total_mb:.0f} MB available")
    assert total_mb < 512 * 1.05
    assert 20 < used_mb < MEMORY_MB
    assert left_mb > total_mb / 4


def test_data_partition_reaches_to_the_end_of_the_card(ready: House) -> None:
    disk = "/sys/block/vda"
    said = ready.guest.run(f"cat {disk}/size {disk}/vda4/start {disk}/vda4/size; df -m /data")
    *sectors, _, mounted = said.splitlines()
    card, begin, size = map(int, sectors)
    assert begin + size == card
    assert int(mounted.split()[1]) > size // 2048 * 0.9, "MB of the file system"


@pytest.mark.parametrize("way", ["-connect 127.0.0.1:995", "-connect 127.0.0.1:110 -starttls pop3"])
def test_mail_is_fetched_by_tls_with_the_certificate_of_the_box(ready: House, way: str) -> None:
    check = "-CAfile /data/keys/ca.crt -verify_return_error -verify_ip 127.0.0.1"
    said = ready.guest.run(f"echo QUIT | openssl s_client -quiet {way} {check} 2>/dev/null")
    assert said.splitlines()[-1].startswith("+OK bye")


@pytest.mark.parametrize("language", SPOKEN)
def test_synthesizer_speaks_numbers_in_each_of_its_languages(ready: House, language: str) -> None:
    """A voice without its dictionary is silent, and the program exits with 0 all the same."""
    samples = (
        f"espeak-ng -v {language} --stdout 12 2>/dev/null | tail -c +45 | tr -d '\\000' | wc -c"
    )
    assert int(ready.guest.run(samples)) > 2000


@pytest.mark.parametrize("name", ["wav49", "amr"])
def test_sound_of_another_system_is_decoded(ready: House, tmp_path: Path, name: str) -> None:
    """The libraries are opened by name when they are wanted: nothing misses them before."""
    said = ready.guest.run(decoding_of(name, tmp_path / "short.wav"))
    assert int(said) >= 640, "octets of 60 ms"


def decoding_of(name: str, source: Path) -> str:
    """A short command that tells the length of 60 ms of sound sent in this encoding."""
    synth = ("sox", "-D", "-n", "-r", "8000", "-b", "16", "-c", "1", source, "synth", "0.06")
    subprocess.run([*synth, "sine", "440", "gain", "-9"], check=True)
    octets = b64encode(encoded(name, source)).decode()
    code = (
        "import base64; from app.clerk import decoding, media;"
        f" sound = media.Source([base64.b64decode('{octets}')]);"
        " print(len(b''.join(decoding.samples(sound, ''))))"
    )
    return f'PYTHONPATH=/usr/lib/switchhook python3 -c "{code}"'


def test_pages_of_a_fax_are_drawn(ready: House) -> None:
    """PDFium is opened when a fax goes out: nothing misses it before."""
    pdf, made = pypdfium2.PdfDocument.new(), io.BytesIO()
    pdf.new_page(595, 842)
    pdf.save(made)
    code = (
        "import base64; from app.clerk import fax_pages;"
        f" pages = fax_pages.of_pdf(base64.b64decode('{b64encode(made.getvalue()).decode()}'));"
        " print([page.width for page in pages])"
    )
    said = ready.guest.run(f'PYTHONPATH=/usr/lib/switchhook python3 -c "{code}"')
    assert said.splitlines()[-1] == f"[{fax_pages.WIDTH}]"


def test_pages_answer_on_ports_80_and_443(ready: House, tmp_path: Path) -> None:
    """From another machine, which takes the box's authority from the page that offers it."""
    ports = ready.guest.ports
    base = f"http://127.0.0.1:{ports['http']}"
    with urlopen(f"{base}/setup", timeout=60) as page:
        assert b"<td>995</td>" in page.read()
    with urlopen(f"{base}/setup/ca.crt", timeout=60) as authority:
        context = ssl.create_default_context(cadata=authority.read().decode())
    context.check_hostname = False  # it is reached by a port of this machine
    with urlopen(f"https://127.0.0.1:{ports['https']}/login", context=context, timeout=60) as page:
        assert b'name="password"' in page.read()
    health = ready.guest.tried("switchhook device health")[1]
    assert re.search(r"^web +well", health, re.MULTILINE), health


def test_certificate_names_the_address_that_the_router_gave(ready: House) -> None:
    until(lambda: "10.0.2.15" in ready.guest.run("cat /data/keys/server.names"), within_s=60 * SLOW)
    said = ready.guest.run(
        "openssl verify -CAfile /data/keys/ca.crt -verify_ip 10.0.2.15 /data/keys/server.crt"
    )
    assert said.endswith("OK")
    assert ready.guest.run("stat -c '%a %G' /data/keys/server.key") == "640 switchhook"


def test_builds_own_update_is_believed(ready: House) -> None:
    """By the cryptography library of Debian, which is older than that of the other tests."""
    said = ready.guest.run(f"switchhook update info /run/card/{UPDATE}", within_s=200)
    assert "signed by: development.pub" in said and ", whole" in said, said


def test_the_hardware_tests_itself(ready: House) -> None:
    code, text = ready.guest.tried("switchhook device selftest --json", within_s=240)
    outcomes = {outcome["name"]: outcome for outcome in json.loads(text)}
    for outcome in outcomes.values():
        print(f"{outcome['name']:<9} {outcome['result']:<12} {outcome['says']}")
    failed = [outcome for outcome in outcomes.values() if outcome["result"] == "failed"]
    assert not failed and code == 0, failed
    absent = {name for name, outcome in outcomes.items() if outcome["result"] == "not present"}
    assert absent <= MAY_BE_ABSENT
    assert "a panel of QEMU's, 12 LEDs, 7 buttons" in outcomes["panel"]["says"]


def test_the_front_panel_shows_the_box_and_its_buttons_act(ready: House) -> None:
    """The virtual board's, through its expander; the admin service's user may do so."""
    board = ready.guest.at_the_board
    until(lambda: "power lit" in board("leds"), within_s=60 * SLOW)
    board("press panel night")
    until(lambda: "night lit" in board("leds"), within_s=60 * SLOW)
    assert ready.guest.run("stat -c %U /data/greetings/night") == "keeper"
    board("press panel night")
    until(lambda: "night dark" in board("leds"), within_s=60 * SLOW)


def test_a_call_over_the_sound_card_is_fetched_by_pop3(ready: House) -> None:
    """An emulator on a busy machine loses periods now and then, and with them a caller's number.

    So a call counts as failed only if nothing was lost in it.
    """
    ready.guest.run(f"cp /run/card/{WORDS} /tmp/ && chmod 644 /tmp/{WORDS}")
    for _ in range(CALLS):
        before = ready.periods_lost()
        octets = call(ready)
        share = share_of_words(ready, octets)
        print(f"{share:.0%} of the words are in the message as they were said")
        if CALLER in octets.decode("latin-1") and share > MOST:
            return
        lost = ready.periods_lost() - before
        assert lost, "no period was lost in this call, and number or words were"
        print(f"{lost} periods were lost in this call")
    pytest.fail(f"every one of {CALLS} calls lost periods")


def call(house: House) -> bytes:
    """A caller rings, hears the beep, speaks; the message as POP3 gives it."""
    before = len(house.fetch())
    house.guest.at_the_board(
        f"ring line1 from {CALLER}", "wait-for line1 answered within 60s",
        "wait-for line1 beep within 60s", f"say line1 /tmp/{WORDS}", "hangup line1", "settle",
    )  # fmt: skip
    until(lambda: len(house.fetch()) > before, within_s=60 * SLOW)
    return house.fetch()[-1]


def share_of_words(house: House, octets: bytes) -> float:
    """How much of what the caller said is in the message's recording."""
    message = email.message_from_bytes(octets, policy=email.policy.default)
    (recording,) = (part for part in message.walk() if part.get_content_maintype() == "audio")
    sound = recording.get_payload(decode=True)
    assert isinstance(sound, bytes)
    return found_again(read_wav(house.guest.folder / WORDS), read_wav(io.BytesIO(sound)))


def found_again(said: Samples, kept: Samples) -> float:
    """The share of pieces of what was said that are in what was kept.

    Not all at once: an emulator on a busy machine is late for a period now and then.
    """
    pieces = [said[at : at + PIECE] for at in range(0, len(said) - PIECE + 1, PIECE)]
    loud = [piece for piece in pieces if piece.astype(float).std() > LOUD]
    assert len(loud) > 3
    return sum(find(piece, kept)[0] > LIKE for piece in loud) / len(loud)


def test_console_is_a_shell_of_the_boxes_own_commands(ready: House) -> None:
    """Near the end: whoever leaves a console has its getty started again."""
    guest = ready.guest
    guest.type("exit")
    for question, answer in (
        (r"login: $", "admin"),
        (r"Password: $", ready.owner.console),
        (r"^switchhook> $", "status"),
        (r"^phone +up ", ""),
        (r"^switchhook> $", "logs mail -n 1"),
        (r"^20.* mail: ", ""),
        (r"^switchhook> $", "logout"),
        (r"login: $", ""),
    ):
        guest.expect(question, within_s=120)
        if answer:
            guest.type(answer)


def test_the_power_button_switches_it_off_cleanly(house: House) -> None:
    house.guest.press_power_button()
    house.guest.wait_off()
    assert "Power down" in house.guest.console
    assert "cannot be used" not in house.guest.console
