"""Settings files that nobody has typed: refused in words, and at no cost."""

from pathlib import Path

import pytest

from app.config.toml_file import SettingsError, parse


@pytest.mark.parametrize(
    "text",
    [
        "a." * 50_000 + "b = 1",
        "[site]\n" + '"a" . ' * 50_000 + "b = 1",
        "[" + "a." * 50_000 + "b]",
    ],
)
def test_name_of_thousands_of_parts_is_refused_at_once(text: str) -> None:
    """tomllib needs gigabytes for one: the parts before each part are kept anew."""
    with pytest.raises(SettingsError, match="more parts than any setting"):
        parse(Path("settings.toml"), text)


def test_dots_in_values_and_comments_are_no_names() -> None:
    dots = "see 1.2.3.4.5.6.7.8.9.10.11.12.13.14.15"
    text = f'[site]\nnote = "..........................{dots}"  # .......................\n'
    assert parse(Path("settings.toml"), text)["site"]["note"].endswith(dots)
