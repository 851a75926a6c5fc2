"""Every unverified fact that a driver relies on is on docs/hardware.md, and nothing else is."""

import re
from pathlib import Path

from app.bringup.experiments import EXPERIMENTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hardware.md").read_text()
ROWS = [
    row
    for row in PAGE.split("<!-- assumptions -->")[1].splitlines()
    if row.startswith("| ") and not row.startswith("| assumption ")
]


def places_of(row: str) -> set[str]:
    """The files that a row names."""
    return set(re.findall(r"`(drivers/[\w/]+\.py)`", row))


NAMED = {path for row in ROWS for path in places_of(row)}


def unverified() -> set[str]:
    """Files of drivers/ that say of something that it is unverified."""
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "drivers").rglob("*.py")
        if re.search(r"\bunverified\b", path.read_text(), re.IGNORECASE)
    }


def test_each_unverified_comment_has_its_row() -> None:
    missing = unverified() - NAMED
    assert not missing, (
        f"{sorted(missing)}: unverified; say in docs/hardware.md, table of assumptions, what is "
        "assumed, which key of board.toml holds it, and what would settle it"
    )


def test_each_row_has_its_comment() -> None:
    said = unverified()
    for row in ROWS:
        places = places_of(row)
        gone = {path for path in places if not (ROOT / path).exists()}
        assert not gone, f"there is no {sorted(gone)}: {row}"
        assert places & said, f"no file of it says unverified any more: {row}"


def test_each_row_names_a_place() -> None:
    assert len(ROWS) >= 8
    for row in ROWS:
        assert places_of(row), f"no file of drivers/ in: {row}"


def test_the_page_has_each_experiment_of_the_bring_up() -> None:
    numbers = re.findall(r"^\| (\d) \|", PAGE.split("## The eight experiments")[1], re.MULTILINE)
    assert numbers == [one.title.partition(".")[0] for one in EXPERIMENTS]
