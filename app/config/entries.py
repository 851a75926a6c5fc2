"""Settings that are tables of entries, as one line of text: "9, 0=line1 line2".

An entry is a key, and after = its words with blanks between. Commands and forms take and show that.
"""

from collections.abc import Mapping, Sequence

Entries = dict[str, str]
"""By key, the words of each; "" are none."""


def read_entries(text: str) -> Entries:
    """The entries of a line. What cannot be is for the declaration of the setting to refuse."""
    found: Entries = {}
    for part in text.split(","):
        key, _, words = part.partition("=")
        if part.strip():
            found[key.strip()] = " ".join(words.split())
    return found


def as_line(entries: Mapping[str, str | Sequence[str]]) -> str:
    """The line of these entries; the value of one is text, or a sequence of words."""
    parts = []
    for key, value in entries.items():
        words = (
            value if isinstance(value, str) or not isinstance(value, Sequence) else " ".join(value)
        )
        parts.append(f"{key}={words}" if words else key)
    return ", ".join(parts)
