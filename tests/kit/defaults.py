"""What the settings say where a test does not: the values an owner has who changes nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from app import appliance
from app.config.paths import Paths
from app.config.ports import PORTS
from app.config.settings import Settings
from app.inbox.addresses import DeliveryConfig
from app.inbox.first_use import FirstStep
from app.inbox.people import People
from app.inbox.retention import Retention
from app.mail.service import MailConfig, Rates
from app.net.listener import Limits
from app.net.peers import Networks
from app.store.database import Tx

MB = 1_000_000
SETTINGS = Settings()
RETENTION: Retention = appliance.retention(SETTINGS)
LAN = SETTINGS.mail.lan
LIMITS = Limits(
    SETTINGS.mail.connections,
    SETTINGS.mail.connections_per_peer,
    SETTINGS.mail.strangers_percent,
    Networks(LAN),
)


def delivery_config(**changes: Any) -> DeliveryConfig:
    """What delivery knows of these settings, with some changes; the box has no addresses."""
    return replace(appliance.delivery_config(SETTINGS), **{"host_addresses": (), **changes})


def mail_config(**changes: Any) -> MailConfig:
    """What the mail service knows of these settings, with some changes.

    Ports are the system's, and any number of mails may be sent in an hour.
    """
    nowhere = Paths(Path("/nonexistent"))
    ours = {
        "delivery": delivery_config(),
        "rates": Rates(strangers_mails=0, recipients_outside=0),
        **{f"{name}_port": 0 for name in PORTS},
    }
    return replace(appliance.mail_config(nowhere, SETTINGS), **{**ours, **changes})


def add_person(people: People, tx: Tx, login: str, name: str, mailbox: str, **fields: Any) -> int:
    """Add a person whose limits are the settings', and who knows the box; returns the id."""
    person = people.add(tx, login, name, mailbox, **fields)
    people.first_use.done(tx, person, *FirstStep)
    return person
