"""What Python knows of our C and of spandsp is what the headers declare."""

from pathlib import Path

import pytest

from scripts.declared import DECLARED, ROOT, module_of


@pytest.mark.parametrize("header", DECLARED)
def test_module_of_a_header_is_made_of_it_as_it_is_now(header: str) -> None:
    made = Path(ROOT / DECLARED[header]).read_text()
    assert made == module_of(header), "write it anew: python -m scripts.declared"
