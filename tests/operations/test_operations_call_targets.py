"""Settings that lead calls to nobody are told, wherever they are typed."""

from typing import Any

import pytest

from app.config.settings import Settings
from app.operations.call_targets import target_problems


def problems(settings: dict[str, Any]) -> dict[str, str]:
    found = target_problems(Settings.model_validate(settings), "us", {"201"}, ("101", "102"))
    return {name: text for name, text, *_ in found}


def test_what_is_there_is_no_problem() -> None:
    group = {"handsets": ["101", "102"], "then": "621"}
    assert not problems(
        {
            "phone": {
                "incoming": {"line1": {"to": "attendant", "night_to": "201"}},
                "groups": {"620": group, "621": {"handsets": ["102"], "then": "101"}},
            },
            "attendant": {"operator": "620"},
        }
    )


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"phone": {"incoming": {"line1": {"to": "299"}}}}, "phone.incoming.line1.to"),
        ({"phone": {"incoming": {"line1": {"night_to": "299"}}}}, "phone.incoming.line1.night_to"),
        ({"phone": {"groups": {"911": {"handsets": ["101"]}}}}, "phone.groups.911"),
        ({"phone": {"groups": {"201": {"handsets": ["101"]}}}}, "phone.groups.201"),
        ({"phone": {"groups": {"620": {}}}}, "phone.groups.620.handsets"),
        ({"phone": {"groups": {"620": {"handsets": ["109"]}}}}, "phone.groups.620.handsets"),
        (
            {"phone": {"groups": {"620": {"handsets": ["101"], "then": "9"}}}},
            "phone.groups.620.then",
        ),
        ({"attendant": {"operator": "0"}}, "attendant.operator"),
        (
            {"phone": {"groups": {"620": {"handsets": ["101"], "then": "620"}}}},
            "phone.groups.620.then",
        ),
        ({"phone": {"groups": {"620": {"handsets": ["101", "101"]}}}}, "phone.groups.620.handsets"),
        ({"numbers": {"access_digits": {"0": ["line1", "line1"]}}}, "numbers.access_digits.0"),
        ({"numbers": {"access_digits": {"201": []}}}, "numbers.access_digits.201"),
        ({"phone": {"groups": {"9": {"handsets": ["101"]}}}}, "numbers.access_digits.9"),
    ],
)
def test_what_is_not_there_names_its_setting(settings: dict[str, Any], field: str) -> None:
    assert list(problems(settings)) == [field]


def test_groups_that_go_round_are_each_named_and_who_leads_to_them_is_not() -> None:
    goes_on = {"620": "621", "621": "622", "622": "621"}
    groups = {number: {"handsets": ["101"], "then": then} for number, then in goes_on.items()}
    found = problems({"phone": {"groups": groups}})
    assert list(found) == ["phone.groups.621.then", "phone.groups.622.then"]
    assert "621 to 622 to 621" in found["phone.groups.621.then"]


def test_without_a_board_only_what_is_certain_is_told() -> None:
    settings = Settings.model_validate({"phone": {"incoming": {"line1": {"to": "299"}}}})
    assert not list(target_problems(settings, "us", {"201"}, None))
