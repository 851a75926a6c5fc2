"""Modify User › accounts elsewhere: whose mail is fetched, and the one that mail leaves by."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.core.sentences import N_
from app.inbox.fetch_accounts import FetchAccount, Tls
from app.operations.accounts import (
    NewAccount,
    add_account,
    change_account,
    fetch_now,
    find_account,
    remove_account,
)
from app.operations.actor import Role
from app.operations.errors import NotFound, OperationError
from app.operations.outgoing_accounts import (
    NewOutgoing,
    OutgoingAccount,
    remove_outgoing,
    set_outgoing,
)
from app.operations.person_card import show_person
from app.web.business.typed import number, text
from app.web.business.users import USERS
from app.web.forms import Form, Typed
from app.web.web import Visit, Web

ADD, CHANGE = "business/add_account.html", "business/account.html"
OUTGOING = "business/outgoing.html"


def routes(web: Web) -> list[Route]:
    """Pages below a person's."""
    page = AccountPages(web)
    system, both, post = (Role.SYSTEM,), ("GET", "POST"), ("POST",)
    one = USERS + "/{login}/accounts/{number}"
    return [
        web.route(USERS + "/{login}/add-account", page.add, system, both),
        web.route(one, page.change, system, both),
        web.route(one + "/fetch", page.fetch, system, post),
        web.route(one + "/remove", page.remove, system, post),
        web.route(USERS + "/{login}/outgoing", page.outgoing, system, both),
        web.route(USERS + "/{login}/outgoing/remove", page.remove_outgoing, system, post),
    ]


class AccountPages:
    """One method for each address."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def add(self, visit: Visit) -> Response:
        """An account on a POP3 server is added."""
        login = visit.request.path_params["login"]
        card = await self._web.do(show_person, visit.actor, login)
        if visit.request.method != "POST":
            form = Form({"tls": Tls.IMPLICIT.value, "poll_s": "5"})
            return visit.page(ADD, card=card, form=form)
        try:
            new = new_account(visit.form)
            found = await self._web.do(add_account, visit.actor, login, new)
        except OperationError as problem:
            return visit.refused(ADD, problem, card=card)
        said = visit.say("%(name)s: added, and fetched at once.", name=found.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def change(self, visit: Visit) -> Response:
        """One account; an empty password stays what it is."""
        login, account = await self._one(visit)
        card = await self._web.do(show_person, visit.actor, login)
        if visit.request.method != "POST":
            return visit.page(CHANGE, card=card, account=account, form=Form(shown(account)))
        password = visit.form.get("password") or None
        try:
            fields = account_fields(visit.form)
            await self._web.do(change_account, visit.actor, account.id, fields, password)
        except OperationError as problem:
            return visit.refused(CHANGE, problem, card=card, account=account)
        said = visit.say("%(name)s: saved.", name=account.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def fetch(self, visit: Visit) -> Response:
        """Fetched at once."""
        login, account = await self._one(visit)
        await self._web.do(fetch_now, visit.actor, account.id)
        said = visit.say("%(name)s: is being fetched.", name=account.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def remove(self, visit: Visit) -> Response:
        """What was fetched stays."""
        login, account = await self._one(visit)
        await self._web.do(remove_account, visit.actor, account.id)
        said = visit.say("%(name)s: removed.", name=account.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def outgoing(self, visit: Visit) -> Response:
        """The account by which a person's mail leaves."""
        login = visit.request.path_params["login"]
        card = await self._web.do(show_person, visit.actor, login)
        if visit.request.method != "POST":
            return visit.page(OUTGOING, card=card, form=Form(shown_outgoing(card.outgoing)))
        try:
            form = visit.form
            new = NewOutgoing(
                text(form, "server"),
                form.get("user", ""),
                form.get("password", ""),
                tls_of(form),
                number(form, "port"),
            )
            found = await self._web.do(set_outgoing, visit.actor, login, new)
        except OperationError as problem:
            return visit.refused(OUTGOING, problem, card=card)
        said = visit.say("Mail leaves by %(place)s from now on.", place=found.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def remove_outgoing(self, visit: Visit) -> Response:
        """Mail leaves as all other mail does."""
        login = visit.request.path_params["login"]
        found = await self._web.do(remove_outgoing, visit.actor, login)
        said = visit.say("%(name)s: removed.", name=found.place)
        return visit.redirect(f"{USERS}/{login}", said)

    async def _one(self, visit: Visit) -> tuple[str, FetchAccount]:
        """The person and the account that an address names. Raises NotFound."""
        login, typed = visit.request.path_params["login"], visit.request.path_params["number"]
        card = await self._web.do(show_person, visit.actor, login)
        wanted = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 15 else -1
        found = await self._web.do(find_account, visit.actor, wanted)
        if found.person != card.person.id:
            raise NotFound(
                "number", "%(login)s has no account %(number)s", login=login, number=wanted
            )
        return card.person.login, found


def new_account(form: Typed) -> NewAccount:
    """The account that the fields of a form describe. Raises OperationError."""
    return NewAccount(password=form.get("password", ""), **account_fields(form))


def account_fields(form: Typed) -> dict[str, Any]:
    """What a form says of an account, but for its password. Raises OperationError."""
    minutes, port = number(form, "poll_s", N_("minutes")), number(form, "port")
    if minutes is None:
        raise OperationError("poll_s", "say after how many minutes it is fetched again")
    return {
        "server": text(form, "server"),
        "user": form.get("user", ""),
        "tls": tls_of(form),
        **({} if port is None else {"port": port}),
        "poll_s": minutes * 60.0,
        "keep_days": number(form, "keep_days", N_("days")),
        "fingerprint": text(form, "fingerprint"),
    }


def shown(account: FetchAccount) -> Mapping[str, str]:
    """An account as the fields of a form."""
    return {
        "server": account.server,
        "port": str(account.port),
        "tls": account.tls.value,
        "user": account.user,
        "poll_s": f"{account.poll_s / 60:.0f}",
        "keep_days": "" if account.keep_days is None else str(account.keep_days),
        "fingerprint": account.fingerprint,
    }


def shown_outgoing(account: OutgoingAccount | None) -> Mapping[str, str]:
    """The same of the account that mail leaves by."""
    if account is None:
        return {"tls": Tls.IMPLICIT.value}
    return {
        "server": account.server,
        "port": str(account.port),
        "tls": account.tls.value,
        "user": account.user,
    }


def tls_of(form: Typed) -> Tls:
    """How the connection is to be protected. Raises OperationError."""
    try:
        return Tls(form.get("tls", ""))
    except ValueError as problem:
        raise OperationError("tls", "choose how the connection is protected") from problem
