"""What is read of a message: texts, HTML without its markup, files and their names."""

import time

import pytest

from app.message.reading import Attachment, parts, read, safe_name, without_markup, words_of

MIXED = b"""From: a@b.example\r
Content-Type: multipart/mixed; boundary=out\r
\r
--out\r
Content-Type: multipart/alternative; boundary=in\r
\r
--in\r
Content-Type: text/plain; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
Gr=FC=DFe\r
--in\r
Content-Type: text/html\r
\r
<p>Gr&uuml;&szlig;e</p>\r
--in--\r
--out\r
Content-Type: image/png; name="plan.png"\r
Content-ID: <plan@b>\r
Content-Transfer-Encoding: base64\r
\r
QUJD\r
--out\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
text within\r
--out--\r
"""


def test_text_html_and_files_of_a_mail_are_told_apart() -> None:
    reading = read([MIXED])
    assert (reading.text.strip(), reading.cut, reading.html) == ("Grüße", False, 1)
    assert reading.attachments == (
        Attachment(2, "image/png", "plan.png", 3, within=True),
        Attachment(3, "message/rfc822", "", len(b"Subject: inner\r\n\r\ntext within")),
    )


def test_parts_have_the_same_numbers_and_octets_however_the_message_is_cut() -> None:
    for size in (1, 7, 1000):
        pieces = [MIXED[at : at + size] for at in range(0, len(MIXED), size)]
        found = [(p.number, p.kind, p.content_id, b"".join(p.octets)) for p in parts(pieces)]
        assert found[2] == (2, "image/png", "plan@b", b"ABC")
        assert found[3] == (3, "message/rfc822", "", b"Subject: inner\r\n\r\ntext within")
        assert len(found) == 4


def test_mail_of_html_alone_is_read_as_its_words() -> None:
    mail = (
        b"Content-Type: text/html\r\n\r\n<title>t</title><style>p{}</style><p>One&amp;two"
        b"<script>alert(1)</script><br>three</p>"
    )
    assert read([mail]).text == "One&two\nthree"
    assert words_of([mail], 100) == "One&two\nthree"


def test_long_text_is_cut_and_said_to_be() -> None:
    reading = read([b"\r\n" + b"x" * 300_000])
    assert (len(reading.text), reading.cut) == (262_144, True)


@pytest.mark.parametrize("charset", ["base64", "rot13", "no-such", "utf-16", ""])
def test_any_charset_is_survived(charset: str) -> None:
    mail = f"Content-Type: text/plain; charset={charset}\r\n\r\nabcd".encode()
    assert len(read([mail]).text) in (2, 4)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\cmd.exe", "cmd.exe"),
        (".htaccess", "htaccess"),
        ('a"b\r\nX: y;.txt', "a_b__X_ y_.txt"),
        ("Grüße.pdf", "Gr__e.pdf"),
        ("‮gpj.exe", "_gpj.exe"),
        ("invoice.pdf                    .exe", "invoice.pdf .exe"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("", "file"),
        ("...", "file"),
        ("字", "file"),
    ],
)
def test_name_of_a_file_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name, "file") == safe


def test_name_in_the_coding_of_rfc_2231_is_read() -> None:
    mail = (
        b"Content-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=UTF-8''na%C3%AFve%20plan.pdf\r\n\r\nx"
    )
    assert [a.name for a in read([mail]).attachments] == ["naïve plan.pdf"]


def test_hostile_markup_takes_linear_time() -> None:
    begun = time.process_time()
    without_markup("<script>" * 32_000 + "<p" * 32_000 + "&" * 32_000)
    assert time.process_time() - begun < 1.0, "linear cost is a few hundredths of a second"
