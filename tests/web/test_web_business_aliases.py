"""Business › Message Aliases, by HTTP: checked, saved, changed by two, tried out, as files."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from app.appliance import Inbox
from tests.kit.web import Answer, WebHouse
from tests.kit.web_visitor import Visitor, furnish, hidden


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={}, cleo={})
    yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


@pytest.fixture(autouse=True)
def no_aliases(box: Inbox) -> None:
    for _ in range(3):
        for alias in box.aliases.all():
            named = any(alias.name in other.members for other in box.aliases.all()
                        if other.name != alias.name)  # fmt: skip
            if not named:
                box.db.now(lambda tx, name=alias.name: box.aliases.remove(tx, name))  # type: ignore[misc]


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def steps(answer: Answer) -> list[str]:
    """The trace that a page shows."""
    return [unescape(step) for step in re.findall(r"<li>([^<]*)</li>", answer.text)]


def members(box: Inbox, name: str) -> tuple[str, ...]:
    found = box.aliases.get(name)
    return () if found is None else found.members


def test_check_shows_the_trace_and_saves_nothing(box: Inbox, anna: Visitor) -> None:
    typed = {"name": "ben", "members": "cleo\nx@far.test", "keep": "yes", "do": "check"}
    page = anna.post("/business/add-alias", typed)
    assert page.status == 200 and box.aliases.all() == []
    assert "What happens to a message to ben@box.test" in words(page)
    assert "ben keeps it in the inbox" in steps(page)
    assert "cleo keeps it in the inbox" in steps(page)
    assert any(step.startswith("x@far.test: comes back, unless") for step in steps(page))
    assert re.search(r"<textarea[^>]*>\s*cleo\s+x@far.test</textarea>", page.text)
    assert re.search(r'name="keep"[^>]* checked', page.text), "what was typed stays"


def test_alias_is_saved_and_shows_where_its_mail_goes(box: Inbox, anna: Visitor) -> None:
    answer = anna.post(
        "/business/add-alias", {"name": "sales", "members": "ben, cleo", "do": "save"}
    )
    assert (answer.status, answer.headers["location"]) == (303, "/business/aliases/sales")
    assert members(box, "sales") == ("ben", "cleo")
    page = anna.get("/business/aliases/sales")
    assert "ben keeps it in the inbox" in steps(page) and "sales: saved." in words(page)
    listed = anna.get("/business/aliases?q=cleo")
    assert 'href="/business/aliases/sales"' in listed.text and "group" in words(listed)
    assert "0 aliases" in words(anna.get("/business/aliases?q=nobody"))


def test_copy_is_kept_by_a_tick_that_is_the_own_name_among_the_members(
    box: Inbox, anna: Visitor
) -> None:
    anna.post("/business/add-alias", {"name": "ben", "members": "x@far.test", "keep": "yes",
                                      "do": "save"})  # fmt: skip
    assert members(box, "ben") == ("ben", "x@far.test")
    page = anna.get("/business/aliases/ben")
    assert re.search(r'name="keep"[^>]* checked', page.text)
    assert re.search(r"<textarea[^>]*>\s*x@far.test</textarea>", page.text), "only the others"
    assert "person" in words(anna.get("/business/aliases"))
    seen = hidden(page.text)["seen"]
    anna.post("/business/aliases/ben", {"members": "x@far.test", "do": "save", "seen": seen})
    assert members(box, "ben") == ("x@far.test",)
    assert "No copy is kept here." in words(anna.get("/business/users/ben"))


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": "a b", "members": "ben"}, "name"),
        ({"name": "<b>", "members": "ben"}, "name"),
        ({"name": "201", "members": "ben"}, "name"),
        ({"name": "postmaster", "members": "ben"}, "name"),
        ({"name": "crew", "members": ""}, "members"),
        ({"name": "crew", "members": "ben nobody"}, "members"),
        ({"name": "crew", "members": "<script>@x"}, "members"),
        ({"name": "crew", "members": "ben", "keep": "yes"}, "members"),
        ({"name": "crew", "members": "ben", "kind": "list"}, "owner"),
        ({"name": "ben", "members": "cleo", "kind": "list", "owner": "ben"}, "kind"),
        ({"name": "crew", "members": "ben", "owner": "nobody"}, "owner"),
    ],
)
@pytest.mark.parametrize("do", ["check", "save"])
def test_bad_alias_is_refused_with_its_field_and_kept_as_typed(
    box: Inbox, anna: Visitor, typed: dict[str, str], field: str, do: str
) -> None:
    page = anna.post("/business/add-alias", {**typed, "do": do})
    assert page.status == 422 and f'<a href="#{field}">' in page.text, words(page)
    assert box.aliases.all() == []
    assert "<script>" not in page.text and "<b>" not in page.text
    assert typed["name"] in unescape(page.text) and typed["members"] in unescape(page.text)


def test_second_of_two_administrators_sees_what_the_first_saved(
    house: WebHouse, box: Inbox, anna: Visitor
) -> None:
    other = Visitor(house).log_in("anna")
    anna.post("/business/add-alias", {"name": "crew", "members": "ben", "do": "save"})
    path = "/business/aliases/crew"
    seen = hidden(other.get(path).text)["seen"]
    anna.post(path, {"members": "ben cleo", "do": "save", "seen": seen})
    page = other.post(path, {"members": "anna", "do": "save", "seen": seen})
    assert page.status == 409 and members(box, "crew") == ("ben", "cleo")
    assert "somebody has changed crew meanwhile" in words(page)
    assert "Saved by somebody else: ben, cleo." in words(page)
    assert re.search(r"<textarea[^>]*>\s*anna</textarea>", page.text)
    again = {"members": "anna", "do": "save", "seen": hidden(page.text)["seen"]}
    assert other.post(path, again).status == 303 and members(box, "crew") == ("anna",)
    page = other.post("/business/add-alias", {"name": "crew", "members": "ben", "do": "save"})
    assert page.status == 409 and "there is an alias crew already" in words(page)
    assert members(box, "crew") == ("anna",)


def test_alias_that_others_need_stays(box: Inbox, anna: Visitor) -> None:
    anna.post("/business/add-alias", {"name": "inner", "members": "ben", "do": "save"})
    anna.post("/business/add-alias", {"name": "outer", "members": "inner", "do": "save"})
    page = anna.post("/business/aliases/inner/remove")
    assert page.status == 422 and "still a member of outer" in words(page)
    assert anna.post("/business/aliases/outer/remove").status == 303
    assert anna.post("/business/aliases/inner/remove").status == 303
    assert box.aliases.all() == []
    for path in ("inner", "nothing%0d%0ax"):
        assert anna.get(f"/business/aliases/{path}").status == 404
        assert anna.post(f"/business/aliases/{path}/remove").status == 404


def test_catch_all_has_a_page_like_any_other(box: Inbox, anna: Visitor) -> None:
    answer = anna.post("/business/add-alias", {"name": "*", "members": "ben", "do": "save"})
    assert answer.status == 303
    page = anna.get("/business/aliases/*")
    assert page.status == 200 and "ben keeps it in the inbox" in steps(page)
    assert anna.post("/business/aliases/*/remove").status == 303


def test_probe_is_sent_and_its_outcome_is_on_the_page(box: Inbox, anna: Visitor) -> None:
    anna.post("/business/add-alias", {"name": "far", "members": "x@far.test", "do": "save"})
    assert "external" in words(anna.get("/business/aliases"))
    assert anna.post("/business/aliases/far/probe").status == 303
    page = words(anna.get("/business/aliases/far"))
    assert "x@far.test waits" in page and "A test mail is under way" in page
    anna.post("/business/add-alias", {"name": "near", "members": "ben", "do": "save"})
    refused = anna.post("/business/aliases/near/probe")
    assert refused.status == 422 and "leads to nobody outside" in words(refused)


# ---- files


def test_file_is_checked_taken_and_written_again(box: Inbox, anna: Visitor) -> None:
    text = "name,kind,owner,members\ncrew,list,ben,cleo x@far.test\n"
    page = anna.post("/business/alias-files", {"text": text, "do": "check"})
    assert page.status == 200 and "1 alias in it; 1 would be changed." in words(page)
    assert box.aliases.all() == []
    file = {"file": ("crew.csv", text.encode())}
    answer = anna.post_files("/business/alias-files", {"do": "take"}, file)
    assert answer.status == 303 and members(box, "crew") == ("cleo", "x@far.test")
    csv = anna.get("/business/alias-files/export?format=csv")
    assert "crew,list,ben,cleo x@far.test" in csv.text.replace("\r", "")
    assert 'filename="aliases.csv"' in csv.headers["content-disposition"]
    postfix = anna.get("/business/alias-files/export?format=postfix")
    assert "owner-crew" in postfix.text


def test_bad_file_is_told_line_by_line_and_nothing_is_taken(box: Inbox, anna: Visitor) -> None:
    text = "name,kind,owner,members\nfine,,,ben\n<b>x</b>,,,ben\ncrew,,,nobody\n"
    page = anna.post("/business/alias-files", {"text": text, "do": "take"})
    assert page.status == 422 and box.aliases.all() == []
    assert "line 3:" in words(page) and "line 4:" in words(page)
    assert "<b>x" not in page.text and "fine,,,ben" in page.text


def test_many_aliases_come_in_pages_of_fifty(anna: Visitor, box: Inbox) -> None:
    for number in range(60):
        anna.post(
            "/business/add-alias",
            {"name": f"many{number:02}", "members": "x@far.test", "do": "save"},
        )
    first, second = (anna.get(f"/business/aliases?q=many&page={page}") for page in (1, 2))
    assert "60 aliases" in words(first) and first.text.count("/business/aliases/many") == 50
    assert second.text.count("/business/aliases/many") == 10
    assert 'href="/business/aliases?page=2&amp;q=many"' in first.text
