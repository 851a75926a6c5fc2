"""The first start of a new device: a name, keys, an administrator, a claim code.

Nothing of it is in the image. Every step looks whether it is done already, and the mark that ends
the work is made last, when all was shown: a power cut in the middle only means that it is done
again.
"""

from dataclasses import dataclass
from pathlib import Path

from app.config.paths import Paths
from app.core import files
from app.core.privileges import as_service
from app.device import identity
from app.inbox.claim import Claim
from app.inbox.people import People, new_password, new_pin
from app.store.database import Database, Tx

LOGIN, NAME = "admin", "Administrator"
MAILBOX, HANDSET = "200", "101"
BY = "first boot"
"""Who did it, as the history names it."""


@dataclass(frozen=True)
class Fresh:
    """What was made just now and is shown once."""

    host: str
    console: str
    """Password of the console, which is root's; it never crosses the network."""
    password: str
    """Password of mail and web."""
    pin: str
    claim: str


def done(paths: Paths) -> Path:
    """The mark that the first start is over; etc/installed."""
    return paths.etc / "installed"


def name_device(paths: Paths, net: Path = identity.NET) -> str:
    """Give the device its name, unless it has one; with .local, as mDNS tells it.

    It is a default beneath the owner's settings (etc/machine.toml).
    """
    named, machine = paths.etc / "host-name", paths.etc / "machine.toml"
    if not named.exists():
        files.write(named, f"{identity.new_name(net)}\n")
    host = f"{named.read_text().strip()}.local"
    files.write(
        machine, f'# Made at the first boot.\n[site]\nhostname = "{host}"\ndomains = ["{host}"]\n'
    )
    return host


def create_admin(paths: Paths, db: Database, people: People, host: str) -> Fresh:
    """The administrator, and the claim code.

    Raises DeviceError if a system program fails, InboxError if the store does.
    """
    with as_service():  # the code lies beside the store
        claim = Claim(db.path).open()
    pin = new_pin(MAILBOX, HANDSET)
    fresh = Fresh(host, new_password(), new_password(), pin, claim)
    db.now(lambda tx: _administrator(tx, people, fresh))
    identity.write_shadow(paths.etc / "shadow", fresh.console)
    return fresh


def _administrator(tx: Tx, people: People, fresh: Fresh) -> None:
    there = people.by_login(LOGIN)
    if there is not None:
        person = there.id
    else:
        person = people.add(tx, LOGIN, NAME, MAILBOX, handset=HANDSET, admin=True, by=BY)
    people.set_password(tx, person, fresh.password, by=BY)
    people.set_pin(tx, person, fresh.pin, by=BY)


def welcome(fresh: Fresh) -> str:
    """What the consoles show, this once."""
    return f"""
  ----------------------------------------------------------------
  {fresh.host} is set up. Shown this once:

     login     {LOGIN}
     console   {fresh.console}    typed at this screen
     password  {fresh.password}    mail, web
     mailbox   {MAILBOX}    PIN {fresh.pin}

  Missed it? Dial *0# on a handset and hear the code to claim this
  box; that ends with the administrator's first login.
  ----------------------------------------------------------------
"""
