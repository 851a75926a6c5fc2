"""Business › Users, by HTTP: found, added, modified by one and by two, removed."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from app.appliance import Inbox
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.people import Person, Transfer
from app.store.database import Tx
from tests.kit.web import Answer, WebHouse
from tests.kit.web_visitor import PASSWORD, Visitor, furnish, hidden

MARKUP = "Eve <script>alert(1)</script> \"'&"


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True}, ben={"handset": "101"}, cleo={})
    yield box
    box.db.close()


@pytest.fixture(scope="module")
def anna(house: WebHouse, box: Inbox) -> Visitor:
    return Visitor(house).log_in("anna")


def person(box: Inbox, login: str) -> Person:
    found = box.people.by_login(login)
    assert found is not None
    return found


def voicemails(box: Inbox, login: str, count: int) -> None:
    """Put so many into somebody's inbox."""
    owner = person(box, login).id

    def work(tx: Tx) -> None:
        for _ in range(count):
            content = box.store.contents.write(tx, (b"Subject: hello\r\n\r\nx\r\n",))
            facts = Facts(0.0, "", "hello")
            box.store.add_entry(tx, owner, content, b"", Kind.VOICEMAIL, EntryState.NEW, facts)

    box.db.now(work)


def words(answer: Answer) -> str:
    """What a page says, without its tags."""
    text = re.sub(r"<[^>]*>", " ", answer.text)
    return " ".join(unescape(text).split())


def fields(answer: Answer) -> dict[str, str]:
    """The form of a user's page as it would be sent unchanged."""
    page = answer.text
    found = dict(re.findall(r'<input id="(\w+)" name="\w+" type="text" value="([^"]*)"', page))
    found |= {name: unescape(value) for name, value in found.items()}
    for name in ("handset", "template", "language", "key_map", "may_call"):
        select = re.search(rf'<select id="{name}".*?</select>', page, re.DOTALL)
        assert select is not None
        chosen = re.search(r'<option value="([^"]*)" selected', select[0])
        found[name] = "" if chosen is None else unescape(chosen[1])
    transfer = re.search(r'name="transfer" value="(\w+)" checked', page)
    assert transfer is not None
    found["transfer"] = transfer[1]
    for tick in re.findall(
        r'<input id="(\w+)" name="\w+" type="checkbox" value="yes" checked', page
    ):
        found[tick] = "yes"
    return found | {"seen": hidden(page)["seen"]}


# ---- the list


def test_everybody_is_listed_and_found_by_words(anna: Visitor) -> None:
    page = anna.get("/business/users")
    assert page.status == 200
    for login in ("anna", "ben", "cleo"):
        assert f'href="/business/users/{login}"' in page.text
    page = anna.get("/business/users?q=BEN")
    assert "1 user" in words(page) and "/business/users/cleo" not in page.text
    assert 'value="BEN"' in page.text


def test_people_come_in_pages_that_lead_to_one_another(house: WebHouse, anna: Visitor) -> None:
    page = anna.get("/business/users?page=9999999999&q=%22%3E%3Cb%3E")
    assert page.status == 200 and "<b>" not in page.text and "0 users" in words(page)
    assert anna.get("/business/users?page=x").status == 200


def test_users_are_for_administrators(house: WebHouse, box: Inbox, anna: Visitor) -> None:
    ben = Visitor(house).log_in("ben")
    for path in ("", "/ben", "/anna", "/nobody", "/ben/remove", "/ben/outgoing"):
        assert ben.get(f"/business/users{path}").status == 403
    assert ben.post("/business/users/ben/password").status == 403
    assert ben.post("/business/users/ben/share", {"member": "anna"}).status == 403
    assert "Business" not in ben.get("/account").text
    assert anna.get("/business/users/nobody").status == 404


# ---- adding


NEW = {"login": "dora", "name": "Dora", "mailbox": "301", "handset": "102", "address": "",
       "transfer": "email", "template": "", "quota": "50", "voicemails": "", "language": "en",
       "key_map": "switchhook", "role_phone": "yes"}  # fmt: skip


