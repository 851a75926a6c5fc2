"""A mail's HTML: what stays, and what attacks do not."""

import base64
import subprocess
import sys

import pytest

from app.message.safe_html import NO_HTML, NoHtml, cleaned, page

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)><svg><script>alert(1)</script></svg>",
        "<style>body{background:url(http://evil.example/x)}</style>",
        '<p style="background:url(http://evil.example/x)">x</p>',
        '<meta http-equiv="refresh" content="0;url=http://evil.example/">',
        '<base href="http://evil.example/">',
        '<link rel="stylesheet" href="http://evil.example/x.css">',
        '<a href="javascript:alert(1)">x</a>',
        '<a href="  jAvAsCrIpT&#58;alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<iframe src="http://evil.example/"></iframe>',
        '<object data="http://evil.example/"></object><embed src="http://evil.example/">',
        '<form action="http://evil.example/"><input name="password"><button>x</button></form>',
        '<img src="http://evil.example/pixel.gif">',
        '<img src="//evil.example/pixel.gif">',
        '<img srcset="http://evil.example/pixel.gif 1x">',
        '<img src="/logout">',
        '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
        '<table background="http://evil.example/x"><tr><td background="//evil.example/x">x',
        '<video poster="http://evil.example/x"><source src="http://evil.example/y"></video>',
        '<input type="image" src="http://evil.example/x">',
        '<math><mtext><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)>',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
        "<plaintext><textarea><script>alert(1)",
    ],
)
def test_attack_does_not_stay(attack: str) -> None:
    left = cleaned(attack, {}, remote=False).lower()
    for word in (
        "<script",
        "<img src",
        "<img title",
        "<svg",
        "<style",
        "<meta",
        "<base",
        "<link",
        "<iframe",
        "<object",
        "<embed",
        "<form",
        "<input",
        "<video",
        "<math",
        'href="javascript',
        'href="data',
        "style=",
        "url(",
        "background=",
        "srcset=",
    ):
        assert word not in left, left
    assert "evil.example" not in left


def test_text_links_and_tables_stay() -> None:
    left = cleaned(
        '<h1>Hi</h1><table><tr><td align="left">a</td></tr></table>'
        '<a href="https://good.example/?a=1&amp;b=2">x</a><a href="mailto:a@b.example">y</a>',
        {},
        remote=False,
    )
    assert '<td align="left">a</td>' in left and "<h1>Hi</h1>" in left
    assert 'href="https://good.example/?a=1&amp;b=2"' in left
    assert 'rel="noopener noreferrer"' in left and 'target="_blank"' in left
    assert 'href="mailto:a@b.example"' in left


def mail(markup: str, picture: str = "image/png") -> bytes:
    return (
        "Subject: <b>Pictures</b>\r\nContent-Type: multipart/related; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{markup}\r\n"
        f"--b\r\nContent-Type: {picture}\r\nContent-ID: <logo@x>\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{PNG}\r\n--b--\r\n"
    ).encode()


def test_pictures_in_the_mail_are_shown_and_others_only_when_asked() -> None:
    markup = '<p>grün</p><img src="cid:logo@x"><img src="cid:other"><img src="http://e.example/p">'
    shown = page([mail(markup)], "<t>", remote=False)
    assert shown.count("data:image/png;base64," + PNG) == 1
    assert "e.example" not in shown and "cid:" not in shown
    assert "<title>&lt;t&gt;</title>" in shown and "grün" in shown
    assert 'src="http://e.example/p"' in page([mail(markup)], "t", remote=True)
    assert "data:" not in page([mail(markup, "image/svg+xml")], "t", remote=False)


def test_mail_without_html_has_no_page() -> None:
    with pytest.raises(NoHtml):
        page([b"Subject: x\r\n\r\nx"], "t", remote=False)


def run(octets: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "app.message.safe_html"]
    return subprocess.run(command, input=octets, capture_output=True, check=False)


def test_process_makes_the_page_and_says_where_there_is_none() -> None:
    done = run(mail("<p>x</p>"))
    assert done.returncode == 0 and b"<p>x</p>" in done.stdout
    assert b"<title>&lt;b&gt;Pictures&lt;/b&gt;</title>" in done.stdout
    assert run(b"\r\nx").returncode == NO_HTML


def test_markup_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import sys; from app.message import safe_html as it; it.CPU_S = 1; sys.exit(it.main())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=mail("<div>" * 50_000), capture_output=True, check=False)
    assert done.returncode < 0, "ended by the limit"
