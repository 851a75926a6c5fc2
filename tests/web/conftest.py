"""What the tests of the web pages share."""

from collections.abc import Iterator

import pytest

from tests.kit.web import WebHouse, serving, web_settings


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    """Pages that are served for all tests of a file."""
    with serving(tmp_path_factory.mktemp("web") / "var", web_settings()) as house:
        yield house
