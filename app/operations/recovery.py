"""A new password for an administrator who has forgotten it, and has proved to stand at the box."""

from dataclasses import dataclass

from app.config.paths import Paths
from app.core.sentences import sentence
from app.device.identity import CONSOLE_USER, new_console_password
from app.inbox.claim import Claim
from app.inbox.credentials import new_password
from app.inbox.notices import put_notice
from app.message.notice import password_made_anew
from app.operations.actor import Actor
from app.operations.box import Box
from app.operations.errors import NotFound
from app.operations.second_factor import drop_second_factor
from app.store.database import Tx

BY = "panel button"
"""Who did it, as the history names it: whoever held it."""


@dataclass(frozen=True)
class Recovered:
    """What was made and is shown once."""

    login: str
    password: str = ""
    meaning: str = ""
    """What it is for."""


def recover_password(box: Box, actor: Actor) -> Recovered:
    """Give the first administrator a fresh password; all administrators are told by mail.

    Whoever calls it has seen the button held; `actor` names only the door. Raises NotFound if
    nobody administers the box.
    """
    admins = [person for person in box.people.all() if person.admin]
    first = box.people.first_admin()
    if first is None or not first.admin:
        raise NotFound("", "nobody administers this box: add somebody (`people add --admin`)")
    fresh, told = new_password(), password_made_anew(first.login, actor.door)

    def work(tx: Tx) -> None:
        box.people.set_password(tx, first.id, fresh, by=BY, door=actor.door)
        drop_second_factor(box, tx, first.id, actor.door, BY)  # the telephone may be what is lost
        for admin in admins:
            put_notice(tx, box.store, box.delivery.config, admin, told, door=actor.door, by=BY)

    box.db.now(work)
    return Recovered(first.login, fresh, sentence("mail, web and this console"))


def recover_console(paths: Paths) -> Recovered:
    """A fresh password of the console itself, for when the store cannot take one.

    Raises DeviceError.
    """
    fresh = new_console_password(paths.etc / "shadow")
    meaning = sentence("this console alone: the store cannot take one")
    return Recovered(CONSOLE_USER, fresh, meaning)


def administrator_is_here(paths: Paths) -> None:
    """Somebody has logged in with the console's own password: the claim code is void."""
    Claim(paths.database).close()
