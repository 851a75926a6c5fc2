"""Files of aliases: what each form says, what in it can be no alias, and that nothing is lost."""

import random

import pytest

from app.inbox.alias_files import AliasFormat, FileAlias, read, write_csv, write_postfix
from app.inbox.expansion import Alias, AliasKind
from tests.kit.store import CONFIG

CSV, POSTFIX = AliasFormat.CSV, AliasFormat.POSTFIX
GROUP, LIST, PERSON = AliasKind.GROUP, AliasKind.LIST, AliasKind.PERSON


def good(text: str, form: AliasFormat | None = None) -> list[FileAlias]:
    content = read(text.encode(), form, CONFIG)
    assert content.findings == []
    return content.aliases


def wrong(octets: str | bytes, form: AliasFormat | None = None) -> list[str]:
    octets = octets.encode() if isinstance(octets, str) else octets
    return [finding.sentence for finding in read(octets, form, CONFIG).findings]


# ---- CSV


def test_csv_is_read_by_its_headings_in_any_order() -> None:
    assert good(
        "members,NAME,Owner,kind\nanna bob,sales,,\n\n y@far.example ,family,Cleo,List\n"
    ) == [
        FileAlias(2, "sales", ("anna", "bob")),
        FileAlias(4, "family", ("y@far.example",), "Cleo", LIST),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffname;members\r\nsales;"anna, bob"\r\n',  # a spreadsheet where the comma is decimal
        "name\tmembers\nsales\tanna;bob\n",
        '"name","members"\n"sales","anna\nbob"\n',
    ],
)
def test_csv_of_spreadsheets_is_read(text: str) -> None:
    (alias,) = good(text)
    assert (alias.name, alias.members) == ("sales", ("anna", "bob"))


def test_all_that_is_wrong_in_a_csv_is_said_with_its_line() -> None:
    assert wrong("name,members,colour\nsales,anna,red\n", CSV) == [
        "line 1: there is no column colour; there are: name, kind, owner, members"
    ]
    assert wrong("name;owner\nsales;anna\n", CSV) == [
        "line 1: the column members is missing; the first line names the columns"
    ]
    assert wrong("name,kind,members\na,lost,anna\nb,group\nc,list,bob,cleo\n") == [
        "line 2: there is no kind lost; there are: person, group, list",
        "line 3: 2 cells where there are 3 columns",
        "line 4: 4 cells where there are 3 columns",
    ]
    (text,) = wrong('name,members\nsales,"anna\n')
    assert text.startswith("line 2: this is no CSV: ")
    assert wrong(b"name,members\nsales,anna\nb\xfcro,bob\n") == [
        "line 3: this is not UTF-8; save the file as UTF-8"
    ]
    assert wrong(b"PK\x03\x04\0\0\n") == ["line 1: this is no text"]
    assert wrong("", CSV) == [
        "line 1: the column name is missing; the first line names the columns",
        "line 1: the column members is missing; the first line names the columns",
    ]


# ---- alias files


ALIASES = """\
# comment
   # comment behind blanks

Sales:  anna,
\tbob ,
# amid an alias
  x@far.example
"long one" : cleo
me: \\anna, "\\bob"
anna@example.net\tanna y@far.example
@example.org      cleo
"quoted:key" : "a,b"@far.example
family:anna,bob
owner-family: cleo@example.org
"""


def test_alias_file_of_both_kinds_is_read() -> None:
    assert good(ALIASES) == [
        FileAlias(4, "sales", ("anna", "bob", "x@far.example")),
        FileAlias(8, "long one", ("cleo",)),
        FileAlias(9, "me", ("anna", "bob")),
        FileAlias(10, "anna", ("anna", "y@far.example")),
        FileAlias(11, "*", ("cleo",)),
        FileAlias(12, "quoted:key", ("a,b@far.example",)),
        FileAlias(13, "family", ("anna", "bob"), "cleo", LIST),
    ]


