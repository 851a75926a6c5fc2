"""docs/architecture.md names files that are there, and names that are defined in them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PATH = r"(?:app|drivers|docs|tests|scripts|board)/[\w./-]*"
PATHS = sorted(set(re.findall(rf"`({PATH})`", PAGE)))
DEFINED = sorted(set(re.findall(rf"`({PATH}\.py)`\s+\(`(\w+)`\)", PAGE)))


@pytest.mark.parametrize("path", PATHS)
def test_architecture_path_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("path", "name"), DEFINED)
def test_architecture_name_in_brackets_is_defined_in_that_file(path: str, name: str) -> None:
    source = (ROOT / path).read_text()
    definition = rf"^\s*(?:(?:async )?def|class) {name}\b|^{name}\b.*="
    assert re.search(definition, source, re.MULTILINE), f"{path} does not define {name}"


def test_architecture_page_covers_every_package() -> None:
    assert len(DEFINED) > 30
    for package in ("phone", "voicemail", "clerk", "inbox", "mail", "message", "store"):
        assert any(path.startswith(f"app/{package}/") for path in PATHS), package
