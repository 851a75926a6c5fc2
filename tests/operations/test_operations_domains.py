"""The domain mistake: said when it is made, and as long as it lasts."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Outbound, Settings, Site
from app.operations.alias_files import import_aliases
from app.operations.aliases import set_alias
from app.operations.domains import LookUp, check_domains, domain_problems
from app.operations.errors import NotAllowed, OperationError
from app.operations.settings import set_setting
from app.operations.status import read_status
from tests.kit.actors import ADMIN, owner
from tests.kit.defaults import add_person
from tests.kit.world_dns import no_network, world_dns

ELSEWHERE = (
    "kovacs.net is one of our domains here, but the world's mail for it goes to mx1.hoster.net."
)
ADVICE = "Use a subdomain of your own, such as box.kovacs.net, or name kovacs.net in"


def with_domains(
    paths: Paths, *domains: str, shared: tuple[str, ...] = (), public: str = ""
) -> Inbox:
    """A box with these domains; Anna and Ben are there."""
    site = Site(hostname="box.kovacs.net", domains=domains, shared_domains=shared)
    box = open_inbox(paths, Settings(site=site, outbound=Outbound(public_domain=public)))
    if not box.people.all():
        box.db.now(lambda tx: add_person(box.people, tx, "anna", "Anna", "201", admin=True))
        box.db.now(lambda tx: add_person(box.people, tx, "ben", "Ben", "202"))
    return box


@pytest.fixture
def ask() -> Iterator[LookUp]:
    with world_dns() as look_up:
        yield look_up


def problems(box: Inbox, ask: LookUp) -> dict[str, str]:
    return {problem.field: problem.text for problem in check_domains(box, ADMIN, ask).problems}


def test_own_domain_whose_mail_goes_elsewhere_is_a_mistake(paths: Paths, ask: LookUp) -> None:
    found = problems(with_domains(paths, "kovacs.net", "home.test"), ask)
    assert list(found) == ["site.domains"]
    assert ELSEWHERE in found["site.domains"] and ADVICE in found["site.domains"]


@pytest.mark.parametrize(
    "domain", ["home.test", "webonly.net", "byname.net", "byaddress.net", "gone.net"]
)
def test_own_domain_that_nobody_else_serves_is_none(paths: Paths, ask: LookUp, domain: str) -> None:
    box = with_domains(paths, domain)
    config = replace(box.delivery.config, host_addresses=("192.0.2.1",))
    box.delivery.config = config
    assert problems(box, ask) == {}


def test_domain_that_the_owner_says_is_ours_or_shared_is_none(paths: Paths, ask: LookUp) -> None:
    assert problems(with_domains(paths, "kovacs.net", public="kovacs.net"), ask) == {}
    assert problems(with_domains(paths, "kovacs.net", shared=("Kovacs.net",)), ask) == {}
    found = problems(with_domains(paths, "gone.net", shared=("gone.net",)), ask)
    assert "no mail server in the world takes mail for gone.net" in found["site.shared_domains"]


def test_member_at_our_own_domain_who_is_nobody_here_is_refused_with_the_reason(
    paths: Paths, ask: LookUp
) -> None:
    box = with_domains(paths, "kovacs.net")
    with pytest.raises(OperationError) as refused:
        set_alias(box, ADMIN, "sales", ["anna", "dora@kovacs.net"], look_up=ask)
    assert str(refused.value).startswith(
        f"dora@kovacs.net is neither a person nor an alias here. {ELSEWHERE}"
    )
    assert refused.value.field == "members"
    with pytest.raises(OperationError) as refused:
        set_alias(with_domains(paths, "home.test"), ADMIN, "sales", ["dora@home.test"], look_up=ask)
    assert str(refused.value) == "dora@home.test is neither a person nor an alias here"
    shared = with_domains(paths, "kovacs.net", shared=("kovacs.net",))
    saved = set_alias(shared, ADMIN, "sales", ["anna", "dora@kovacs.net"], look_up=ask)
    assert saved.alias.members == ("anna", "dora@kovacs.net") and saved.problems == ()


def test_forward_to_the_own_address_elsewhere_is_told_to_stay_here(
    paths: Paths, ask: LookUp
) -> None:
    saved = set_alias(
        with_domains(paths, "kovacs.net"), ADMIN, "anna", ["anna@kovacs.net"], look_up=ask
    )
    assert saved.notes == (
        "anna@kovacs.net is anna here: mail to it stays in this box, and mx1.hoster.net, which"
        " takes the world's mail for kovacs.net, does not get it",
    )


def test_members_at_domains_that_take_no_mail_are_told(paths: Paths, ask: LookUp) -> None:
    box = with_domains(paths, "home.test")
    members = ["a@gone.net", "b@gone.net", "c@nomail.net", "d@byname.net", "e@far.net", "anna"]
    saved = set_alias(box, ADMIN, "sales", members, look_up=ask)
    assert [str(problem) for problem in saved.problems] == [
        "alias.sales: a@gone.net, b@gone.net: there is no domain gone.net, so mail to it comes"
        " back. Is it spelt right?",
        "alias.sales: c@nomail.net: nomail.net takes no mail, so what is sent to it comes back",
        "alias.sales: d@byname.net: the mail server of byname.net is this box, which does not serve"
        " byname.net: mail to it comes back. If it is ours, name byname.net in site.domains",
    ]
    assert saved.notes == ()
    file = b"name,members\nall,x@gone.net\n"
    (problem,) = import_aliases(box, ADMIN, file, look_up=ask).problems
    assert problem.field == "alias.all"


def test_member_whose_domain_has_become_ours_is_told_if_nobody_has_the_name(
    paths: Paths, ask: LookUp
) -> None:
    set_alias(with_domains(paths, "home.test"), ADMIN, "sales", ["dora@kovacs.net"], look_up=ask)
    box = with_domains(paths, "kovacs.net")
    found = problems(box, ask)
    assert "kovacs.net is one of our domains by now" in found["alias.sales"]
    assert "it goes out to mx1.hoster.net" in found["alias.sales"]
    box.db.now(lambda tx: add_person(box.people, tx, "dora", "Dora", "203"))
    assert list(problems(box, ask)) == ["site.domains"]


def test_without_a_network_it_is_saved_and_said_and_what_was_known_is_kept(
    paths: Paths, ask: LookUp
) -> None:
    box = with_domains(paths, "kovacs.net")
    check_domains(box, ADMIN, ask)
    saved = set_alias(box, ADMIN, "sales", ["x@other.net"], look_up=no_network)
    assert saved.alias.members == ("x@other.net",) and saved.problems == ()
    (note,) = saved.notes
    assert note.startswith("other.net could not be looked up: ")
    check = check_domains(box, ADMIN, no_network)
    assert [one.state for one in check.facts] == ["unknown", "unknown", "unknown"]
    assert [problem.field for problem in domain_problems(box, box.settings)] == ["site.domains"]


def test_status_tells_the_mistake_for_as_long_as_it_lasts(paths: Paths, ask: LookUp) -> None:
    box = with_domains(paths, "kovacs.net")

    def told() -> list[str]:
        report = read_status(
            ADMIN, paths, lambda _paths, _settings: with_domains(paths, "kovacs.net")
        )
        return [problem.field for problem in report.problems if "net" in problem.text]

    paths.settings_file.write_text('[site]\ndomains = ["kovacs.net"]\n')
    assert told() == []  # nobody has looked yet
    check_domains(box, ADMIN, ask)
    assert told() == ["site.domains"]


def test_saving_our_domains_looks_them_up(paths: Paths, ask: LookUp) -> None:
    box = with_domains(paths, "home.test")

    def change(name: str, words: str) -> list[str]:
        changed = set_setting(box, ADMIN, paths, name, words, lambda _settings: {}, look_up=ask)
        return [problem.field for problem in changed.problems]

    assert change("site.domains", "home.test") == []
    assert change("site.domains", "kovacs.net,home.test") == ["site.domains"]
    assert change("site.shared_domains", "kovacs.net") == []
    with pytest.raises(OperationError, match="only domains there can be shared"):
        change("site.shared_domains", "other.net")


def test_check_is_the_administrators(paths: Paths, ask: LookUp) -> None:
    box = with_domains(paths, "home.test")
    with pytest.raises(NotAllowed):
        check_domains(box, owner(box, "ben"), ask)


def test_command_says_what_is_looked_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.kit.commands import Shell

    shell = Shell(tmp_path / "var2", monkeypatch)
    rows = [line.split() for line in shell.ok("alias check").splitlines()]
    assert rows[0][:2] == ["domain", "state"] and rows[1][:2] == ["switchhook.local", "special"]
