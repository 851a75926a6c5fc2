"""Long lists in pages, as every door shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
S = TypeVar("S")

PAGE = 50
"""Lines on one page."""


@dataclass(frozen=True)
class Paged(Generic[T]):
    """One page of what was found."""

    lines: tuple[T, ...]
    found: int
    """How many there are on all pages."""
    page: int
    """Which page this is, from 1."""
    pages: int

    def each(self, shown: Callable[[T], S]) -> "Paged[S]":
        """The same page with something else made of each line."""
        return Paged(tuple(map(shown, self.lines)), self.found, self.page, self.pages)


def paged(found: Sequence[T], page: int, size: int = PAGE) -> Paged[T]:
    """The page with this number, from 1 on, or the nearest one where there is no such."""
    pages = max(1, -(-len(found) // size))
    page = min(max(1, page), pages)
    return Paged(tuple(found[(page - 1) * size : page * size]), len(found), page, pages)


def has_words(text: str, words: str) -> bool:
    """Whether all of these words are in the text, whatever their case."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())
