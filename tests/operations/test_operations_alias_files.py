"""Aliases taken from files: all of a file or nothing, and what it does not say stays."""

import pytest

from app.appliance import Inbox
from app.inbox.alias_files import AliasFormat
from app.inbox.aliases import Alias
from app.operations.alias_files import BadFile, export_aliases, import_aliases
from app.operations.errors import NotAllowed
from tests.kit.actors import ADMIN, owner
from tests.kit.defaults import add_person

CSV, POSTFIX = AliasFormat.CSV, AliasFormat.POSTFIX


@pytest.fixture(autouse=True)
def people(box: Inbox) -> None:
    for number, login in enumerate(("anna", "bob", "cleo"), 201):
        box.db.now(lambda tx, n=number, x=login: add_person(box.people, tx, x, x, str(n)))  # type: ignore[misc]


def alias(box: Inbox, name: str) -> Alias:
    found = box.aliases.get(name)
    assert found is not None
    return found


FILE = b"""\
name,kind,owner,members
all,group,,family sales x@far.example
family,list,cleo,anna@switchhook.local bob
sales,,,bob
anna,person,,anna a@far.example
*,,,cleo
"""


def test_file_is_taken_whole_in_any_order_of_its_lines(box: Inbox) -> None:
    checked = import_aliases(box, ADMIN, FILE, check=True)
    assert (len(checked.aliases), checked.changed, box.aliases.all()) == (5, 5, [])
    taken = import_aliases(box, ADMIN, FILE)
    assert (len(taken.aliases), taken.changed) == (5, 5)
    assert alias(box, "family").members == ("anna", "bob")
    assert [person.login for person in box.aliases.expand("all").people] == ["anna", "bob"]
    assert import_aliases(box, ADMIN, FILE).changed == 0


@pytest.mark.parametrize("form", [CSV, POSTFIX])
def test_export_brings_the_same_aliases_back(box: Inbox, form: AliasFormat) -> None:
    import_aliases(box, ADMIN, FILE)
    before = box.aliases.all()
    text = export_aliases(box, ADMIN, form)
    assert import_aliases(box, ADMIN, text.encode()).changed == 0
    for name in ("all", "family", "sales", "anna", "*"):
        box.db.now(lambda tx, name=name: box.aliases.remove(tx, name))  # type: ignore[misc]
    import_aliases(box, ADMIN, text.encode(), form)
    assert box.aliases.all() == before


def test_everything_wrong_is_said_by_line_and_nothing_is_taken(box: Inbox) -> None:
    text = b"good: anna\nbad: dora, |prog\nfamily: bob\nowner-family: eva\n"
    text += b"postmaster: anna\nbad: bob\n"
    with pytest.raises(BadFile) as refused:
        import_aliases(box, ADMIN, text)
    assert str(refused.value).splitlines() == [
        "nothing is taken from this file:",
        "line 2: |prog: mail is given to no program here; name people or addresses",
        "line 2: dora is neither a person nor an alias here",
        "line 3: eva, who is to answer for family, is not a person here",
        "line 5: postmaster is reserved; the setting `site.postmaster` names who gets its mail",
        "line 6: bad is given twice",
    ]
    assert refused.value.field == "file" and box.aliases.all() == []
    with pytest.raises(BadFile, match="there is no alias in it"):
        import_aliases(box, ADMIN, b"# nothing\n")
    with pytest.raises(BadFile, match="line 3: b → c → b would go round for ever"):
        import_aliases(box, ADMIN, b"name,members\na,anna\nb,c\nc,b\n")


def test_kind_that_contradicts_the_name_is_refused(box: Inbox) -> None:
    with pytest.raises(BadFile) as refused:
        import_aliases(box, ADMIN, b"name,kind,members\nsales,person,anna\nbob,group,anna\n")
    assert [finding.line for finding in refused.value.findings] == [2, 3]


def test_what_a_file_does_not_say_stays_as_it_is(box: Inbox) -> None:
    import_aliases(
        box, ADMIN, b"name,kind,owner,members\nfamily,list,cleo,anna\nfar,,bob,x@y.example\n"
    )
    import_aliases(box, ADMIN, b"family: bob\nfar: z@y.example\n")
    assert alias(box, "family").owner == "cleo" and alias(box, "family").kind == "list"
    assert alias(box, "far").owner == "bob" and alias(box, "far").members == ("z@y.example",)


def test_files_are_the_administrators(box: Inbox) -> None:
    with pytest.raises(NotAllowed):
        import_aliases(box, owner(box, "anna"), FILE)
    with pytest.raises(NotAllowed):
        export_aliases(box, owner(box, "anna"), CSV)


def test_long_file_is_taken_in_linear_time(box: Inbox) -> None:
    lines = [f"g{n}: g{n + 1}, x{n}@far.example" for n in range(40)]
    lines += [
        f"h{n}: " + ", ".join(f"y{n}.{m}@far.example" for m in range(20)) for n in range(2000)
    ]
    taken = import_aliases(box, ADMIN, "\n".join([*lines, "g40: anna"]).encode())
    assert taken.changed == 2041
