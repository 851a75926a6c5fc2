"""Business › Notification: how each person learns of a new message."""

from starlette.responses import Response
from starlette.routing import Route

from app.operations.actor import Role
from app.operations.notification import list_notifications
from app.web.business.typed import page_of
from app.web.web import Visit, Web

NOTIFICATION = "/business/notification"


def routes(web: Web) -> list[Route]:
    """One page; what it shows is set elsewhere."""

    async def page(visit: Visit) -> Response:
        wanted = page_of(visit.request.query_params.get("page", ""))
        found = await web.do(list_notifications, visit.actor, wanted)
        return visit.page("business/notification.html", found=found)

    return [web.route(NOTIFICATION, page, (Role.SYSTEM,))]
