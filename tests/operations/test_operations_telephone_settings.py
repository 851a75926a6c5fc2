"""Changes of settings that are tables, out of what forms have."""

import pytest

from app.config.settings import Settings
from app.operations.actor import Actor, Role
from app.operations.configuration import ShownSettings, _shown
from app.operations.errors import NotFound, OperationError
from app.operations.settings import list_settings
from app.operations.telephone_settings import (
    ACCESS,
    ShownGroup,
    find_group,
    group_to_add,
    group_to_change,
    group_to_remove,
    lamps_of,
    lamps_to_change,
    list_groups,
    with_entry,
    without_entry,
)

ADMIN = Actor("root", "admin", frozenset({Role.SYSTEM}))
FIELDS = {"handsets": "101, 102", "order": "all", "seconds": "20", "then": ""}
SETTINGS = Settings.model_validate(
    {
        "phone": {"groups": {"620": {"handsets": ["101", "102"], "then": "201"}}},
        "numbers": {"access_digits": {"9": [], "0": ["line1", "line2"]}},
    }
)


@pytest.fixture(scope="module")
def known() -> ShownSettings:
    lines = tuple(_shown(line) for line in list_settings(ADMIN, SETTINGS))
    return ShownSettings(lines, ("line1",), ("101", "102"), ("en",))


def test_group_is_as_the_settings_have_it(known: ShownSettings) -> None:
    assert list_groups(known) == [ShownGroup("620", "101, 102", "all", "20", "201")]
    with pytest.raises(NotFound):
        find_group(known, "621")


def test_group_that_is_changed_names_only_what_differs(known: ShownSettings) -> None:
    values = group_to_change(find_group(known, "620"), {**FIELDS, "order": "round"})
    assert values == {"phone.groups.620.order": "round", "phone.groups.620.then": None}
    assert set(group_to_remove(find_group(known, "620")).values()) == {None}


@pytest.mark.parametrize(
    ("number", "handsets", "field"),
    [("62x", "101", "number"), ("", "101", "number"), ("620", "101", "number"),
     ("12345678901", "101", "number"), ("621", "", "handsets")],
)  # fmt: skip
def test_group_that_cannot_be_is_refused_by_its_field(
    known: ShownSettings, number: str, handsets: str, field: str
) -> None:
    with pytest.raises(OperationError) as refused:
        group_to_add(known, number, {**FIELDS, "handsets": handsets})
    assert refused.value.field == field


def test_entry_is_put_in_changed_and_taken_out(known: ShownSettings) -> None:
    assert with_entry(known, ACCESS, "8", []) == {ACCESS: "9, 0=line1 line2, 8"}
    assert with_entry(known, ACCESS, "9", ["line2"]) == {ACCESS: "9=line2, 0=line1 line2"}
    assert without_entry(known, ACCESS, "9") == {ACCESS: "0=line1 line2"}
    with pytest.raises(NotFound):
        without_entry(known, ACCESS, "8")
    with pytest.raises(OperationError, match="type the digits"):
        with_entry(known, ACCESS, "", [])


def test_lamps_that_are_ticked_otherwise_are_changed(known: ShownSettings) -> None:
    ticked = {
        **dict.fromkeys(lamps_of(known), ()),
        "stutter": ("all", "101"),
        "neon": ("102", "101"),
    }
    assert lamps_to_change(known, ticked) == {"lamps.fsk": "", "lamps.neon": "101, 102"}