def test_added_user_gets_a_password_and_a_pin_that_are_shown_once(
    house: WebHouse, box: Inbox, anna: Visitor
) -> None:
    assert anna.get("/business/add-user").status == 200
    page = anna.post("/business/add-user", NEW)
    assert page.status == 200 and page.headers["cache-control"] == "no-store"
    shown = dict(re.findall(r'<code id="(password|pin)">([^<]+)</code>', page.text))
    assert box.people.check_password("dora", shown["password"]) == person(box, "dora")
    dora = person(box, "dora")
    assert (dora.handset, dora.quota, dora.transfer) == ("102", 50_000_000, Transfer.EMAIL)
    assert dora.roles == ("phone",) and not dora.admin
    assert shown["password"] not in anna.get("/business/users/dora").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("login", "a b"), ("login", "ben"), ("name", "  "), ("mailbox", "201"), ("mailbox", "911"),
        ("mailbox", "<b>"), ("handset", "999"), ("handset", "101"), ("address", "no address"),
        ("quota", "much"), ("quota", "-1"), ("voicemails", "9" * 40), ("template", "none such"),
        ("language", "xx"), ("key_map", "odd"), ("transfer", "everything"),
    ],
)  # fmt: skip
def test_bad_field_is_named_and_kept_as_typed_and_nothing_is_saved(
    box: Inbox, anna: Visitor, field: str, value: str
) -> None:
    before = box.people.all()
    typed = {**NEW, "login": "fred", "mailbox": "333", "handset": "", "name": "Fred <i>"}
    page = anna.post("/business/add-user", {**typed, field: value})
    assert page.status == 422 and box.people.all() == before
    assert f'<a href="#{field}">' in page.text, "it leads to the field"
    if field not in ("template", "language", "key_map", "transfer"):
        assert re.search(rf'name="{field}"[^>]*value="([^"]*)"', page.text) or field == "handset"
        assert value.strip() in unescape(page.text)
    assert "<i>" not in page.text and "<b>" not in page.text
    if field != "name":
        assert "Fred &lt;i&gt;" in page.text, "what else was typed stays"


def test_box_of_a_removed_user_is_offered_to_who_has_their_login(box: Inbox, anna: Visitor) -> None:
    typed = {**NEW, "login": "gone", "mailbox": "310", "handset": ""}
    assert anna.post("/business/add-user", typed).status == 200
    voicemails(box, "gone", 2)
    assert anna.post("/business/users/gone/remove", {"fate": "bin"}).status == 200
    page = anna.post("/business/add-user", typed)
    assert page.status == 422 and "2 messages come back" in words(page)
    assert anna.post("/business/add-user", {**typed, "adopt": "yes"}).status == 200
    assert box.store.voicemails(person(box, "gone").id) == 2


# ---- Modify User


def test_form_sent_as_it_is_shown_changes_nothing(box: Inbox, anna: Visitor) -> None:
    for login in ("anna", "ben", "cleo"):
        before, rows = person(box, login), len(box.store.history(person(box, login).id))
        answer = anna.post(f"/business/users/{login}", fields(anna.get(f"/business/users/{login}")))
        assert answer.status == 303 and person(box, login) == before
        assert len(box.store.history(before.id)) == rows


def test_transfer_setting_says_what_it_does_to_this_users_voicemails(
    box: Inbox, anna: Visitor
) -> None:
    page = words(anna.get("/business/users/cleo"))
    assert "POP3 Mail Transfers" in page
    for label in ("Email and voicemail messages", "Email messages only", "No messages"):
        assert label in page
    assert "New voicemails stay on the telephone; mail programs do not see them." in page
    voicemails(box, "cleo", 3)
    page = words(anna.get("/business/users/cleo"))
    assert "Cleo's 3 voicemails stay on the telephone; mail programs no longer see them." in page
    assert "Cleo's 3 voicemails go to mail programs with the e-mail." in page
    assert "e-mail stays in this box; mail programs see neither." in page
    form = fields(anna.get("/business/users/cleo")) | {"transfer": "email"}
    assert anna.post("/business/users/cleo", form).status == 303
    assert person(box, "cleo").transfer is Transfer.EMAIL
    page = words(anna.get("/business/users/cleo"))
    assert "Cleo: saved." in page
    assert "mail programs do not see them." in page and "no longer" not in page


