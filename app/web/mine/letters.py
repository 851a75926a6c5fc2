"""Forms that answer a message, and that send one on."""

from starlette.responses import Response

from app.operations.errors import NotFound, OperationError
from app.operations.inbox import entry_for
from app.operations.letters import Sent, draft_reply, forward_message, send_reply
from app.web.forms import Form
from app.web.mine.own_actor import own_actor
from app.web.mine.shown import shown
from app.web.web import Visit, Web


class LetterPages:
    """The forms."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def reply(self, visit: Visit) -> Response:
        """Answer a message."""
        actor, number = own_actor(visit), int(visit.request.path_params["entry"])
        draft = await self._web.do(draft_reply, actor, number)
        if visit.request.method != "POST":
            form = Form({"to": draft.to, "subject": draft.subject, "text": draft.text})
            return visit.page("mine/reply.html", form=form, number=number, sender=draft.sender)
        given = visit.form
        try:
            sent = await self._web.do(
                send_reply, actor, number, given.get("to", ""), given.get("subject", ""),
                given.get("text", ""),
            )  # fmt: skip
        except NotFound:
            raise
        except OperationError as problem:
            return visit.refused("mine/reply.html", problem, number=number, sender=draft.sender)
        return visit.redirect(f"/mine/{number}", _said(visit, sent))

    async def forward(self, visit: Visit) -> Response:
        """Send a message on as it is."""
        actor, number = own_actor(visit), int(visit.request.path_params["entry"])
        entry = await self._web.do(entry_for, actor, number)
        if visit.request.method != "POST":
            return visit.page("mine/forward.html", entry=shown(entry))
        try:
            sent = await self._web.do(forward_message, actor, number, visit.form.get("to", ""))
        except NotFound:
            raise
        except OperationError as problem:
            return visit.refused("mine/forward.html", problem, entry=shown(entry))
        return visit.redirect(f"/mine/{number}", _said(visit, sent))


def _said(visit: Visit, sent: Sent) -> str:
    return visit.say(
        "Sent: delivered to %(here)s here, on its way to %(elsewhere)s elsewhere.",
        here=sent.here,
        elsewhere=sent.elsewhere,
    )
