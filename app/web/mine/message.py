"""The page of one message: what it says, what is attached, who did what to it, and its files."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.core.text import visible, visible_lines
from app.inbox.entries import EntryState, Kind
from app.operations.by_telephone import play_by_telephone
from app.operations.errors import NotFound, OperationError
from app.operations.inbox import entry_for, export_message, history
from app.operations.messages import mark_entries, read_message, take_file
from app.operations.shared import show_sharing, who_has
from app.web.mine.own_actor import own_actor
from app.web.mine.shown import local_time, minutes, octets, shown
from app.web.mine.wave import SPEEDS
from app.web.mine.workers import WorkerFailed, Workers
from app.web.web import Visit, Web
from app.web.words import N_

WORKER = "app.message.safe_html"
NO_HTML = 3
"""Its exit code for a message that has none."""
STEPS = 8
"""Places that a sound can be played from, by links."""


class MessagePages:
    """Everything that is shown of a message."""

    def __init__(self, web: Web, workers: Workers) -> None:
        self._web, self._workers = web, workers

    async def page(self, visit: Visit) -> Response:
        """The page; an e-mail counts as read then."""
        actor, number = own_actor(visit), self._number(visit)
        message = await self._web.do(read_message, actor, number)
        entry = message.entry
        if entry.kind is Kind.EMAIL and entry.state is EntryState.NEW:
            await self._web.do(mark_entries, actor, [number], EntryState.HEARD)
        past = await self._web.do(history, actor, visit.person.login, number)
        sharing = await self._web.do(show_sharing, actor, visit.person.login)
        claim = await self._web.do(who_has, actor, number)
        query = visit.request.query_params
        speed = query.get("speed", "1")
        start = query.get("from", "0")
        length = entry.duration_s or 0
        return visit.page(
            "mine/message.html",
            entry=shown(entry),
            message=message,
            text=visible_lines(message.reading.text),
            head=[
                (name, visible(value))
                for name, value in (
                    (N_("From"), message.sender),
                    (N_("To"), message.to),
                    (N_("Cc"), message.cc),
                    (N_("Date"), message.date),
                )
                if value
            ],
            files=[
                (one.number, visible(one.name) or one.kind, octets(one.size))
                for one in message.reading.attachments
            ],
            past=[
                (local_time(row.at), row.verb, visible(row.by), row.door, visible(row.detail))
                for row in past.rows
            ],
            speed=speed if speed in SPEEDS else "1",
            speeds=list(SPEEDS),
            start=int(start) if start.isdigit() and len(start) < 6 else 0,
            places=_places(length),
            shared=bool(sharing.members),
            taken_by="" if claim is None else visible(claim.name),
            transcript=message.transcript,
            said=visible_lines(message.transcript.said) if message.transcript else "",
            taken_by_me=claim is not None and claim.person == visit.person.id,
        )

    async def by_telephone(self, visit: Visit) -> Response:
        """Ring the person's handset and play the message on it."""
        number = self._number(visit)
        try:
            handset = await self._web.do(
                play_by_telephone, own_actor(visit), number, self._web.paths
            )
        except NotFound:
            raise
        except OperationError as problem:
            return visit.redirect(
                f"/mine/{number}", visit.say("It cannot be played there: %(why)s.", why=problem)
            )
        return visit.redirect(
            f"/mine/{number}",
            visit.say("The telephone %(handset)s rings: lift it.", handset=handset),
        )

    async def html(self, visit: Visit) -> Response:
        """The HTML of a mail, made harmless, as a page that may do nothing."""
        actor, number = own_actor(visit), self._number(visit)
        await self._web.do(entry_for, actor, number)
        remote = "remote" if visit.request.query_params.get("remote") == "1" else ""
        source = aiter(await self._web.stream(export_message, actor, number))
        try:
            words = filter(None, [remote])
            page = await self._workers.whole(visit.person.id, WORKER, *words, source=source)
        except WorkerFailed as problem:
            text = "This message has no HTML."
            if problem.code != NO_HTML:
                text = "The HTML of this message is too large or too entangled to be shown."
            raise HTTPException(404, text) from problem
        pictures = "data: https: http:" if remote else "data:"
        policy = (
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src"
            f" {pictures}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers = {"content-security-policy": policy, "cache-control": "no-store"}
        return Response(page, 200, headers, "text/html; charset=utf-8")

    async def whole(self, visit: Visit) -> Response:
        """The message as a file, as POP3 gives it."""
        actor, number = own_actor(visit), self._number(visit)
        entry = await self._web.do(entry_for, actor, number)
        octets = await self._web.stream(export_message, actor, number)
        return octets.answer("message/rfc822", f"message-{number}.eml", entry.size)

    async def file(self, visit: Visit) -> Response:
        """An attachment: always to be saved, never shown, whatever it says it is."""
        part = visit.request.path_params["number"]
        found = await self._web.do(take_file, own_actor(visit), self._number(visit), part)
        octets = await self._web.stream(lambda _: found.octets)
        return octets.answer("application/octet-stream", found.name)

    def _number(self, visit: Visit) -> int:
        return int(visit.request.path_params["entry"])


def _places(seconds: int) -> list[tuple[int, str]]:
    """Places in a sound, in seconds, with what they are called."""
    step = max(5, -(-seconds // STEPS // 5) * 5)
    return [(at, minutes(at)) for at in range(0, seconds, step)]
