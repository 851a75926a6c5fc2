"""Text from elsewhere made fit to be shown."""

import re


def one_line(text: str, longest: int = 200) -> str:
    """Make a foreign text fit for one header line: no controls, no line ends, not too long."""
    return re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()[:longest]
