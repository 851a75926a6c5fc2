"""Names that people log in with: an alias for many is not followed for a guess."""

from pathlib import Path

import pytest

from app.inbox.expansion import Expansion
from app.inbox.login_names import ALIAS_NAMES, LoginNames
from tests.kit.store import open_store


@pytest.mark.parametrize(
    ("members", "reads"),
    [
        (["bob"], True),
        ([f"x{n}@far.example" for n in range(ALIAS_NAMES - 1)], False),
        ([f"x{n}@far.example" for n in range(ALIAS_NAMES - 2)], True),
    ],
)
def test_login_names_an_alias_that_leads_to_many_is_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, members: list[str], reads: bool
) -> None:
    kit = open_store(tmp_path)
    kit.db.now(lambda tx: kit.aliases.set(tx, "all", members))
    kit.db.now(lambda tx: kit.aliases.set(tx, "around", ["all"]))
    names, read = LoginNames(kit.people, kit.aliases, kit.config), list[str]()
    expand = kit.aliases.expand

    def noted(name: str) -> Expansion:
        read.append(name)
        return expand(name)

    monkeypatch.setattr(kit.aliases, "expand", noted)
    assert names.login_of("all") == ("bob" if members == ["bob"] else None)
    assert read == (["all"] if reads else [])
    assert names.login_of("around") == ("bob" if members == ["bob"] else None)
    assert kit.aliases.reached("around", 99) == len(members) + 2
    kit.close()
