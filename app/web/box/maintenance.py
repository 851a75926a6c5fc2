"""*Maintenance*: how the box is, backup, restore, logs, self-test, restart."""

import asyncio
import os
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.core.told import Told
from app.operations.actor import Role
from app.operations.attention import attention, stopped
from app.operations.backups import (
    BackupFacts,
    BackupMade,
    check_passphrase,
    is_checked,
    new_passphrase,
    open_backup,
    restore_waits,
)
from app.operations.errors import OperationError
from app.operations.logs import log_tail
from app.operations.status import StatusReport
from app.operations.task_results import Restarted, Said
from app.operations.tasks import (
    BeginRestore,
    CheckBackup,
    MakeBackup,
    RemoveBackup,
    RestartServices,
    SelfTest,
    StartAgain,
    read_task,
    result_of,
)
from app.operations.uploads import BACKUP, LONGEST, is_uploaded
from app.web.box import update
from app.web.box.shown import page, refused
from app.web.box.tasks import begun, finished, running, said_by, tasks, uploaded
from app.web.web import Visit, Web, disposition

SYSTEM, NETWORK = (Role.SYSTEM,), (Role.NETWORK,)
PIECE = 65_536
LINES = 300


def routes(web: Web) -> list[Route]:
    """All addresses of this section."""
    both, post = ("GET", "POST"), ("POST",)
    return [
        web.route("/maintenance", status, NETWORK),
        web.route("/maintenance/backup", backup, SYSTEM, both),
        web.route("/maintenance/backup/file/{name}", download, SYSTEM),
        web.route("/maintenance/backup/remove", remove_backup, SYSTEM, post),
        web.route("/maintenance/restore", restore, SYSTEM),
        web.route("/maintenance/restore/file", upload_backup, SYSTEM, post, LONGEST[BACKUP]),
        web.route("/maintenance/restore/check", check_backup, SYSTEM, post),
        web.route("/maintenance/restore/begin", begin_restore, SYSTEM, post),
        web.route("/maintenance/logs", logs, NETWORK),
        web.route("/maintenance/selftest", selftest, NETWORK, both),
        web.route("/maintenance/restart", restart, NETWORK, both),
        *update.routes(web),
    ]


# ---- how the box is


async def status(visit: Visit) -> Response:
    """What is wrong now, in plain words, and what works all the same."""
    report = await visit.web.apart(
        "app.operations.configuration:show_status", visit.actor, visit.web.paths
    )
    assert isinstance(report, StatusReport)
    return page(
        visit, "status.html", report=report, wrong=attention(report), stopped=stopped(report)
    )


# ---- backup and restore


async def backup(visit: Visit) -> Response:
    """Make a backup and fetch it."""
    if visit.request.method != "POST":
        return _backup_page(visit)
    words = visit.form.get("passphrase", "")
    made = "" if words else new_passphrase()
    try:
        if words and words != visit.form.get("again", ""):
            raise OperationError("again", "these are not the same words; type them once more")
        await begun(visit, MakeBackup(check_passphrase(words or made)))
    except OperationError as problem:
        return _backup_page(visit, problem)
    if not made:
        return visit.redirect("/maintenance/backup", visit.say("The backup is being made."))
    return page(visit, "passphrase.html", passphrase=made)


def _backup_page(visit: Visit, problem: OperationError | None = None) -> Response:
    state = read_task(visit.web.paths, "backup")
    made = result_of(state, BackupMade)
    if made is not None and not (visit.web.paths.downloads / made.name).exists():
        made = None
    values = {"state": state, "made": made}
    if problem is not None:
        return refused(visit, "backup.html", problem, **values)
    return running(page(visit, "backup.html", **values), state)


async def download(visit: Visit) -> Response:
    """The file, piece by piece."""
    found = open_backup(visit.web.paths, visit.actor, visit.request.path_params["name"])

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while piece := await asyncio.to_thread(os.read, found.fd, PIECE):
                yield piece
        finally:
            os.close(found.fd)

    headers = {
        "content-length": str(found.octets),
        "content-disposition": disposition(found.name),
        "cache-control": "no-store",
    }
    return StreamingResponse(pieces(), media_type="application/octet-stream", headers=headers)


