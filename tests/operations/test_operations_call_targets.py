"""Settings that lead calls to nobody are told, wherever they are typed."""

from typing import Any

import pytest

from app.config.settings import Settings
from app.operations.call_targets import target_problems


def problems(settings: dict[str, Any]) -> dict[str, str]:
    found = target_problems(Settings.model_validate(settings), "us", {"201"}, ("101", "102"))
    return dict(found)


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
    ],
)
def test_what_is_not_there_names_its_setting(settings: dict[str, Any], field: str) -> None:
    assert list(problems(settings)) == [field]


def test_without_a_board_only_what_is_certain_is_told() -> None:
    settings = Settings.model_validate({"phone": {"incoming": {"line1": {"to": "299"}}}})
    assert not list(target_problems(settings, "us", {"201"}, None))
