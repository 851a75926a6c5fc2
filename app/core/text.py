"""Text from elsewhere made fit to be shown: one function for each kind of output.

| output | function |
|---|---|
| a field of a mail header, a reply, an error kept in the store | `one_line` |
| a terminal, the output of a command, the log | `visible` |
| the speech synthesizer | `speakable` |
| JSON, on a control socket or printed | `json.dumps`, which writes ASCII only |

Commands print through app/commands/output.py and logs through app/core/logs.py, which call
`visible` for everything. What is kept is kept as it came: text is made fit where it goes out.
"""

import re

# Controls, blanks and line ends of every kind; half a surrogate pair, which no UTF-8 can hold.
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_HALF = re.compile(r"[\ud800-\udfff]")

# Controls, line separators, and what turns the order of a line round [Unicode, UAX #9].
_DANGEROUS = "\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# What takes no room: joiners, fillers, marks of language and of variation (but U+FE0F, which makes
# a sign an emoji), tags [Unicode, Default_Ignorable_Code_Point].
_UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164"
    "\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_NO_CHARACTER = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_NOT_VISIBLE = re.compile(f"[{_DANGEROUS}{_UNSEEN}{_NO_CHARACTER}]")
_UNHEARD = re.compile(f"[{_UNSEEN}{_NO_CHARACTER}]")
_TO_SYNTHESIZER = re.compile(f"(?:(?!\n)[{_DANGEROUS}])+")
_SHOWN_AS_CODE = re.compile(f"[{_DANGEROUS}]")


def one_line(text: str, longest: int = 200) -> str:
    """Make a foreign text fit for one line of a header or a reply.

    Each run of controls, blanks and line ends becomes one space, half a surrogate pair becomes
    U+FFFD; at most `longest` characters are kept.
    """
    line = _BLANK.sub(" ", text)
    if not line.isascii():
        line = _HALF.sub("\N{REPLACEMENT CHARACTER}", line)
    return line.strip()[:longest]


def visible(text: str) -> str:
    r"""Make a text fit for one line of a terminal or a log.

    Controls, line ends and marks that turn the reading order round are shown by their codes, such
    as \x1b or \u202e, a tab as a blank; what takes no room is left out; what is no character
    becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return _NOT_VISIBLE.sub(_made_visible, text)


def _made_visible(found: re.Match[str]) -> str:
    sign = found[0]
    if sign == "\t":
        return " "
    if _SHOWN_AS_CODE.match(sign):
        return f"\\x{ord(sign):02x}" if ord(sign) < 0x100 else f"\\u{ord(sign):04x}"
    return "\N{REPLACEMENT CHARACTER}" if re.match(f"[{_NO_CHARACTER}]", sign) else ""


def visible_lines(text: str) -> str:
    """The same for a text of several lines, whose line ends (LF, CRLF) are kept as LF."""
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def speakable(text: str) -> str:
    """Make a text fit for the synthesizer: words and blanks, no command to it.

    espeak-ng takes a control character as a command that may change the voice or play a file, and
    what stands in double brackets for phonemes [espeak-ng, docs/markup.md and docs/guide.md].
    """
    words = _TO_SYNTHESIZER.sub(" ", _UNHEARD.sub("", text))
    while "[[" in words:
        words = words.replace("[[", "[ [")
    return words.strip()
