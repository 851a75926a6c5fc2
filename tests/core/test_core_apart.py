"""Functions called in a process of their own: results, errors and what goes wrong there."""

import os

import pytest

from app.core import apart as module
from app.core.apart import ApartFailed, apart
from app.operations.errors import NotFound, OperationError
from tests.kit.apart import break_down, refuse, vanish, what_is_said


def test_apart_gives_what_the_function_returns_in_another_process() -> None:
    text, process = apart(what_is_said, "ä", number=2)
    assert text == "ää" and process != os.getpid()


def test_apart_refusal_comes_over_with_its_field() -> None:
    with pytest.raises(OperationError, match="<b>") as refused:
        apart(refuse, "login")
    assert type(refused.value) is NotFound and refused.value.field == "login"


FAULTS = [(break_down, "a fault of ours"), (vanish, "failed")]


@pytest.mark.parametrize(("function", "said"), FAULTS)
def test_apart_fault_over_there_is_told(function: object, said: str) -> None:
    with pytest.raises(ApartFailed, match=said):
        apart(function)  # type: ignore[arg-type]


def test_apart_call_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 0.01)
    with pytest.raises(ApartFailed, match="longer"):
        apart(what_is_said, "x")
