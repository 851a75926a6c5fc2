"""A setting is written by command; everything else in the owner's file stays as it is."""

import difflib
import tomllib

import pytest

from app.config.annotated import annotated
from app.config.edit import with_value
from app.config.toml_file import SettingsError

OWN = """# mine
[site]   # where
country = "us" # moved last year
# a thought

[mail]
lan = [
  "10.0.0.0/8", # home
]
"""


def changes(before: str, after: str) -> list[str]:
    """The lines that differ, with their sign."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0)
    return [line for line in lines if line[:3] not in ("---", "+++") and line[0] in "+-"]


def test_value_that_is_written_is_replaced_and_its_comment_stays() -> None:
    assert changes(OWN, with_value(OWN, ("site", "country"), "de")) == [
        '-country = "us" # moved last year',
        '+country = "de" # moved last year',
    ]


def test_value_in_an_annotated_file_goes_below_the_line_of_its_default() -> None:
    text = annotated()
    changed = with_value(text, ("phone", "ring_seconds"), 30)
    assert changes(text, changed) == ["+ring_seconds = 30"]
    assert "#ring_seconds = 20\nring_seconds = 30\n" in changed


def test_value_of_a_section_without_its_default_line_goes_to_the_sections_end() -> None:
    changed = with_value(OWN, ("site", "language"), "fr")
    assert changes(OWN, changed) == ['+language = "fr"']
    assert tomllib.loads(changed)["site"] == {"country": "us", "language": "fr"}


def test_value_of_a_new_section_is_appended() -> None:
    assert with_value("", ("keeping", "grace_days"), 30) == "[keeping]\ngrace_days = 30\n"
    assert changes(OWN, with_value(OWN, ("keeping", "grace_days"), 30)) == [
        "+",
        "+[keeping]",
        "+grace_days = 30",
    ]


def test_value_taken_out_leaves_the_comments() -> None:
    changed = with_value(OWN, ("site", "country"), None)
    assert "country" not in tomllib.loads(changed).get("site", {})
    assert "# mine" in changed and "# a thought" in changed
    assert with_value(changed, ("site", "country"), None) == changed


@pytest.mark.parametrize(
    "text",
    [
        '[phone]\nincoming.line1 = { handsets = ["101"], mailbox = "201" } # x\n',
        '[phone]\nincoming.line1.handsets = ["101"]\nincoming.line1.mailbox = "201"\n',
        '[phone.incoming.line1]\nhandsets = ["101"]\nmailbox = "201" # x\n[site]\n',
        '[phone]\nring_seconds = 9\n[site]\n[phone.incoming.line1]\nmailbox="201"\n'
        'handsets=["101"]\n',
    ],
)
def test_outside_line_is_changed_in_each_form_it_may_have(text: str) -> None:
    changed = tomllib.loads(with_value(text, ("phone", "incoming", "line1", "mailbox"), "202"))
    assert changed["phone"]["incoming"] == {"line1": {"handsets": ["101"], "mailbox": "202"}}
    more = with_value(text, ("phone", "incoming", "line2", "mailbox"), "203")
    assert tomllib.loads(more)["phone"]["incoming"]["line2"] == {"mailbox": "203"}
    assert all(line[0] == "+" for line in changes(text, more))


def test_outside_line_gets_a_handset_beside_its_mailbox() -> None:
    for text in (
        '[phone]\nincoming.line1 = { mailbox = "201" }\n',
        '[phone]\nincoming.line1.mailbox = "201"\n',
        '[phone.incoming.line1]\nmailbox = "201"\n',
    ):
        changed = with_value(text, ("phone", "incoming", "line1", "handsets"), ["101"])
        assert tomllib.loads(changed)["phone"]["incoming"]["line1"] == {
            "mailbox": "201",
            "handsets": ["101"],
        }


def test_line_ends_of_windows_stay() -> None:
    text = '[site]\r\ncountry = "us"\r\n'
    assert with_value(text, ("site", "country"), "de") == '[site]\r\ncountry = "de"\r\n'
    assert with_value(text, ("site", "language"), "de").endswith('\r\nlanguage = "de"\r\n')


def test_value_with_quotation_marks_and_backslash_is_written_so_that_it_is_read_back() -> None:
    odd = 'a "b" \\ c ü'
    assert tomllib.loads(with_value(OWN, ("network", "wlan"), odd))["network"]["wlan"] == odd


def test_section_on_one_line_is_changed_where_it_is() -> None:
    text = 'site = { country = "us" } # x\n'
    for name, value in (("country", "de"), ("language", "de")):
        changed = with_value(text, ("site", name), value)
        assert tomllib.loads(changed)["site"][name] == "de" and "# x" in changed


def test_file_whose_form_does_not_allow_it_is_left_alone() -> None:
    with pytest.raises(SettingsError, match="edit the file by hand"):
        with_value("site = 1\n", ("site", "language"), "de")


def test_table_of_entries_is_written_in_one_line_and_may_be_empty() -> None:
    text = "[numbers]\n#access_digits = { 9 = [] }\ndirect = true\n"
    name = ("numbers", "access_digits")
    changed = with_value(text, name, {"9": [], "0": ["line1", "line2"]})
    assert 'access_digits = {9 = [], 0 = ["line1", "line2"]}\n' in changed
    assert tomllib.loads(with_value(changed, name, {}))["numbers"]["access_digits"] == {}


def test_group_of_which_nothing_is_left_is_not_there_any_more() -> None:
    for text in (
        '[phone]\nring_seconds = 9\n\n[phone.groups.620]\nhandsets = ["101"]\n',
        '[phone]\nring_seconds = 9\ngroups.620 = { handsets = ["101"] }\n',
        '[phone]\nring_seconds = 9\ngroups.620.handsets = ["101"]\n',
    ):
        left = tomllib.loads(with_value(text, ("phone", "groups", "620", "handsets"), None))
        assert not left["phone"].get("groups") and left["phone"]["ring_seconds"] == 9
