"""What the settings say where a test does not: the values an owner has who changes nothing."""

from dataclasses import replace
from typing import Any

from app import appliance
from app.config.settings import Settings
from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.inbox.retention import Retention
from app.mail.net.listener import Limits
from app.store.database import Tx

MB = 1_000_000
SETTINGS = Settings()
QUOTA = SETTINGS.keeping.quota_mb * MB
RETENTION: Retention = appliance.retention(SETTINGS)
LIMITS = Limits(total=SETTINGS.mail.connections, per_peer=50)


def delivery_config(**changes: Any) -> DeliveryConfig:
    """What delivery knows of these settings, with some changes; the box has no addresses."""
    return replace(appliance.delivery_config(SETTINGS), **{"host_addresses": (), **changes})


def add_person(people: People, tx: Tx, login: str, name: str, mailbox: str, **fields: Any) -> int:
    """Add a person with the quota that the settings give; returns the id."""
    return people.add(tx, login, name, mailbox, **{"quota": QUOTA, **fields})
