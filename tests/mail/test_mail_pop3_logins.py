"""Who may log in by POP3, under which name, how often, and what the log says of it."""

import poplib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from app.inbox.limits import Assigned, Limits
from app.mail.pop3.keeping import REFRESH_S
from app.net.logins import PERSON_PACE
from app.store.database import Tx
from tests.kit.box_keys import BoxKeys, box_keys
from tests.kit.defaults import add_person
from tests.kit.pop3_house import Pop3House, pop3_house


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> BoxKeys:
    return box_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Pop3House]:
    """Anna with a public address and an alias, Ben, and aliases that lead to both or away."""
    with pop3_house(tmp_path) as running:
        running.add("anna", "201", password="anna's", address="anna@public.test")
        running.add("ben", "202", password="ben's")
        for name, members in ALIASES.items():
            running.db.now(partial(running.aliases.set, name=name, members=members))
        yield running


ALIASES = {
    "lindqvist": ["anna"],
    "sales": ["lindqvist"],
    "both": ["anna", "ben"],
    "away": ["anna", "friend@elsewhere.test"],
    "elsewhere": ["friend@elsewhere.test"],
}

OF_ANNA = [
    *("anna", "ANNA", "201", "anna@box.test", "Anna@BOX.TEST", "anna@[192.0.2.1]"),
    *("anna@192.0.2.1", "anna@public.test", "201@box.test", "anna+shop@box.test"),
    *("lindqvist", "lindqvist@box.test", "sales@box.test", " anna "),
]


@pytest.mark.parametrize("name", OF_ANNA)
def test_a_person_logs_in_by_login_mailbox_number_or_any_address(
    house: Pop3House, name: str
) -> None:
    assert house.logged_in(name, "anna's").quit().startswith(b"+OK")


@pytest.mark.parametrize(
    "name", ["both", "away", "elsewhere", "anna@elsewhere.test", "ben@public.test", "20", "nobody"]
)
@pytest.mark.parametrize("password", ["anna's", "ben's"])
def test_a_name_that_could_be_several_or_nobody_logs_nobody_in(
    house: Pop3House, name: str, password: str
) -> None:
    with pytest.raises(poplib.error_proto, match="AUTH"):
        client = house.client()
        client.user(name)
        client._putcmd(f"PASS {password}")  # type: ignore[attr-defined]
        house.await_refusal()
        house.tick(2.0)
        client._getresp()  # type: ignore[attr-defined]


def test_spelling_a_name_in_other_ways_gains_no_guess(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []
    check = house.people.check_password

    def counted(login: str, password: str) -> object:
        looked_at.append(login)
        return check(login, password)

    monkeypatch.setattr(house.people, "check_password", counted)
    judge = house.logins.judge
    for number in range(20):
        spelling = OF_ANNA[number % len(OF_ANNA)]
        house.call(judge(spelling, "wrong", "10.0.0.7", lambda: True))
    assert looked_at == ["anna"] * PERSON_PACE.at_once


def test_login_delay_is_kept_when_it_is_set(tmp_path: Path) -> None:
    with pop3_house(tmp_path, login_delay_s=60) as house:
        house.add("anna", "201")
        house.add("ben", "202")
        client = house.logged_in()
        assert client.capa()["LOGIN-DELAY"] == ["60"]
        client.quit()
        house.tick(20)
        with pytest.raises(poplib.error_proto, match=r"\[LOGIN-DELAY\] .* wait 40 s"):
            house.logged_in()
        house.logged_in("ben").quit()
        house.tick(40)
        house.logged_in().quit()


def test_the_log_names_who_says_a_password_in_plain_text(
    tmp_path: Path, keys: BoxKeys, caplog: pytest.LogCaptureFixture
) -> None:
    with pop3_house(tmp_path, keys) as house, caplog.at_level("INFO", "app.mail.pop3"):
        house.add("anna", "201")
        house.logged_in().quit()
        client = house.client()
        client.stls(keys.client())
        client.user("anna")
        client.pass_("a pass word")
        client.quit()
    plain, tls = (text for text in caplog.messages if " login of " in text)
    assert "with a password in plain text, which TLS would hide (STLS" in plain
    assert tls.startswith("POP3 login of anna from 127.0.0.1 by TLSv1.3 TLS_")


def test_where_no_plain_password_is_taken_tls_opens_the_way(tmp_path: Path, keys: BoxKeys) -> None:
    with pop3_house(tmp_path, keys, plain=()) as house:
        house.add("anna", "201")
        client = house.client()
        before = client.capa()
        assert "STLS" in before and not {"USER", "SASL"} & set(before)
        with pytest.raises(poplib.error_proto, match=r"\[AUTH\] .* use TLS"):
            client.user("anna")
        client.stls(keys.client())
        after = client.capa()
        assert {"USER", "SASL"} <= set(after) and "STLS" not in after
        client.user("anna")
        client.pass_("a pass word")
        client.quit()
        client = poplib.POP3_SSL("127.0.0.1", house.tls_port, context=keys.client(), timeout=20)
        assert client.capa() == after
        client.user("anna")
        client.pass_("a pass word")
        client.quit()


def test_expire_states_how_long_messages_are_kept(house: Pop3House) -> None:
    def limit(login: str, name: str, **days: int) -> None:
        person = house.people.by_login(login)
        assert person is not None

        def work(tx: Tx) -> None:
            template = house.people.templates.set(tx, name, dict(days))
            house.people.change(tx, person.id, template=template)

        house.db.now(work)

    def told(login: str) -> tuple[list[str], list[str]]:
        """By CAPA before and after a login."""
        client = house.client()
        before = client.capa()["EXPIRE"]
        client.user(login)
        client.pass_(f"{login}'s")
        after = client.capa()["EXPIRE"]
        client.quit()
        return before, after

    assert told("anna") == (["NEVER"], ["NEVER"])
    limit("anna", "staff", fetched_days=30, heard_days=90)
    assert told("anna") == (["NEVER"], ["30"]), "after the login it is true at once"
    house.tick(REFRESH_S)
    house.logged_in("ben", "ben's").quit()
    assert told("ben") == (["30", "USER"], ["NEVER"])
    limit("ben", "staff", fetched_days=30, heard_days=90)
    house.tick(REFRESH_S)
    house.logged_in("ben", "ben's").quit()
    assert told("ben") == (["30"], ["30"])


def test_what_expire_says_is_worked_out_of_few_people_however_many_there_are(
    house: Pop3House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        house.db.now(lambda tx, n=number: add_person(house.people, tx, f"p{n}", "P", str(900 + n)))  # type: ignore[misc]
    of, asked = house.keeping._limits.of, list[Assigned]()

    def counted(one: Assigned) -> Limits:
        asked.append(one)
        return of(one)

    monkeypatch.setattr(house.keeping._limits, "of", counted)
    house.keeping.refresh()
    assert 1 <= len(asked) <= 3, "one of each template and transfer"
