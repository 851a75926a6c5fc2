"""Long lists in pages: every line is on one of them, and no page is ever empty for nothing."""

import pytest

from app.operations.paging import has_words, paged


@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 7])
def test_each_line_is_on_one_page(count: int) -> None:
    first = paged(range(count), 1, 3)
    seen = [
        line for page in range(1, first.pages + 1) for line in paged(range(count), page, 3).lines
    ]
    assert seen == list(range(count)) and first.found == count


@pytest.mark.parametrize(("asked", "given"), [(-1, 1), (0, 1), (2, 2), (3, 3), (99, 3)])
def test_page_that_there_is_not_is_the_nearest(asked: int, given: int) -> None:
    assert paged(range(7), asked, 3).page == given


def test_words_are_looked_for_in_any_order_and_case() -> None:
    assert has_words("Straße Anna 101", "101 STRASSE")
    assert not has_words("Anna 101", "Ben")
    assert has_words("Anna", "")