def test_second_of_two_administrators_sees_both_and_nothing_is_saved(
    house: WebHouse, box: Inbox, anna: Visitor
) -> None:
    other = Visitor(house).log_in("anna")
    path = "/business/users/ben"
    first, second = fields(anna.get(path)), fields(other.get(path))
    assert anna.post(path, first | {"transfer": "none", "name": "Benjamin"}).status == 303
    before = person(box, "ben")
    page = other.post(path, second | {"voicemails": "7"})
    assert page.status == 409 and person(box, "ben") == before
    assert "anna has changed ben meanwhile" in words(page) and "name = Benjamin" in words(page)
    table = page.text[page.text.index('id="differences"') :]
    for shown in ("Benjamin", ">Ben<", ">7<", ">none<", ">all<"):
        assert shown in table, shown
    assert 'value="7"' in page.text, "what was typed stays"
    again = second | {"voicemails": "7", "seen": hidden(page.text)["seen"]}
    assert other.post(path, again).status == 303
    ben = person(box, "ben")
    assert (ben.voicemails, ben.name, ben.transfer) == (7, "Ben", Transfer.ALL)


def test_hostile_name_is_text_on_every_page(box: Inbox, anna: Visitor) -> None:
    form = fields(anna.get("/business/users/cleo")) | {"name": MARKUP}
    assert anna.post("/business/users/cleo", form).status == 303
    assert person(box, "cleo").name == MARKUP
    for path in (
        "users", "users/cleo", "users/cleo/remove", "users/cleo/add-account",
        "users/cleo/outgoing", "lines", "notification", "greetings",
    ):  # fmt: skip
        page = anna.get(f"/business/{path}")
        assert page.status == 200 and "<script>alert" not in page.text, path
        assert "\"'&" not in page.text
    page = anna.post("/business/users/cleo/pin")
    assert page.status == 200 and "<script>alert" not in page.text


def test_new_password_and_pin_are_shown_once_and_hold(box: Inbox, anna: Visitor) -> None:
    page = anna.post("/business/users/ben/password")
    password = re.search(r'<code id="password">([^<]+)</code>', page.text)
    assert page.status == 200 and password is not None
    assert box.people.check_password("ben", password[1]) is not None
    assert box.people.check_password("ben", PASSWORD) is None
    assert password[1] not in anna.get("/business/users/ben").text
    page = anna.post("/business/users/ben/pin")
    assert re.search(r'<code id="pin">\d{4,}</code>', page.text)


# ---- accounts elsewhere

ACCOUNT = {"server": "pop.far.test", "tls": "implicit", "port": "", "user": "b@far.test",
           "password": "tin-secret", "poll_s": "5", "keep_days": "", "fingerprint": ""}  # fmt: skip


