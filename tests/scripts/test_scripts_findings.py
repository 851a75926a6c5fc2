"""Findings have one form and are listed; nothing here runs them, for they fetch packages."""

import os
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "findings"
SCRIPTS = sorted(FOLDER.glob("*.sh"))


def test_findings_listed_in_their_readme_are_those_that_exist() -> None:
    listed = re.findall(r"^\| `([^`]+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == [path.name for path in SCRIPTS]
    assert len(SCRIPTS) >= 3


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_finding_is_an_executable_script_that_cleans_up_and_names_versions(path: Path) -> None:
    text = path.read_text()
    head, _, body = text.partition("\nset -eu\n")
    assert os.access(path, os.X_OK)
    assert head.startswith("#!/bin/bash\n# Versions: ")
    assert re.search(r"\n# Seen( \(.*\))?:\n", head)
    assert "trap 'rm -rf \"$work\"' EXIT" in body
    assert "exit 1" in body
    assert "switchhook" not in text.lower()
