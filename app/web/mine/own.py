"""Own settings: language, what mail programs get, PIN; and how full the box is."""

from typing import Any

from starlette.responses import Response

from app.operations.errors import OperationError
from app.operations.own_box import own_box
from app.operations.people import change_person, set_pin
from app.web.forms import Form
from app.web.mine.own_actor import own_actor
from app.web.mine.shown import octets
from app.web.web import Visit, Web

LANGUAGES = {
    "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano",
    "ru": "Русский",
}  # fmt: skip
"""Each in its own words; the others are shown by their two letters."""
TRANSFERS = {
    "email and voicemail": "Email and voicemail messages",
    "email only": "Email messages only",
    "none": "No messages",
}
"""What the settings of transfers are called."""


class OwnPages:
    """The settings that people change themselves."""

    def __init__(self, web: Web) -> None:
        self._web = web

    async def settings(self, visit: Visit) -> Response:
        """Show them; change those of the first form."""
        if visit.request.method != "POST":
            return await self._page(visit)
        given = visit.form
        fields: dict[str, Any] = {
            "name": given.get("name", ""),
            "language": given.get("language", ""),
            "transfer": given.get("transfer", ""),
            "fetched_is_heard": bool(given.get("fetched_is_heard")),
        }
        try:
            if fields["transfer"] not in TRANSFERS:
                raise OperationError("transfer", "choose one of the three")
            await self._web.do(change_person, own_actor(visit), visit.person.login, fields)
        except OperationError as problem:
            return await self._page(visit, 422, Form.refused(given, problem))
        return visit.redirect("/mine/settings", visit.say("Your settings are changed."))

    async def pin(self, visit: Visit) -> Response:
        """Change the PIN."""
        given = visit.form
        try:
            if given.get("pin", "") != given.get("again", ""):
                raise OperationError("again", "the two PINs are not the same")
            if not given.get("pin", ""):
                raise OperationError("pin", "no PIN was given")
            await self._web.do(set_pin, own_actor(visit), visit.person.login, given.get("pin", ""))
        except OperationError as problem:
            return await self._page(visit, 422, Form({}, {problem.field: str(problem)}))
        return visit.redirect("/mine/settings", visit.say("Your PIN is changed."))

    async def _page(self, visit: Visit, status: int = 200, form: Form | None = None) -> Response:
        found = await self._web.do(own_box, own_actor(visit), visit.person.login)
        person = found.person
        return visit.page(
            "mine/settings.html",
            status,
            form=form
            or Form(
                {
                    "name": person.name,
                    "language": person.language,
                    "transfer": person.transfer.value,
                    "fetched_is_heard": person.fetched_is_heard,
                }
            ),
            box=found,
            languages=[(code, LANGUAGES.get(code, code)) for code in found.languages],
            transfers=[
                (one.transfer.value, TRANSFERS[one.transfer.value], one.sentence)
                for one in found.choices
            ],
            used=octets(found.used),
            quota=octets(found.quota),
            percent=min(100, round(100 * found.used / max(1, found.quota))),
        )
