"""Own settings: language, what mail programs get, PIN; and how full the box is."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from app.inbox.people import Transfer
from app.operations.errors import OperationError
from app.operations.follow_me import AFTER_USUAL, set_follow_me, show_follow_me
from app.operations.own_box import own_box
from app.operations.people import change_person, set_pin
from app.operations.presence import PresenceShown, set_presence, set_presence_rule, show_presence
from app.web.business.typed import number
from app.web.forms import Form
from app.web.mine.own_actor import own_actor
from app.web.mine.shown import octets
from app.web.tables import LANGUAGES
from app.web.web import Visit, Web
from app.web.words import N_

PRESENCES = {
    "in": N_("In"),
    "out": N_("Out"),
    "meeting": N_("In a meeting"),
    "away": N_("Away"),
    "dnd": N_("Do not disturb"),
}
"""What each presence is called."""


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
            "mail_by_phone": bool(given.get("mail_by_phone")),
            "outside_login": bool(given.get("outside_login")),
            "missed_lamp": bool(given.get("missed_lamp")),
            "envelope_first": bool(given.get("envelope_first")),
        }
        try:
            fields["text_wait_min"] = number(given, "text_wait_min", N_("minutes")) or 0
            if fields["transfer"] not in list(Transfer):
                raise OperationError("transfer", "choose one of the three")
            await self._web.do(change_person, own_actor(visit), visit.person.login, fields)
        except OperationError as problem:
            return await self._page(visit, 422, fields, problem)
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
            return await self._page(visit, 422, {}, problem)
        return visit.redirect("/mine/settings", visit.say("Your PIN is changed."))

    async def presence(self, visit: Visit) -> Response:
        """Say whether I can be reached."""
        given, login = visit.form, visit.person.login
        wanted, until = given.get("presence", ""), given.get("until", "")
        try:
            await self._web.do(set_presence, own_actor(visit), login, wanted, until)
        except OperationError as problem:
            return await self._page(visit, 422, given, problem)
        return visit.redirect("/mine/settings", visit.say("Callers get what you have said."))

    async def follow_me(self, visit: Visit) -> Response:
        """Say at which outside number I am called besides."""
        given, login = visit.form, visit.person.login
        try:
            after = given.get("after", "")
            if not (after.isascii() and after.isdigit() and len(after) < 5):
                raise OperationError("after", "a number of seconds is needed")
            found = await self._web.do(
                set_follow_me, own_actor(visit), login, given.get("number", ""), int(after)
            )
        except OperationError as problem:
            return await self._page(visit, 422, given, problem)
        said = visit.say("You are called nowhere else.")
        if found is not None:
            said = visit.say("You are called at %(number)s as well.", number=found.number)
        return visit.redirect("/mine/settings", said)

    async def rules(self, visit: Visit) -> Response:
        """Say what each presence means to callers."""
        given, login = visit.form, visit.person.login
        for name in PRESENCES:
            rings, messages = bool(given.get(f"{name}-rings")), bool(given.get(f"{name}-messages"))
            actor = own_actor(visit)
            await self._web.do(set_presence_rule, actor, login, name, rings, messages)
        return visit.redirect("/mine/settings", visit.say("Callers get what you have said."))

    async def _page(
        self,
        visit: Visit,
        status: int = 200,
        typed: Mapping[str, Any] | None = None,
        problem: OperationError | None = None,
    ) -> Response:
        """All forms: what was typed in the one that is refused, in the others what holds."""
        found = await self._web.do(own_box, own_actor(visit), visit.person.login)
        here = await self._web.do(show_presence, own_actor(visit), visit.person.login)
        follow = await self._web.do(show_follow_me, own_actor(visit), visit.person.login)
        person = found.person
        return visit.page(
            "mine/settings.html",
            status,
            form=Form(
                {
                    "name": person.name,
                    "language": person.language,
                    "transfer": person.transfer.value,
                    "fetched_is_heard": person.fetched_is_heard,
                    "mail_by_phone": person.mail_by_phone,
                    "outside_login": person.outside_login,
                    "missed_lamp": person.missed_lamp,
                    "envelope_first": person.envelope_first,
                    "text_wait_min": str(person.text_wait_min),
                    "number": "" if follow is None else follow.number,
                    "after": AFTER_USUAL if follow is None else follow.after_s,
                    **_as_fields(here),
                    **(typed or {}),
                },
                {} if problem is None else {problem.field: problem.text},
            ),
            presences=[(name, visit.say(words)) for name, words in PRESENCES.items()],
            presence=PRESENCES[here.now.presence],
            until=here.until,
            box=found,
            languages=[(code, LANGUAGES.get(code, code)) for code in found.languages],
            used=octets(found.used),
            quota=octets(found.quota),
            percent=min(100, round(100 * found.used / max(1, found.quota))),
        )


def _as_fields(here: PresenceShown) -> dict[str, Any]:
    """A presence as the fields of its forms."""
    fields: dict[str, Any] = {"presence": here.now.presence.value, "until": here.until}
    for name, rule in here.rules.items():
        fields[f"{name}-rings"], fields[f"{name}-messages"] = rule.rings, rule.messages
    return fields
