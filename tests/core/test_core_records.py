"""Dataclasses as JSON and back: everything that is written is read, everything else is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import pytest

from app.core.records import BadRecord, from_json, parse_json, to_json


class Colour(StrEnum):
    """An enumeration."""

    RED = "red"


@dataclass(frozen=True)
class Leaf:
    """Fields of plain types."""

    name: str
    size: float = 1.0


@dataclass(frozen=True)
class Stone:
    """Another class for a union."""

    weight: int


@dataclass(frozen=True)
class Tree:
    """A field of each type that can be written."""

    leaves: tuple[Leaf, ...]
    colour: Colour = Colour.RED
    key: bytes = b""
    place: tuple[str, int] | None = None
    found: Leaf | Stone | None = None
    notes: Mapping[str, int] = field(default_factory=dict)
    kind: Literal["oak", "elm"] = "oak"
    dead: bool = False
    bag: list[str] = field(default_factory=list)
    process: object | None = None
    age: int = field(default=0, init=False)


FULL = Tree(
    (Leaf("a"), Leaf("b", 2.5)),
    Colour.RED,
    b"\0\xff",
    ("here", 25),
    Stone(7),
    {"x": 1},
    "elm",
    True,
    ["y"],
)


@pytest.mark.parametrize("value", [FULL, Tree(()), Tree((), found=Leaf("c"))])
def test_a_dataclass_written_as_json_reads_back_equal(value: Tree) -> None:
    assert from_json(Tree, json.loads(json.dumps(to_json(value)))) == value


@pytest.mark.parametrize(
    ("place", "value", "named"),
    [
        ("leaves", {}, "tree.leaves: list expected"),
        ("leaves", [{"name": 1, "size": 1}], r"tree.leaves\[0\].name: str expected, not 1"),
        ("leaves", [{"name": "a"}], r"missing or unknown in Leaf: \['size'\]"),
        ("leaves", [{"name": "a", "size": 1, "x": 2}], r"unknown in Leaf: \['x'\]"),
        ("leaves", [{"name": "a", "size": True}], "number expected"),
        ("colour", "blue", "is no Colour"),
        ("key", "no base 64!", "base64"),
        ("place", ["here"], "tree.place"),
        ("place", ["here", "25"], "tree.place"),
        ("found", {"weight": "7"}, "tree.found"),
        ("notes", {"x": None}, "tree.notes.x: int expected"),
        ("kind", "ash", "none of"),
        ("dead", 1, "bool expected"),
        ("dead", None, "bool expected"),
        ("bag", "y", "list expected"),
        ("process", 3, "tree.process"),
    ],
)
def test_a_field_of_another_type_is_refused_by_its_name(place: str, value: Any, named: str) -> None:
    written = to_json(FULL) | {place: value}
    with pytest.raises(BadRecord, match=named):
        from_json(Tree, written, "tree")


def test_a_missing_field_with_a_default_is_refused() -> None:
    written = to_json(FULL)
    del written["dead"]
    with pytest.raises(BadRecord, match="dead"):
        from_json(Tree, written)


def test_a_value_that_json_does_not_have_is_not_written() -> None:
    with pytest.raises(TypeError, match="set"):
        to_json({"x": {1}})


@pytest.mark.parametrize(
    "text",
    [b"[" * 100_000, b'{"a":' * 5_000, b"Infinity", b"[NaN]", b"9" * 5_000, b"\xff", b"", b"1e999"],
)
def test_what_is_no_json_is_a_bad_record_whatever_it_holds(text: bytes) -> None:
    with pytest.raises(BadRecord, match="no JSON"):
        parse_json(text)
