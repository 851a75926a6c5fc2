"""Journey: pages of the store break while the appliance runs; every door says so, and a repair.

The appliance runs as its processes, under its supervisor. The repair is the owner's command, while
they run; afterwards every mail program sees the UIDLs that it knows.
"""

import os
import poplib
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.paths import PROJECT
from app.store.condition import State, StoreCondition
from tests.kit.killing import PASSWORD, House
from tests.kit.running import Running, until
from tests.kit.store_damage import pages, settle, spoil, spoil_content

LINE = b"x" * 62 + b"\r\n"
MAIL = b"From: carl <carl@x.example>\r\nSubject: %d\r\n\r\n" + LINE * 400


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path / "var")
    house.furnish(["anna", "ben"], "[phone]\nring_seconds = 4\n")
    return house


@pytest.fixture
def box(house: House) -> Iterator[Running]:
    with Running(house) as box:
        yield box


def send(box: Running, number: int) -> None:
    with smtplib.SMTP("127.0.0.1", box.ports()["smtp"], timeout=30) as client:
        client.sendmail("carl@x.example", ["anna@box.test", "ben@box.test"], MAIL % number)


def logged_in(box: Running, login: str = "anna") -> poplib.POP3:
    client = poplib.POP3("127.0.0.1", box.ports()["pop3"], timeout=30)
    client.user(login)
    client.pass_(PASSWORD)
    return client


def uidls(box: Running, login: str = "anna") -> list[bytes]:
    client = logged_in(box, login)
    found = client.uidl()[1]
    client.quit()
    return found


def command(house: House, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        check=False,
        cwd=PROJECT,
        env={**os.environ, "SWITCHHOOK_VAR": str(house.var)},
        capture_output=True,
        text=True,
    )


def restarted(box: Running, service: str) -> None:
    """A service started anew: what it had in memory is read from the disk again."""
    folder = str(box.house.paths.run / "services" / service)
    subprocess.run(["s6-svc", "-wD", "-T", "40000", "-d", folder], check=True)
    subprocess.run(["s6-svc", "-wU", "-T", "40000", "-u", folder], check=True)


def test_one_bad_page_of_a_message_costs_that_message_until_the_repair(
    house: House, box: Running
) -> None:
    for number in range(5):
        send(box, number)
    before = uidls(box)
    inbox = house.inbox()
    settle(house.paths.database)
    content = inbox.store.entries(1)[2].content
    inbox.db.close()
    spoil_content(house.paths.database, content)
    restarted(box, "mail")

    client = logged_in(box)
    with pytest.raises(poplib.error_proto, match=r"\[SYS/PERM\]"):
        client.retr(3)
    assert len(client.retr(4)[1]) > 400, "the session goes on"
    assert client.uidl()[1] == before
    client.quit()
    send(box, 5)
    assert "1 message cannot be read; mail and calls are taken" in command(house, "status").stdout

    done = command(house, "inbox", "repair")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "octets of" in done.stdout
    after = uidls(box)
    assert after[:5] == before
    assert len(after) == 6
    client = logged_in(box)
    assert b"X-Switchhook-Damaged" in b"\n".join(client.retr(3)[1])
    client.quit()
    send(box, 6)
    assert len(uidls(box, "ben")) == 7
    assert "ATTENTION" not in command(house, "status").stdout


def test_bad_page_of_a_table_is_told_at_every_door_and_mended_with_uidls_kept(
    house: House, box: Running, words: Path
) -> None:
    for number in range(30):
        send(box, number)
    before = uidls(box), uidls(box, "ben")
    database = house.paths.database
    settle(database)
    spoil(database, *pages(database, "entry", "internal"), *pages(database, "entry_person"))
    restarted(box, "mail")

    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] the store .* is damaged"):
        logged_in(box)
    with pytest.raises(smtplib.SMTPException, match="damaged"):
        send(box, 30)
    health = command(house, "device", "health")
    assert health.returncode == 1
    assert "the store of messages is damaged" in health.stdout
    assert "mail is refused for the time being" in command(house, "status").stdout
    assert "`inbox repair`" in command(house, "inbox", "list", "anna").stderr
    phone, clerk = box.pid("phone"), box.clerk()
    box.board("ring line1 from 5551234", "wait-for line1 speech within 60s", "dial line1 #")
    box.board("wait-for line1 beep within 20s", f"say line1 {words}", "hangup line1")
    assert box.clerk() == clerk, "the clerk lives on"

    done = command(house, "inbox", "repair")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "lost: nothing" in done.stdout
    assert uidls(box, "ben") == before[1]
    until(lambda: len(uidls(box)) == 31)  # the voicemail that was spoken meanwhile
    assert uidls(box)[:30] == before[0]
    send(box, 30)
    assert len(uidls(box)) == 32
    assert box.pid("phone") == phone, "calls go on through a repair"
    assert StoreCondition(database).read().state is State.WELL
    until(lambda: box.clerk() > 0)


def test_store_that_cannot_be_opened_is_told_and_mended_without_a_start_of_the_box(
    house: House, box: Running
) -> None:
    send(box, 1)
    before = uidls(box)
    subprocess.run(
        ["s6-svc", "-wD", "-T", "40000", "-d", str(house.paths.run / "services" / "mail")],
        check=True,
    )
    settle(house.paths.database)
    spoil(house.paths.database, 1)
    restarted(box, "mail")
    with pytest.raises(poplib.error_proto, match=r"\[SYS/TEMP\] the store .* is damaged"):
        poplib.POP3("127.0.0.1", box.ports()["pop3"], timeout=30)
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        send(box, 2)
    assert refused.value.smtp_code == 421
    assert "mail     well" in command(house, "device", "health").stdout

    done = command(house, "inbox", "repair")
    assert done.returncode == 0, done.stderr + done.stdout
    assert uidls(box) == before
    send(box, 2)
    assert len(uidls(box)) == 2
