"""Business › Message Aliases: where a name's mail goes, tried out before it is saved.

"Check" shows the trace of what was typed and saves nothing; saving checks all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.aliases import (
    Alias,
    AliasKind,
    CheckedAlias,
    ShownAlias,
    check_alias,
    find_aliases,
    remove_alias,
    set_alias,
    show_alias,
)
from app.operations.domains import is_worth_asking
from app.operations.errors import NotFound, OperationError
from app.operations.person_card import person_choices
from app.operations.probes import Probe, last_probe, send_probe
from app.operations.versions import ChangedMeanwhile, version_of
from app.web.business.typed import page_of, text, words
from app.web.forms import Form, Typed
from app.web.web import Visit, Web

ALIASES, ADD = "/business/aliases", "/business/add-alias"
TEMPLATE = "business/alias.html"
CHECK = "app.operations.aliases:check_alias"


@dataclass(frozen=True)
class TypedAlias:
    """An alias as it was typed."""

    name: str
    members: Sequence[str]
    owner: str | None
    is_list: bool


def routes(web: Web) -> list[Route]:
    """The list, and the page of one."""
    page = AliasPages(web)
    system, both, post = (Role.SYSTEM,), ("GET", "POST"), ("POST",)
    return [
        web.route(ALIASES, page.all, system),
        web.route(ADD, page.add, system, both),
        web.route(ALIASES + "/{name}", page.one, system, both),
        web.route(ALIASES + "/{name}/remove", page.remove, system, post),
        web.route(ALIASES + "/{name}/probe", page.probe, system, post),
    ]


class AliasPages:
    """One method for each address."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def all(self, visit: Visit) -> Response:
        """Every alias, or those in whose name or members something is."""
        asked = visit.request.query_params
        wanted, page = asked.get("q", ""), page_of(asked.get("page", ""))
        found = await self._web.do(find_aliases, visit.actor, wanted, page)
        return visit.page("business/aliases.html", found=found, form=Form({"q": wanted}))

    async def add(self, visit: Visit) -> Response:
        """A new alias."""
        if visit.request.method != "POST":
            name = visit.request.query_params.get("name", "")
            return await self._page(visit, None, Form({"name": name, "keep": "yes"}))
        return await self._save(visit, None, typed_alias(visit.form, text(visit.form, "name")))

    async def one(self, visit: Visit) -> Response:
        """An alias that is there, with where its mail goes."""
        name = visit.request.path_params["name"]
        shown = await self._web.do(show_alias, visit.actor, name)
        if visit.request.method == "POST":
            return await self._save(visit, shown, typed_alias(visit.form, shown.alias.name))
        one = shown.alias
        given = one.name, one.members, one.owner, one.kind is AliasKind.LIST
        form = Form(shown_fields(one))
        try:
            checked = await self._web.do(check_alias, visit.actor, *given, look_up=None)
        except OperationError as problem:  # what it names has gone since it was saved
            form.errors[problem.field] = problem.text
            return await self._page(visit, shown, form)
        return await self._page(visit, shown, form, checked)

    async def remove(self, visit: Visit) -> Response:
        """An alias is removed, unless others need it."""
        name = visit.request.path_params["name"]
        try:
            await self._web.do(remove_alias, visit.actor, name)
        except NotFound:
            raise
        except OperationError as problem:
            shown = await self._web.do(show_alias, visit.actor, name)
            form = Form(shown_fields(shown.alias), {"": problem.text})
            return await self._page(visit, shown, form, status=422)
        return visit.redirect(ALIASES, visit.say("%(name)s: removed.", name=name))

    async def probe(self, visit: Visit) -> Response:
        """A marked mail to the outside members; the page tells what becomes of it."""
        name = visit.request.path_params["name"]
        await self._web.do(send_probe, visit.actor, name)
        said = visit.say("A test mail is under way; load this page again to see what became of it.")
        return visit.redirect(f"{ALIASES}/{name}", said)

    async def _save(self, visit: Visit, shown: ShownAlias | None, alias: TypedAlias) -> Response:
        """Check what was typed, and save it if that was asked for."""
        form, given = visit.form, (alias.name, alias.members, alias.owner, alias.is_list)
        try:
            checked = await self._check(visit, given)
            if form.get("do") != "save":
                return await self._page(visit, shown, Form(form), checked)
            seen = text(form, "seen") if shown is not None else version_of(None)
            saved = await self._web.do(set_alias, visit.actor, *given, look_up=None, seen=seen)
        except ChangedMeanwhile as problem:
            return await self._changed_meanwhile(visit, problem)
        except OperationError as problem:
            return await self._page(visit, shown, Form.refused(form, problem), status=422)
        said = visit.say("%(name)s: saved.", name=saved.alias.name)
        return visit.redirect(f"{ALIASES}/{saved.alias.name}", said)

    async def _check(
        self, visit: Visit, given: tuple[str, Sequence[str], str | None, bool]
    ) -> CheckedAlias:
        """What would be saved. The DNS is asked in a process of its own: it may take seconds."""
        if is_worth_asking(given[1]):
            checked: CheckedAlias = await self._web.apart(CHECK, visit.actor, *given)
            return checked
        return await self._web.do(check_alias, visit.actor, *given, look_up=None)

    async def _changed_meanwhile(self, visit: Visit, problem: ChangedMeanwhile) -> Response:
        """What was typed beside what somebody else has saved."""
        now: Alias | None = problem.now
        fields = {**visit.form, "seen": version_of(now)}
        shown = None if now is None else await self._web.do(show_alias, visit.actor, now.name)
        form = Form(fields, {"": problem.text})
        return await self._page(visit, shown, form, status=409, theirs=now)

    async def _page(
        self,
        visit: Visit,
        shown: ShownAlias | None,
        form: Form,
        checked: CheckedAlias | None = None,
        status: int = 200,
        theirs: Alias | None = None,
    ) -> Response:
        choices = await self._web.do(person_choices, visit.actor)
        return visit.page(
            TEMPLATE, status, shown=shown, checked=checked, theirs=theirs, form=form,
            logins=choices.logins, probe=await self._last_probe(visit, shown),
            now=self._web.clock.now(),
        )  # fmt: skip

    async def _last_probe(self, visit: Visit, shown: ShownAlias | None) -> Probe | None:
        if shown is None:
            return None
        try:
            return await self._web.do(last_probe, visit.actor, shown.alias.name)
        except NotFound:
            return None


def typed_alias(form: Typed, name: str) -> TypedAlias:
    """The alias that the fields of a form describe; "keep a copy" is the own name as a member."""
    members = words(form, "members")
    if form.get("keep") and name.lower() not in members:
        members.insert(0, name.lower())
    return TypedAlias(name, members, text(form, "owner") or None, form.get("kind") == "list")


def shown_fields(alias: Alias) -> Mapping[str, str]:
    """An alias as the fields of a form."""
    others = [member for member in alias.members if member != alias.name]
    return {
        "name": alias.name,
        "members": "\n".join(others),
        "keep": "yes" if len(others) < len(alias.members) else "",
        "kind": "list" if alias.kind is AliasKind.LIST else "",
        "owner": alias.owner or "",
        "seen": version_of(alias),
    }
