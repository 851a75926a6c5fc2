"""All addresses of the business pages."""

from starlette.routing import Route

from app.web.business import (
    accounts,
    alias_files,
    aliases,
    call_groups,
    greetings,
    lamps,
    lines,
    new_user,
    notification,
    number_plan,
    templates,
    user,
    users,
)
from app.web.web import Web

PAGES = (
    users,
    new_user,
    user,
    accounts,
    templates,
    aliases,
    alias_files,
    lines,
    call_groups,
    number_plan,
    lamps,
    greetings,
    notification,
)


def routes(web: Web) -> list[Route]:
    """One list of all of them."""
    return [route for page in PAGES for route in page.routes(web)]
