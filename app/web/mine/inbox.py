"""The list of voicemail and e-mail: pages, search, the bin, and what is done to several at once."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.inbox.entries import EntryState
from app.operations.errors import NotFound, OperationError
from app.operations.inbox import list_inbox, remove_entries, restore_entries, see_missed_calls
from app.operations.messages import mark_entries
from app.operations.search import Found, search_inbox
from app.operations.shared import claim_message, release_message
from app.web.mine.own_actor import own_actor
from app.web.mine.shown import local_time, shown
from app.web.web import Visit, Web
from app.web.words import N_

PAGE = 50
"""Entries on a page."""
MISSED_S = 7 * 86_400
"""How far back missed calls are listed, in seconds."""


class InboxPages:
    """The list."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def list(self, visit: Visit) -> Response:
        """A page of the inbox, or of the bin, or of what a search has found."""
        query = visit.request.query_params
        question, removed = query.get("q", "").strip(), query.get("in") == "bin"
        before = _number(query.get("before", ""))
        try:
            values = await self._found(visit, question, removed, before)
        except OperationError as problem:
            return self._page(visit, question, removed, before, 422, problem=problem.text)
        return self._page(visit, question, removed, before, **values)

    async def _found(
        self, visit: Visit, question: str, removed: bool, before: int | None
    ) -> dict[str, Any]:
        actor, login = own_actor(visit), visit.person.login
        if question:
            found: Found = await self._web.do(
                search_inbox, actor, login, question, removed, before, PAGE
            )
            return {
                "entries": [
                    shown(entry, transcript=found.said.get(entry.id)) for entry in found.entries
                ],
                "more": found.more,
                "progress": int(found.progress * 100),
            }
        since = self._web.clock.now() - MISSED_S
        listing = await self._web.do(list_inbox, actor, login, removed, since, before, PAGE)
        return {
            "entries": [
                shown(entry, listing.taken.get(entry.id, ""), listing.said.get(entry.id))
                for entry in (*reversed(listing.urgent), *reversed(listing.entries))
            ],
            "more": listing.more,
            "unseen": listing.unseen_calls,
            "away": listing.away,
            "missed": [(local_time(call.at), call.caller) for call in listing.missed_calls[::-1]],
        }

    def _page(
        self,
        visit: Visit,
        question: str,
        removed: bool,
        before: int | None,
        status: int = 200,
        **values: Any,
    ) -> Response:
        given: dict[str, Any] = {"entries": [], "more": False, "missed": [], "unseen": 0}
        given |= {"problem": "", "progress": 100, "away": False, **values}
        entries = given["entries"]
        older = address(question, removed, entries[-1].id) if given["more"] and entries else ""
        return visit.page(
            "mine/inbox.html",
            status,
            question=question,
            removed=removed,
            older=older,
            newest="" if before is None else address(question, removed),
            back=address(question, removed, before),
            **given,
        )

    async def do(self, visit: Visit) -> Response:
        """Remove, restore, or mark what is ticked, or the one message that a page shows."""
        actor, form = own_actor(visit), visit.form
        entries = [n for text in form.getlist("entry") if (n := _number(text)) is not None]
        back = form.get("back", "/mine")
        back = back if back == "/mine" or back.startswith(("/mine?", "/mine/")) else "/mine"
        wanted = form.get("do", "")
        if wanted == "missed-seen":
            await self._web.do(see_missed_calls, actor, visit.person.login)
            return visit.redirect(back)
        if not entries:
            return visit.redirect(back, visit.say("Nothing was ticked."))
        if wanted == "remove":
            moved = await self._web.do(remove_entries, actor, entries)
            said = visit.say(
                "Removed: %(count)s. The bin keeps them for a while.", count=moved.done
            )
            return visit.redirect("/mine" if form.get("gone") else back, said)
        if wanted == "restore":
            moved = await self._web.do(restore_entries, actor, entries)
            return visit.redirect(
                back, visit.say("Back in the inbox: %(count)s.", count=moved.done)
            )
        if wanted in _CLAIMS:
            return await self._claim(visit, wanted, entries[0], back)
        if wanted in _MARKS:
            state, saved = _MARKS[wanted]
            moved = await self._web.do(mark_entries, actor, entries, state, saved)
            return visit.redirect(back, visit.say("Marked: %(count)s.", count=moved.done))
        return visit.redirect(back)

    async def _claim(self, visit: Visit, wanted: str, entry: int, back: str) -> Response:
        """Take a message of a mailbox that several listen to, or give it back."""
        operation, said = _CLAIMS[wanted]
        try:
            await self._web.do(operation, own_actor(visit), entry)
        except NotFound:
            raise
        except OperationError as problem:
            text = visit.say("It stays as it is: %(why)s.", why=problem)
            return visit.redirect(back, text)
        return visit.redirect(back, visit.say(said))


_CLAIMS: dict[str, tuple[Callable[..., object], str]] = {
    "take": (claim_message, N_("You have taken it; it lights nobody else's lamp.")),
    "release": (release_message, N_("It is free for others again.")),
}

_MARKS: dict[str, tuple[EntryState | None, bool | None]] = {
    "heard": (EntryState.HEARD, None),
    "new": (EntryState.NEW, None),
    "save": (None, True),
    "unsave": (None, False),
}


def address(question: str = "", removed: bool = False, before: int | None = None) -> str:
    """The address of a page of the list."""
    query = {"q": question, "in": "bin" if removed else "", "before": before or ""}
    said = urlencode({name: value for name, value in query.items() if value})
    return f"/mine?{said}" if said else "/mine"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