def test_what_alias_files_can_say_and_we_cannot_do_is_refused_in_words() -> None:
    text = """\
  anna
a: |/usr/bin/vacation anna, bob
b: "|exec /usr/bin/procmail -a $X", /var/mail/b
c: :include:/etc/mail/list
c :include:/etc/mail/list
d: /dev/null
e:
f
g@elsewhere.example anna
owner-nobody: anna
owner-a: anna, bob
h: "anna
i: :fail: gone
j: anna, ""
"""
    assert wrong(text) == [
        "line 1: begins with a blank and goes on with no line before",
        "line 2: |/usr/bin/vacation anna: mail is given to no program here; name people or"
        " addresses",
        "line 3: |exec /usr/bin/procmail -a $X: mail is given to no program here; name people or"
        " addresses",
        "line 3: /var/mail/b: mail is written to no file here; name people or addresses",
        "line 4: :include:/etc/mail/list: no other file is read; write its addresses into the line",
        "line 5: :include:/etc/mail/list: no other file is read; write its addresses into the line",
        "line 6: /dev/null: mail is not thrown away here; without the line its sender is told",
        "line 7: there is no member: a line is `name: member, member`",
        "line 8: there is no member: a line is `name: member, member`",
        "line 9: g@elsewhere.example is at none of our domains, which are: example.org,"
        " example.net",
        "line 11: owner-a: the owner is one person here",
        "line 12: a quotation mark opens and does not close",
        "line 13: :fail:: there is no such command here; name people or addresses",
        "line 14: there is an empty member",
        "line 10: owner-nobody owns nothing: there is no nobody in this file",
    ]


# ---- there and back


def some_aliases(seed: int) -> list[Alias]:
    """Aliases of all kinds, by name, as a store could hold them."""
    chance = random.Random(seed)
    letters = "abcxyz019"

    def word(more: str, length: int = 8) -> str:
        inner = "".join(chance.choices(letters + more, k=chance.randint(0, length)))
        return chance.choice(letters) + inner + chance.choice(letters)

    names = sorted({word("._-+") for _ in range(30)} | {"*"})
    made = []
    for name in names:
        members = [word("._-+") for _ in range(chance.randint(1, 4))]
        for _ in range(chance.randint(0, 9)):
            members.append(word("._+-=/'#!%&|~$") + "@" + word("-") + ".example")
        kind = GROUP if name == "*" else chance.choice((GROUP, LIST))
        owner = word(".") if kind is LIST else None
        made.append(Alias(name, tuple(members), kind, owner))
    return made


@pytest.mark.parametrize("form", [CSV, POSTFIX])
@pytest.mark.parametrize("seed", range(20))
def test_what_was_written_is_read_as_it_was(form: AliasFormat, seed: int) -> None:
    aliases = some_aliases(seed)
    text = write_csv(aliases) if form is CSV else write_postfix(aliases, CONFIG)
    found = [Alias(one.name, one.members, one.kind or GROUP, one.owner) for one in good(text)]
    assert sorted(found, key=lambda one: one.name) == aliases


def test_csv_tells_owners_of_groups_and_an_alias_file_says_what_it_cannot_tell() -> None:
    group = [Alias("far", ("x@far.example",), GROUP, "cleo"), Alias("bob", ("bob",), PERSON)]
    assert [(one.owner, one.kind) for one in good(write_csv(group))] == [
        ("cleo", GROUP),
        (None, PERSON),
    ]
    assert "# cleo answers for far, which this form cannot say." in write_postfix(group, CONFIG)


@pytest.mark.parametrize("form", [CSV, POSTFIX, None])
def test_no_octets_make_reading_fail(form: AliasFormat | None) -> None:
    chance = random.Random(7)
    seeds = [ALIASES.encode(), b"name,kind,owner,members\nfamily,list,cleo,bob y@far.example\n"]
    told = 0
    for _ in range(1500):
        octets = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(octets) + 1)
            piece = chance.choice(
                [b'"', b"\\", b"\n", b":", b",", b"\0", b"@", b" ", b"\xff", b"|"]
            )
            octets[place : place + chance.randint(0, 3)] = piece * chance.randint(1, 3)
        told += bool(read(bytes(octets), form, CONFIG).findings)
    assert told > 500, "most of them are wrong, and it is said"


@pytest.mark.parametrize(
    "octets", [b'a: "' + b"x" * 200_000, b"a: " + b"\\," * 200_000, b",\n" * 9]
)
def test_long_lines_are_read_in_linear_time(octets: bytes) -> None:
    assert read(octets, POSTFIX, CONFIG).findings
