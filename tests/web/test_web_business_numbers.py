"""Business › Ring Groups, Number Plan and Lamps, by HTTP."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from app.appliance import Inbox
from app.pages_box import PagesBox
from tests.kit.tasks import task_thread
from tests.kit.web import Answer, WebHouse, apart_here
from tests.kit.web_visitor import Visitor, furnish, hidden

GROUP = {"number": "600", "handsets": "102", "order": "round", "seconds": "15", "then": "201"}


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, cora={"roles": ["phone"]})
    with task_thread(house.paths), pytest.MonkeyPatch.context() as patch:
        patch.setattr(PagesBox, "apart", apart_here)
        yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def beside(answer: Answer, field: str) -> str:
    """What is said to be wrong with a field."""
    found = re.search(
        f'id="{field}(?:-about)?"[^>]*>.*?<strong class="wrong">(.*?)<', answer.text, re.S
    )
    return "" if found is None else unescape(found[1])


def test_group_is_added_changed_and_removed_by_who_looks_after_the_telephones(
    house: WebHouse, box: Inbox
) -> None:
    cora = Visitor(house).log_in("cora")
    added = cora.post("/business/groups", GROUP)
    assert added.status == 303, words(added)
    group = house.paths.settings().phone.groups["600"]
    assert (group.handsets, group.order, group.seconds, group.then) == (
        ("102",),
        "round",
        15,
        "201",
    )
    assert "600 102 one after the other, beginning after" in words(cora.get("/business/groups"))
    page = "/business/groups/600"
    seen = hidden(cora.get(page).text)
    changed = {**seen, "handsets": "101", "order": "all", "seconds": "15", "then": ""}
    assert cora.post(page, changed).status == 303
    group = house.paths.settings().phone.groups["600"]
    assert (group.handsets, group.order, group.then) == (("101",), "all", "")
    assert cora.post(page, {**changed, "seconds": "30", "order": "round"}).status == 422, (
        "what was shown has been changed meanwhile"
    )
    assert cora.post(f"{page}/remove").status == 303
    assert not house.paths.settings().phone.groups
    assert cora.get(page).status == cora.post(f"{page}/remove").status == 404


def test_wrong_group_is_refused_beside_its_field_and_nothing_is_saved(
    house: WebHouse, anna: Visitor
) -> None:
    wrong: dict[str, tuple[dict[str, str], str]] = {
        "handsets": ({"handsets": "999"}, "there is no handset jack 999"),
        "seconds": ({"seconds": "2"}, "greater than or equal to 4"),
        "number": ({"number": "6x"}, "is no number of a group"),
    }
    for field, (typed, told) in wrong.items():
        answer = anna.post("/business/groups", {**GROUP, **typed})
        assert answer.status == 422 and told in beside(answer, field), field
        assert f'value="{typed.get("number", "600")}"' in answer.text, "it stays as typed"
    assert not house.paths.settings().phone.groups


def test_digits_that_lead_outside_are_added_and_removed(house: WebHouse, anna: Visitor) -> None:
    def send(what: str, **typed: str) -> Answer:
        page = anna.get("/business/numbers").text
        shown = re.search(rf'numbers/{what}".*?name="seen" value="(.*?)"', page, re.S)
        assert shown is not None
        return anna.post(f"/business/numbers/{what}", {"seen": unescape(shown[1]), **typed})

    assert send("access/set", key="0", lines="line1").status == 303
    assert house.paths.settings().numbers.access_digits == {"9": (), "0": ("line1",)}
    assert "0 line1" in words(anna.get("/business/numbers"))
    refused = send("access/set", key="8", lines="line7")
    assert refused.status == 422 and "no outside line line7" in beside(refused, "access-key")
    stale = anna.post("/business/numbers/access/remove", {"seen": "9", "key": "9"})
    assert stale.status == 422 and "changed meanwhile" in words(stale)
    assert send("classes/set", key="0190X", **{"class": "premium"}).status == 303
    assert house.paths.settings().numbers.number_classes == {"0190X": "premium"}
    assert anna.post("/business/numbers/access/remove", {"key": "7"}).status == 404
    assert anna.post("/business/numbers/nothing/set", {"key": "7"}).status == 404


def test_lamps_are_ticked_for_each_handset(house: WebHouse, anna: Visitor) -> None:
    seen = hidden(anna.get("/business/lamps").text)
    assert anna.post("/business/lamps", {**seen, "stutter": "all", "neon": "102"}).status == 303
    lamps = house.paths.settings().lamps
    assert (lamps.stutter, lamps.fsk, lamps.neon) == (("all",), (), ("102",))
    page = anna.get("/business/lamps").text
    assert re.search(r'name="neon" value="102"[^>]* checked', page)
