"""Which countries a long test is about in `make test`; all others are its cases in `make soak`."""

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

EVERYDAY = frozenset({"au", "de", "es", "fr", "gb", "generic", "it", "jp", "ru", "us"})
"""Those whose lines differ the most, and those of the prompts' languages."""


def cases(codes: Iterable[str]) -> list[str | ParameterSet]:
    """Parameters of a test: every country, those of `make soak` with their mark."""
    return [
        code if code in EVERYDAY else pytest.param(code, marks=pytest.mark.soak) for code in codes
    ]