def test_account_elsewhere_is_added_changed_and_removed(box: Inbox, anna: Visitor) -> None:
    path = "/business/users/ben"
    assert anna.get(f"{path}/add-account").status == 200
    assert anna.post(f"{path}/add-account", ACCOUNT).status == 303
    (account,) = box.fetch_accounts.of(person(box, "ben").id)
    assert (account.server, account.port, account.poll_s) == ("pop.far.test", 995, 300)
    page = anna.get(path)
    assert "b@far.test at pop.far.test" in words(page) and "tin-secret" not in page.text
    one = f"{path}/accounts/{account.id}"
    assert anna.get(one).status == 200
    changed = {**ACCOUNT, "password": "", "poll_s": "10", "keep_days": "3", "port": "995"}
    assert anna.post(one, changed).status == 303
    (account,) = box.fetch_accounts.of(person(box, "ben").id)
    assert (account.poll_s, account.keep_days) == (600, 3)
    assert anna.post(f"{one}/fetch").status == 303
    assert anna.get(f"/business/users/cleo/accounts/{account.id}").status == 404
    assert anna.post(f"{one}/remove").status == 303
    assert box.fetch_accounts.of(person(box, "ben").id) == []
    assert anna.get(one).status == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("server", "a b"), ("port", "70000"), ("poll_s", ""), ("poll_s", "0"), ("keep_days", "x"),
     ("fingerprint", "12"), ("tls", "maybe"), ("user", " "), ("password", "")],
)  # fmt: skip
def test_bad_account_is_refused_with_its_field(
    box: Inbox, anna: Visitor, field: str, value: str
) -> None:
    page = anna.post("/business/users/ben/add-account", {**ACCOUNT, field: value})
    wrong = {"poll": "poll"}.get(field, field)
    assert page.status == 422 and f'<a href="#{wrong}">' in page.text
    assert ("tin-secret" not in page.text and "pop.far.test" in page.text) or field == "server"
    assert box.fetch_accounts.of(person(box, "ben").id) == []


def test_own_way_out_is_set_and_removed(box: Inbox, anna: Visitor) -> None:
    path = "/business/users/ben/outgoing"
    assert anna.get(path).status == 200
    bad = anna.post(path, {**ACCOUNT, "server": "smtp far"})
    assert bad.status == 422 and '<a href="#server">' in bad.text
    assert anna.post(path, {**ACCOUNT, "server": "smtp.far.test"}).status == 303
    found = box.outgoing_accounts.of(person(box, "ben").id)
    assert found is not None and (found.server, found.port) == ("smtp.far.test", 465)
    assert "smtp.far.test" in anna.get(path).text
    assert anna.post(f"{path}/remove").status == 303
    assert box.outgoing_accounts.of(person(box, "ben").id) is None


# ---- removing


def test_removed_users_messages_go_where_it_was_said(box: Inbox, anna: Visitor) -> None:
    typed = {**NEW, "login": "hugo", "mailbox": "320", "handset": ""}
    assert anna.post("/business/add-user", typed).status == 200
    voicemails(box, "hugo", 2)
    path = "/business/users/hugo/remove"
    assert "There are 2 messages in this box" in words(anna.get(path))
    refused = anna.post(path)
    assert refused.status == 422 and box.people.by_login("hugo") is not None
    refused = anna.post(path, {"fate": "heir", "heir": "hugo"})
    assert refused.status == 422 and '<a href="#heir">' in refused.text
    box.db.now(lambda tx: box.aliases.set(tx, "crew", ["hugo", "ben"]))
    refused = anna.post(path, {"fate": "heir", "heir": "ben"})
    assert refused.status == 422 and "still named by the alias crew" in words(refused)
    box.db.now(lambda tx: box.aliases.remove(tx, "crew"))
    before = box.store.voicemails(person(box, "ben").id)
    page = anna.post(path, {"fate": "heir", "heir": "ben"})
    assert page.status == 200 and "2 messages were handed over to ben" in words(page)
    assert box.store.voicemails(person(box, "ben").id) == before + 2
    assert anna.get(path).status == 404


# ---- templates


