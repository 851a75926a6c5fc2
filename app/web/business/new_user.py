"""Business › Users › Add: a person from a template, with a password and a PIN shown once."""

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.errors import OperationError
from app.operations.people import NewPerson, add_person, former_box
from app.operations.person_card import person_choices
from app.web.business.typed import text
from app.web.business.user import settings_of
from app.web.forms import Form, Typed
from app.web.web import Visit, Web

ADD = "/business/add-user"
TEMPLATE = "business/add_user.html"


def routes(web: Web) -> list[Route]:
    """The page that adds somebody."""

    async def add(visit: Visit) -> Response:
        choices = await web.do(person_choices, visit.actor)
        if visit.request.method != "POST":
            form = Form(
                {
                    "template": visit.request.query_params.get("template", ""),
                    "mail_by_phone": "yes",
                    "text_wait_min": "0",
                }
            )
            return visit.page(TEMPLATE, choices=choices, form=form, former=None)
        login = text(visit.form, "login")
        former = await web.do(former_box, visit.actor, login)
        if former is not None and visit.form.get("adopt") not in ("yes", "no"):
            form = Form(
                visit.form, {"adopt": visit.say("Somebody had this login; choose what happens.")}
            )
            return visit.page(TEMPLATE, 422, choices=choices, form=form, former=former)
        adopt = former if visit.form.get("adopt") == "yes" else None
        try:
            added = await web.do(add_person, visit.actor, new_person(visit.form), adopt)
        except OperationError as problem:
            return visit.refused(TEMPLATE, problem, choices=choices, former=former)
        return visit.page("business/added_user.html", added=added)

    return [web.route(ADD, add, (Role.SYSTEM,), ("GET", "POST"))]


def new_person(form: Typed) -> NewPerson:
    """The person whom the fields of a form describe. Raises OperationError."""
    fields = settings_of(form)
    fields["template"] = fields["template"] or None
    return NewPerson(login=text(form, "login"), **fields)
