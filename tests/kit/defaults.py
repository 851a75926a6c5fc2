"""What the settings say where a test does not: the values an owner has who changes nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from app import appliance
from app.config.paths import Paths
from app.config.settings import Settings
from app.inbox.addresses import DeliveryConfig
from app.inbox.people import People
from app.inbox.retention import Retention
from app.mail.net.listener import Limits
from app.mail.service import MailConfig
from app.store.database import Tx

MB = 1_000_000
SETTINGS = Settings()
QUOTA = SETTINGS.keeping.quota_mb * MB
RETENTION: Retention = appliance.retention(SETTINGS)
LIMITS = Limits(SETTINGS.mail.connections, SETTINGS.mail.connections_per_peer)
LAN = SETTINGS.mail.lan


def delivery_config(**changes: Any) -> DeliveryConfig:
    """What delivery knows of these settings, with some changes; the box has no addresses."""
    return replace(appliance.delivery_config(SETTINGS), **{"host_addresses": (), **changes})


def mail_config(**changes: Any) -> MailConfig:
    """What the mail service knows of these settings, with some changes; ports are the system's."""
    nowhere = Paths(Path("/nonexistent"))
    ours = {"delivery": delivery_config(), "pop3_port": 0, "smtp_port": 0}
    return replace(appliance.mail_config(nowhere, SETTINGS), **{**ours, **changes})


def add_person(people: People, tx: Tx, login: str, name: str, mailbox: str, **fields: Any) -> int:
    """Add a person with the quota that the settings give; returns the id."""
    return people.add(tx, login, name, mailbox, **{"quota": QUOTA, **fields})