def test_template_is_made_used_changed_and_removed(box: Inbox, anna: Visitor) -> None:
    made = {"name": "small", "quota": "10", "voicemails": "5", "heard_days": "30"}
    assert anna.post("/business/templates", made).status == 303
    assert "/business/add-user?template=small" in anna.get("/business/users").text
    assert '<option value="small" selected>' in anna.get("/business/add-user?template=small").text
    form = fields(anna.get("/business/users/cleo")) | {"template": "small", "quota": ""}
    assert anna.post("/business/users/cleo", form).status == 303
    page = words(anna.get("/business/users/cleo"))
    assert "/ 10.0 MB" in page and "heard voicemail: 30 days" in page
    assert 'value="30"' in anna.get("/business/templates?name=small").text
    refused = anna.post("/business/templates/small/remove")
    assert refused.status == 422 and "cleo" in words(refused)
    form = fields(anna.get("/business/users/cleo")) | {"template": ""}
    assert anna.post("/business/users/cleo", form).status == 303
    assert anna.post("/business/templates/small/remove").status == 303
    assert anna.post("/business/templates/small/remove").status == 404


@pytest.mark.parametrize(
    ("field", "value"), [("name", "a/b"), ("quota", "x"), ("grace_days", "-1")]
)
def test_bad_template_is_refused_with_its_field(
    box: Inbox, anna: Visitor, field: str, value: str
) -> None:
    page = anna.post("/business/templates", {"name": "fine", "quota": "1", field: value})
    assert page.status == 422 and f'<a href="#{field}">' in page.text
    assert f'value="{value}"' in page.text and box.people.templates.all() == []


# ---- calls outside, and sharing


def test_what_somebody_may_call_is_set_shown_and_taken_back(box: Inbox, anna: Visitor) -> None:
    page = anna.get("/business/users/ben")
    assert "as the settings say: national numbers" in words(page)
    typed = fields(page)
    assert typed["may_call"] == ""
    for wanted in ("international", ""):
        answer = anna.post("/business/users/ben", {**typed, "may_call": wanted})
        assert answer.status == 303 and person(box, "ben").may_call == wanted
        typed = fields(anna.get("/business/users/ben"))
        assert typed["may_call"] == wanted
    wrong = anna.post("/business/users/ben", {**typed, "may_call": "moon"})
    assert wrong.status == 422 and '<a href="#may_call">' in wrong.text
    assert person(box, "ben").may_call == ""


def test_mailbox_is_shared_and_no_longer(box: Inbox, anna: Visitor) -> None:
    ben, cleo = person(box, "ben").id, person(box, "cleo").id
    here = "/business/users/ben"
    assert "Nobody else listens to this mailbox." in words(anna.get(here))
    assert anna.post(f"{here}/share", {"member": "cleo"}).status == 303
    assert box.people.shared.members(ben) == [cleo]
    page = words(anna.get(here))
    names = [" ".join(person(box, login).name.split()) for login in ("ben", "cleo")]
    assert "cleo listens to this mailbox now." in page and f"{names[1]} no longer" in page
    listens = f"{names[1]} listens to the mailboxes of {names[0]}"
    assert listens in words(anna.get("/business/users/cleo"))
    for member in ("ben", "nobody", "<b>"):
        wrong = anna.post(f"{here}/share", {"member": member})
        assert wrong.status in (404, 422) and "<b>" not in wrong.text
    assert box.people.shared.members(ben) == [cleo]
    assert anna.post(f"{here}/unshare", {"member": "cleo"}).status == 303
    assert box.people.shared.members(ben) == []


def test_among_many_people_pages_stay_small_and_a_login_is_typed(box: Inbox, anna: Visitor) -> None:
    def add(tx: Tx) -> None:
        for number in range(120):
            box.people.add(tx, f"many{number:03}", f"One of Many {number}", str(5000 + number))

    box.db.now(add)
    for path in ("users", "users/many001", "users/many001/remove", "add-alias", "lines"):
        answer = anna.get(f"/business/{path}")
        assert answer.status == 200 and len(answer.body) < 60_000, path
        assert answer.text.count("many119") == 0, path
    assert len(anna.get("/reports/users").body) < 60_000
    page = "/business/users/many001"
    assert anna.post(f"{page}/share", {"member": "many119"}).status == 303
    assert "many119" in anna.get(page).text
    refused = anna.post(f"{page}/share", {"member": "nobody-at-all"})
    assert refused.status == 422 and 'value="nobody-at-all"' in refused.text
