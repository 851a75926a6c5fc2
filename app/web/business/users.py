"""Business › Users: everybody, searched in pages, and how somebody is removed."""

from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.errors import OperationError
from app.operations.people import messages_held, remove_person
from app.operations.person_card import find_people, person_choices, show_person
from app.operations.templates import list_templates
from app.web.business.typed import page_of, text
from app.web.forms import Form
from app.web.web import Visit, Web

USERS = "/business/users"


def routes(web: Web) -> list[Route]:
    """The list, and the page that removes somebody."""

    async def users(visit: Visit) -> Response:
        asked = visit.request.query_params
        found = await web.do(
            find_people, visit.actor, asked.get("q", ""), page_of(asked.get("page", ""))
        )
        templates = await web.do(list_templates, visit.actor)
        form = Form({"q": asked.get("q", "")})
        return visit.page(
            "business/users.html", found=found, templates=templates, form=form, now=web.clock.now()
        )

    async def remove(visit: Visit) -> Response:
        login = visit.request.path_params["login"]
        values: dict[str, Any] = {
            "card": await web.do(show_person, visit.actor, login),
            "held": await web.do(messages_held, visit.actor, login),
            "choices": await web.do(person_choices, visit.actor),
        }
        if visit.request.method != "POST":
            return visit.page("business/remove_user.html", **values)
        form = visit.form
        heir = text(form, "heir") if form.get("fate") == "heir" else None
        try:
            removed = await web.do(
                remove_person, visit.actor, login, heir, form.get("fate") == "bin"
            )
        except OperationError as problem:
            return visit.refused("business/remove_user.html", problem, **values)
        return visit.page("business/removed_user.html", removed=removed)

    system = (Role.SYSTEM,)
    return [
        web.route(USERS, users, system),
        web.route(USERS + "/{login}/remove", remove, system, ("GET", "POST")),
    ]
