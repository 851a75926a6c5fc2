"""Text from elsewhere made fit to be shown."""

import re

# Controls, blanks and line ends of every kind; half a surrogate pair, which no UTF-8 can hold.
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_HALF = re.compile(r"[\ud800-\udfff]")


def one_line(text: str, longest: int = 200) -> str:
    """Make a foreign text fit for one line of a header, a log or a table.

    Each run of controls, blanks and line ends becomes one space, half a surrogate pair becomes
    U+FFFD; at most `longest` characters are kept.
    """
    line = _BLANK.sub(" ", text)
    if not line.isascii():
        line = _HALF.sub("\N{REPLACEMENT CHARACTER}", line)
    return line.strip()[:longest]
