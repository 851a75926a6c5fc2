"""What may stand in the fields of a person: numbers and addresses."""

import re
from collections.abc import Mapping
from typing import Any

from app.core.sentences import sentence
from app.inbox.addresses import is_outside_address
from app.inbox.awaited_texts import LONGEST_MIN
from app.inbox.errors import BadName

_NUMBER = re.compile(r"[0-9]{1,10}")


def check(fields: Mapping[str, Any]) -> None:
    """Raise BadName, which names the field, for a value that cannot be."""
    mailbox, address = fields.get("mailbox"), fields.get("address")
    if mailbox is not None and not _NUMBER.fullmatch(mailbox):
        raise BadName(f"{mailbox!r} cannot be a mailbox: 1 to 10 digits are", "mailbox")
    if address and not is_outside_address(address):
        raise BadName(f"{address!r} cannot be a public address: name@domain.example can", "address")
    if (fields.get("quota") or 0) < 0:
        raise BadName("a quota is a number of octets, 0 or more", "quota")
    if (fields.get("voicemails") or 0) < 0:
        raise BadName("a number of voicemails is 0 (any number) or more", "voicemails")
    if not 0 <= fields.get("text_wait_min", 0) <= LONGEST_MIN:
        why = sentence("voicemail waits 0 to %(most)s minutes for its text", most=LONGEST_MIN)
        raise BadName(why, "text_wait_min")
