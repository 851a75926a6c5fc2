"""`alias trace`: what happens to a mail, step by step, up to the way that each part leaves by."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Outbound, Settings, Site
from app.inbox.fetch_accounts import Tls
from app.inbox.outgoing_accounts import OutgoingAccount
from app.operations.aliases import trace_alias
from app.operations.domains import LookUp
from tests.kit.actors import ADMIN
from tests.kit.defaults import add_person
from tests.kit.world_dns import no_network, world_dns


@pytest.fixture
def ask() -> Iterator[LookUp]:
    with world_dns() as look_up:
        yield look_up


def opened(
    paths: Paths,
    outbound: dict[str, str] | None = None,
    shared: tuple[str, ...] = (),
    catch_all: bool = False,
) -> Inbox:
    """A box at kovacs.net and home.test with Anna, Ben and Cleo, who has a public address."""
    site = Site(
        hostname="box.home.test", domains=("home.test", "kovacs.net"), shared_domains=shared
    )
    box = open_inbox(paths, Settings(site=site, outbound=Outbound(**(outbound or {}))))
    for number, login in enumerate(("anna", "ben", "cleo"), 201):
        fields = {"address": "cleo@public.net"} if login == "cleo" else {}
        box.db.now(
            lambda tx, n=number, x=login, f=fields: add_person(box.people, tx, x, x, str(n), **f)  # type: ignore[misc]
        )
    if catch_all:
        box.db.now(lambda tx: box.aliases.set(tx, "*", ["ben"]))
    return box


def steps(box: Inbox, address: str, ask: LookUp, sender: str = "") -> list[str]:
    return list(trace_alias(box, ADMIN, address, sender, ask).steps)


FORWARD = (
    "with its author as sender, which servers that check senders (SPF) may refuse: a smarthost"
)


def test_trace_ends_with_the_way_that_each_part_leaves_by(paths: Paths, ask: LookUp) -> None:
    box = opened(paths)
    box.db.now(lambda tx: box.aliases.set(tx, "anna", ["anna", "a@kovacs-mail.net", "b@far.net"]))
    box.db.now(
        lambda tx: box.aliases.set(
            tx, "all", ["anna", "ben", "c@far.net", "d@webonly.net", "e@gone.net"], "cleo", True
        )
    )
    assert steps(box, "all+x@home.test", ask) == [
        "all+x@home.test is all here",
        "all stands for anna, ben, c@far.net, d@webonly.net, e@gone.net",
        "all is a list: it is sent on in the name of cleo, who gets what bounces",
        "anna stands for anna, a@kovacs-mail.net, b@far.net",
        "anna keeps it in the inbox",
        "a@kovacs-mail.net is outside: it is sent there",
        "b@far.net is outside: it is sent there",
        "ben keeps it in the inbox",
        "c@far.net is outside: it is sent there",
        "d@webonly.net is outside: it is sent there",
        "e@gone.net is outside: it is sent there",
        "anna gets it back if it cannot go to a@kovacs-mail.net",
        "anna gets it back if it cannot go to b@far.net",
        "cleo is told if it cannot go to c@far.net",
        "cleo is told if it cannot go to d@webonly.net",
        "cleo is told if it cannot go to e@gone.net",
        "a@kovacs-mail.net: comes back, for there is no domain kovacs-mail.net, with the list's"
        " sender cleo@public.net",
        "b@far.net: leaves to mx.far.net, the mail server of far.net, with the list's sender"
        " cleo@public.net",
        "c@far.net: leaves to mx.far.net, the mail server of far.net, with its owner's address"
        " cleo@public.net as sender",
        "d@webonly.net: leaves to webonly.net itself, which names no mail server, with its owner's"
        " address cleo@public.net as sender",
        "e@gone.net: comes back, for there is no domain gone.net, with its owner's address"
        " cleo@public.net as sender",
    ]


@pytest.mark.parametrize(
    ("outbound", "way"),
    [
        ({}, f"leaves to mx.far.net, the mail server of far.net, {FORWARD}"),
        (
            {"public_domain": "kovacs.net"},
            "leaves to mx.far.net, the mail server of far.net, with a sender in kovacs.net (SRS)",
        ),
        (
            {"smarthost": "mail.isp.net:587"},
            "leaves by the smarthost mail.isp.net:587, with anna@home.test as sender, for a"
            " smarthost takes mail from its account holders",
        ),
    ],
)
def test_sender_of_a_forward_follows_from_the_way_out(
    paths: Paths, ask: LookUp, outbound: dict[str, str], way: str
) -> None:
    box = opened(paths, outbound)
    box.db.now(lambda tx: box.aliases.set(tx, "anna", ["x@far.net", "y@far.net"]))
    assert steps(box, "anna@home.test", ask)[-1].startswith(f"x@far.net, y@far.net: {way}")


def test_ones_own_account_goes_before_every_other_way_out(paths: Paths, ask: LookUp) -> None:
    box = opened(paths, {"smarthost": "mail.isp.net:587"})
    anna = box.people.by_login("anna")
    assert anna is not None
    account = OutgoingAccount(anna.id, "smtp.own.net", 465, Tls.IMPLICIT, "anna@own.net")
    box.db.now(lambda tx: box.outgoing_accounts.set(tx, account, "secret"))
    box.db.now(lambda tx: box.aliases.set(tx, "anna", ["x@far.net"]))
    assert steps(box, "anna@home.test", ask)[-1].startswith(
        "x@far.net: leaves by the account anna@own.net at smtp.own.net, with anna@home.test as"
    )


def test_unknown_name_is_traced_to_its_refusal_and_the_domain_mistake(
    paths: Paths, ask: LookUp
) -> None:
    first, second = steps(opened(paths), "dora@kovacs.net", ask)
    assert first == (
        "dora@kovacs.net is neither a person nor an alias here, and there is no catch-all alias *:"
        " it is refused with 550, and whoever sent it is told at once"
    )
    assert second.startswith("kovacs.net is one of our domains here, but the world's mail")


def test_name_at_a_shared_domain_and_address_elsewhere_go_on_from_the_lan(
    paths: Paths, ask: LookUp
) -> None:
    box = opened(paths, shared=("kovacs.net",))
    assert steps(box, "dora@kovacs.net", ask) == [
        "dora@kovacs.net: nobody here has this name, the hosting service may know it: from"
        " strangers it is refused with 550, and whoever sent it is told at once; what the LAN sends"
        " goes on",
        "dora@kovacs.net: leaves to mx1.hoster.net, the mail server of kovacs.net",
    ]
    assert (
        steps(box, "x@nomail.net", ask)[1]
        == "x@nomail.net: comes back, for nomail.net takes no mail"
    )
    assert not trace_alias(box, ADMIN, "x@nomail.net", look_up=ask).taken


def test_trace_with_an_author_leaves_out_the_own_copies(paths: Paths, ask: LookUp) -> None:
    box = opened(paths)
    box.db.now(lambda tx: box.aliases.set(tx, "all", ["anna", "ben", "x@far.net"]))
    found = steps(box, "all@home.test", ask, sender="ben@home.test")
    assert "ben wrote it and is not sent it" in found
    found = steps(box, "all@home.test", ask, sender="x@far.net")
    assert "x@far.net wrote it and is not sent it" in found
    assert not any("leaves" in step for step in found)


def test_full_mailbox_and_catch_all_are_steps(paths: Paths, ask: LookUp) -> None:
    box = opened(paths, catch_all=True)
    box.db.now(lambda tx: box.people.change(tx, 2, quota=0))
    assert steps(box, "dora@home.test", ask)[0].endswith("the catch-all alias * gets it")
    assert steps(box, "ben", ask)[-1] == (
        "the mailbox of ben is full: it is put off with 452, and whoever sends it tries again for"
        " days"
    )


def test_without_a_network_the_way_is_unknown_and_said(paths: Paths) -> None:
    box = opened(paths)
    box.db.now(lambda tx: box.aliases.set(tx, "anna", ["x@far.net"]))
    assert (
        "x@far.net: waits until the mail servers of far.net can be looked up"
        in steps(box, "anna", no_network)[-1]
    )


def test_command_traces_what_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.kit.commands import Shell

    shell = Shell(tmp_path / "var2", monkeypatch)
    shell.ok("people add anna --name Anna --mailbox 201")
    shell.ok("alias set all anna x@far.example")
    said = shell.ok("alias trace all --from anna@switchhook.local").splitlines()
    assert said[0] == "1. all is all here" and "6. anna wrote it and is not sent it" in said
    assert "it is refused with 550" in shell.refused("alias trace dora@switchhook.local")
