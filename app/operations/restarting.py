"""Starting services, or the whole machine, again."""

from collections.abc import Sequence

from app.config.paths import Paths
from app.core.privileges import is_root
from app.core.process import run
from app.operations.actor import Actor, Role, require_role
from app.operations.errors import NotFound, OperationError
from app.operations.running import Restarts, restart

SERVICES = ("phone", "mail", "admin")
"""What may be started again, in this order: who starts `admin` by a web page loses that page."""


def restart_services(
    paths: Paths, actor: Actor, names: Sequence[str] = (), during_calls: bool = False
) -> Restarts:
    """Start these services again, all of them if none is named; telephones when nobody calls.

    Needs no store. Raises NotAllowed, NotFound, and DeviceError if one does not start.
    """
    require_role(actor, Role.NETWORK, "start services again")
    for name in names:
        if name not in SERVICES:
            known = ", ".join(SERVICES)
            raise NotFound(
                "service",
                "there is no service %(name)s; there are: %(known)s",
                name=name,
                known=known,
            )
    return restart(paths, [name for name in SERVICES if name in (names or SERVICES)], during_calls)


def restart_machine(actor: Actor) -> None:
    """Start a device again, which ends calls. Raises NotAllowed, OperationError, DeviceError."""
    require_role(actor, Role.NETWORK, "start the machine again")
    if not is_root():
        raise OperationError("", "this machine is not the box's own: it is left alone")
    run("reboot")
