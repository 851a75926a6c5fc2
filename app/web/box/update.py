"""*Maintenance*, *Update*: upload a bundle, see what it is, install it, see how its trial goes."""

from starlette.responses import Response
from starlette.routing import Route

from app.core.sentences import N_, Sentence, sentence
from app.operations.actor import Role
from app.operations.errors import OperationError
from app.operations.task_results import Said
from app.operations.tasks import CheckBundle, InstallBundle, StartAgain, result_of
from app.operations.update_place import LastUpdate, Stage, update_place
from app.operations.uploads import BUNDLE, LONGEST, is_uploaded
from app.web.box.shown import page, refused
from app.web.box.tasks import begun, finished, said_by, tasks, uploaded
from app.web.web import Visit, Web

NETWORK = (Role.NETWORK,)
HERE = "/maintenance/update"
STAGES = {
    Stage.WAITS: N_("Version %(version)s is written. It is tried when the box starts again."),
    Stage.ON_TRIAL: N_(
        "Version %(version)s runs on trial. It is kept when a mail and a call have gone through it,"
        " which takes some minutes."
    ),
    Stage.KEPT: N_("Version %(version)s has proved itself and is kept."),
    Stage.GONE_BACK: N_(
        "Version %(version)s could not be started, or has not proved itself. The version before"
        " runs again."
    ),
}


def routes(web: Web) -> list[Route]:
    """All addresses of this page."""
    post = ("POST",)
    return [
        web.route(HERE, update, NETWORK),
        web.route(f"{HERE}/file", upload_bundle, NETWORK, post, LONGEST[BUNDLE]),
        web.route(f"{HERE}/install", install, NETWORK, post),
        web.route(f"{HERE}/start", start_again, NETWORK, post),
    ]


async def update(visit: Visit) -> Response:
    """What runs, what was uploaded, and how far the last update is."""
    return _update_page(visit)


def _update_page(visit: Visit, problem: OperationError | None = None) -> Response:
    place = update_place(visit.web.paths)
    states = tasks(visit, "update-check", "update")
    under_way = any(state is not None and state.runs for state in states.values())
    stage = None if place.last is None else place.last.stage
    values = {
        **states,
        "place": place,
        "runs": place.runs and sentence("Version %(version)s runs.", version=place.runs),
        "how_it_went": place.last and _how_it_went(place.last),
        "waits": stage is Stage.WAITS,
        "went_wrong": stage is Stage.GONE_BACK,
        "again": under_way or stage in (Stage.WAITS, Stage.ON_TRIAL),
        "uploaded": is_uploaded(visit.web.paths, BUNDLE),
        "about": result_of(states["update_check"], Said),
    }
    if problem is not None:
        return refused(visit, "update.html", problem, **values)
    return page(visit, "update.html", **values)


def _how_it_went(last: LastUpdate) -> Sentence:
    version = last.version or sentence("without a name")
    return sentence(STAGES[last.stage], version=version)


async def upload_bundle(visit: Visit) -> Response:
    """Take the file, and look what is in it."""
    return await uploaded(visit, BUNDLE, _update_page, HERE, CheckBundle())


async def install(visit: Visit) -> Response:
    """Write it into the other slot."""
    try:
        await begun(visit, InstallBundle(restart=bool(visit.form.get("restart"))))
    except OperationError as problem:
        return _update_page(visit, problem)
    return visit.redirect(HERE)


async def start_again(visit: Visit) -> Response:
    """Start the box again, which tries what was written."""
    try:
        state = await finished(visit, StartAgain())
    except OperationError as problem:
        return _update_page(visit, problem)
    return visit.redirect(HERE, said_by(visit, state))
