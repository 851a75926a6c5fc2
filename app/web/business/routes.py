"""All addresses of the business pages."""

from starlette.routing import Route

from app.web.business import (
    accounts,
    alias_files,
    aliases,
    greetings,
    lines,
    new_user,
    notification,
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
    greetings,
    notification,
)


def routes(web: Web) -> list[Route]:
    """One list of all of them."""
    return [route for page in PAGES for route in page.routes(web)]
