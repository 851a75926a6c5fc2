"""Foreign text made fit for each kind of output."""

import unicodedata

import pytest

from app.core.text import one_line, speakable, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, 100 %", "plain text, 100 %"),
        ("Grüße, 日本語, שלום 👍\ufe0f", "Grüße, 日本語, שלום 👍\ufe0f"),
        ("a\x1b[2Jb", r"a\x1b[2Jb"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("a\rb\nc\x0b\x0cd\x00", r"a\x0db\x0ac\x0b\x0cd\x00"),
        ("a\tb", "a b"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("exe.\u202egpj", r"exe.\u202egpj"),
        ("\u2066a\u2069\u200e\u200f\u061c", r"\u2066a\u2069\u200e\u200f\u061c"),
        ("p\u200ba\u200dy\ufeffp\u00ada\u2060l\u3164", "paypal"),
        ("a\U000e0041\U000e007fb", "ab"),
        ("a\ud83db\uffffc", "a\ufffdb\ufffdc"),
        ("[/b] [red] :smile:", "[/b] [red] :smile:"),
    ],
)
def test_visible_text_shows_what_would_act_and_drops_what_hides(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_visible_text_has_no_sign_that_a_terminal_acts_on() -> None:
    """Of every character there is: no control, no format character, no line separator is left."""
    everything = "".join(map(chr, range(0x110000)))
    left = {
        sign for sign in visible(everything) if unicodedata.category(sign) in ("Cc", "Cs", "Zl")
    }
    assert left == set()
    for sign in "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff":
        assert sign not in visible(everything)


def test_visible_lines_keeps_line_ends_and_nothing_else() -> None:
    assert visible_lines("a\r\nb\nc\rd\x1b") == "a\nb\nc\\x0dd\\x1b"


def test_speakable_text_has_no_command_to_the_synthesizer() -> None:
    assert speakable("say\x01500s this\x1b\x00") == "say 500s this"
    assert speakable("[[h@'loU]] [[[x") == "[ [h@'loU]] [ [ [x"
    assert speakable("pa\u00adper\ud83d,\nGrüße 123") == "paper,\nGrüße 123"


def test_one_line_of_a_header_has_no_control_and_a_length() -> None:
    assert one_line(" a\r\n b\x1b\u2028c\ud83d ") == "a b c\ufffd"
    assert len(one_line("x" * 1000)) == 200