async def remove_backup(visit: Visit) -> Response:
    """Take away what was made, and what was uploaded."""
    await finished(visit, RemoveBackup())
    back = "/maintenance/restore" if visit.form.get("from") == "restore" else "/maintenance/backup"
    return visit.redirect(back, visit.say("The file is removed."))


async def restore(visit: Visit) -> Response:
    """Upload, check, see what will happen, and let it happen."""
    return _restore_page(visit)


def _restore_page(visit: Visit, problem: OperationError | None = None) -> Response:
    paths = visit.web.paths
    states = tasks(visit, "restore-check", "restore")
    facts = result_of(states["restore_check"], BackupFacts) if is_checked(paths) else None
    said = result_of(states["restore"], Told)
    values = {
        **states,
        "facts": facts,
        "uploaded": is_uploaded(paths, BACKUP),
        "waits": restore_waits(paths),
        "said": "" if said is None else said.sentence,
    }
    if problem is not None:
        return refused(visit, "restore.html", problem, **values)
    return running(page(visit, "restore.html", **values), *states.values())


async def upload_backup(visit: Visit) -> Response:
    """Take the file, and check it with the passphrase that came with it."""
    return await uploaded(visit, BACKUP, _restore_page, "/maintenance/restore", None)


async def check_backup(visit: Visit) -> Response:
    """Read the uploaded file to its end; nothing that is in use is touched."""
    try:
        await begun(visit, CheckBackup(visit.form.get("passphrase", "")))
    except OperationError as problem:
        return _restore_page(visit, problem)
    return visit.redirect("/maintenance/restore")


async def begin_restore(visit: Visit) -> Response:
    """Let it take the place of what is here."""
    made_at = visit.form.get("made_at", "")
    try:
        if not visit.form.get("sure"):
            raise OperationError("sure", "tick that what is here now is to be replaced")
        state = await finished(
            visit, BeginRestore(int(made_at) if made_at.isdecimal() and len(made_at) < 16 else 0)
        )
    except OperationError as problem:
        return _restore_page(visit, problem)
    return visit.redirect("/maintenance/restore", said_by(visit, state))


# ---- logs, self-test, restart


async def logs(visit: Visit) -> Response:
    """The end of what services have said."""
    asked = visit.request.query_params
    service, containing = asked.get("service", ""), asked.get("containing", "")[:200]
    warnings = bool(asked.get("warnings"))
    found = await visit.web.in_thread(
        lambda: log_tail(
            visit.web.paths,
            visit.actor,
            service,
            containing=containing,
            warnings=warnings,
            limit=LINES,
        )
    )
    return page(
        visit,
        "logs.html",
        found=found,
        service=service,
        containing=containing,
        warnings=warnings,
    )


async def selftest(visit: Visit) -> Response:
    """Let each part try itself."""
    if visit.request.method == "POST":
        await begun(visit, SelfTest())
        return visit.redirect("/maintenance/selftest")
    state = read_task(visit.web.paths, "selftest")
    answer = page(visit, "selftest.html", state=state, said=result_of(state, Said))
    return running(answer, state)


async def restart(visit: Visit) -> Response:
    """Start services again, or the box."""
    services = ("phone", "mail", "admin")
    if visit.request.method != "POST":
        return page(visit, "restart.html", services=services)
    try:
        if visit.form.get("do") == "box":
            state = await finished(visit, StartAgain())
            return visit.redirect("/maintenance/restart", said_by(visit, state))
        chosen = tuple(visit.form.getlist("services"))
        if not chosen:
            raise OperationError("services", "choose what is to be started again")
        during_calls = bool(visit.form.get("during_calls"))
        state = await finished(visit, RestartServices(chosen, during_calls))
    except OperationError as problem:
        return refused(visit, "restart.html", problem, services=services)
    done = result_of(state, Restarted) or Restarted((), ())
    names = ", ".join(done.done) or visit.say("nothing that runs")
    said = [visit.say("Started again: %(services)s", services=names)]
    said += [
        visit.say("Not %(what)s: %(why)s", what=what.sentence, why=why.sentence)
        for what, why in done.pending
    ]
    if "admin" in chosen:
        said.append(visit.say("These pages are started again in two seconds"))
    return visit.redirect("/maintenance/restart", ". ".join(said) + ".")
