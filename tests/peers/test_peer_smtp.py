"""Programs we did not write send to us: swaks (Debian) and Python's smtplib."""

import shutil
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.kit.mail_box import MailBox

needs_swaks = pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")


def swaks(box: MailBox, *arguments: str) -> subprocess.CompletedProcess[str]:
    server = ["--server", "127.0.0.1", "--port", str(box.ports.smtp), "--timeout", "20"]
    command = ["swaks", *server, "--from", "carol@y.test", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@needs_swaks
def test_swaks_delivers(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        told = swaks(box, "--to", "anna@box.test,bob", "--header", "Subject: from swaks")
        assert told.returncode == 0, told.stdout + told.stderr
        assert "250 2.0.0 Accepted as" in told.stdout
        (entry,) = box.inbox("anna")
        assert entry.subject == "from swaks" and len(box.inbox("bob")) == 1


@needs_swaks
def test_swaks_pipelines(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        told = swaks(box, "--to", "anna", "--pipeline")
        assert told.returncode == 0, told.stdout + told.stderr
        assert len(box.inbox("anna")) == 1


@needs_swaks
def test_swaks_attaches_a_file_and_dots_survive(tmp_path: Path) -> None:
    body = tmp_path / "body.txt"
    body.write_bytes(b".\n..\n.dot\nlast\n")
    (tmp_path / "store").mkdir()
    with MailBox(tmp_path / "store") as box:
        told = swaks(box, "--to", "anna", "--body", f"@{body}", "--attach", f"@{body}")
        assert told.returncode == 0, told.stdout + told.stderr
        octets = box.octets(box.inbox("anna")[0])
        assert b"\r\n.\r\n..\r\n.dot\r\nlast\r\n" in octets


@needs_swaks
@pytest.mark.parametrize(
    ("recipient", "status"), [("nobody@box.test", "550 5.1.1"), ("x@elsewhere.test", "550 5.7.1")]
)
def test_swaks_is_told_why_not(tmp_path: Path, recipient: str, status: str) -> None:
    with MailBox(tmp_path, lan=()) as box:
        told = swaks(box, "--to", recipient)
        assert told.returncode != 0
        assert status in told.stdout


def test_smtplib_sends_a_message_with_an_attachment_and_accents(tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"] = "Jörg <joerg@y.test>"
    message["To"] = "anna@box.test"
    message["Subject"] = "Grüße"
    message.set_content("Zeile eins\n.Punkt\n")
    message.add_attachment(bytes(range(256)) * 1000, "application", "octet-stream", filename="x")
    with MailBox(tmp_path) as box:
        with smtplib.SMTP("127.0.0.1", box.ports.smtp, timeout=20) as client:
            assert client.send_message(message) == {}
        (entry,) = box.inbox("anna")
        assert (entry.sender, entry.subject) == ("Jörg <joerg@y.test>", "Grüße")
        assert b"\r\n.Punkt\r\n" in box.octets(entry)


def test_smtplib_sends_to_an_address_that_is_not_ascii(tmp_path: Path) -> None:
    with MailBox(tmp_path) as box:
        with smtplib.SMTP("127.0.0.1", box.ports.smtp, timeout=20) as client:
            client.ehlo()
            assert client.has_extn("smtputf8") and client.has_extn("8bitmime")
            client.sendmail("jörg@bücher.test", ["anna"], b"x\r\n", ["SMTPUTF8", "BODY=8BITMIME"])
        octets = box.octets(box.inbox("anna")[0])
        assert "Return-Path: <jörg@bücher.test>".encode() in octets
        assert b"with UTF8SMTP id" in octets


def test_smtplib_sees_what_we_offer(tmp_path: Path) -> None:
    with MailBox(tmp_path, largest=12_345_678) as box, box.client() as client:
        client.ehlo()
        offered = client.esmtp_features
        assert offered["size"] == "12345678"
        assert {"pipelining", "8bitmime", "smtputf8", "enhancedstatuscodes"} <= set(offered)
        assert client.verify("anna")[0] == 252
        assert client.noop()[0] == 250
        assert client.help().startswith(b"2.0.0 Commands")
