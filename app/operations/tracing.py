"""What happens to a mail for an address, step by step in words; nothing is sent.

Each expansion, whose inbox keeps it, what leaves by which way and with which sender, and what comes
back to whom.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.core.domains import DomainFacts, DomainState, domain_of
from app.core.sentences import Sentence, sentence
from app.inbox.aliases import Alias
from app.inbox.delivery import Destination
from app.inbox.errors import MailboxFull, NoSuchPerson, NotOurs
from app.inbox.expansion import Outside
from app.operations.box import Box
from app.operations.domains import Facts, LookUp, elsewhere, is_this_box, refresh, some_of
from app.operations.errors import OperationError

REFUSED = sentence("it is refused with 550, and whoever sent it is told at once")


@dataclass(frozen=True)
class Trace:
    """What happens to a mail for an address."""

    address: str
    steps: tuple[str, ...]
    taken: bool
    """Whether the box takes it at all from whoever sends it."""


def trace(
    box: Box, address: str, sender: str, look_up: LookUp | None, draft: Alias | None = None
) -> Trace:
    """Follow an address; `sender` is the author's, "" for anybody's. Raises OperationError.

    `draft` is an alias as it would be if it were saved.
    """
    try:
        route = box.delivery.route(address, draft)
    except NoSuchPerson as nobody:
        return Trace(address, (*_nobody(box, address, nobody, look_up),), taken=False)
    except NotOurs as elsewhere_:
        return Trace(address, (*_not_ours(box, address, elsewhere_, look_up),), taken=False)
    steps = [*route.trace, *_full(box, route)]
    if sender:
        kept = route.without_author(sender, box.delivery.local_sender(sender))
        steps += [
            sentence("%(name)s wrote it and is not sent it", name=name)
            for name in _names(route) - _names(kept)
        ]
        route = kept
    steps += _ways(box, route.outside, look_up)
    return Trace(address, tuple(steps), taken=True)


def _names(route: Destination) -> set[str]:
    return {*route.keepers, *(one.address for one in route.outside)}


def _full(box: Box, route: Destination) -> Iterator[str]:
    try:
        box.delivery.reserve(route, 0)
    except MailboxFull as full:
        yield sentence(
            "%(full)s: it is put off with 452, and whoever sends it tries again for days", full=full
        )
    else:
        box.delivery.release(route, 0)


def _nobody(box: Box, address: str, why: NoSuchPerson, look_up: LookUp | None) -> Iterator[str]:
    yield sentence(
        "%(why)s, and there is no catch-all alias *: %(refused)s", why=why, refused=REFUSED
    )
    found = refresh(box, [domain] if (domain := domain_of(address)) else [], look_up)
    for one in found.values():
        if text := elsewhere(box.settings, box.delivery.config, one):
            yield text


def _not_ours(box: Box, address: str, why: NotOurs, look_up: LookUp | None) -> Iterator[str]:
    yield sentence(
        "%(why)s: from strangers %(refused)s; what the LAN sends goes on", why=why, refused=REFUSED
    )
    yield from _ways(box, (Outside(address, None, ""),), look_up)


# ---- what leaves


def _ways(box: Box, outside: tuple[Outside, ...], look_up: LookUp | None) -> Iterator[str]:
    """How each leaves, those of one domain and sender together."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for one in outside:
        key = domain_of(one.address), _account(box, one), _sender(box, one)
        together.setdefault(key, []).append(one.address)
    smarthost = box.settings.outbound.smarthost
    server = smarthost
    if box.settings.outbound.smarthost_protocol == "lmtp":
        server = f"{smarthost} (LMTP)"
    facts: Facts = {}
    if not smarthost:
        asked = (domain for domain, account, _ in together if not account)
        facts = refresh(box, dict.fromkeys(asked), look_up)
    for (domain, account, sender), addresses in together.items():
        way = sentence("leaves by the smarthost %(server)s", server=server)
        if account:
            way = sentence("leaves by the account %(place)s", place=account)
        elif domain in facts:
            way = _way(box, facts[domain])
        who = some_of(addresses)
        yield sentence("%(who)s: %(way)s%(sender)s", who=who, way=way, sender=sender)


def _way(box: Box, found: DomainFacts) -> Sentence:
    domain, state = found.domain, found.state
    if state is DomainState.ABSENT:
        return sentence("comes back, for there is no domain %(domain)s", domain=domain)
    if state is DomainState.NO_MAIL:
        return sentence("comes back, for %(domain)s takes no mail", domain=domain)
    if state is DomainState.SPECIAL:
        return sentence(
            "comes back, unless the name servers here know %(domain)s, which the world does not",
            domain=domain,
        )
    if state is DomainState.UNKNOWN:
        return sentence(
            "waits until the mail servers of %(domain)s can be looked up (%(why)s)",
            domain=domain,
            why=found.reason,
        )
    if is_this_box(box, found):
        return sentence(
            "comes back, for the mail server of %(domain)s is this box, which does not serve it",
            domain=domain,
        )
    if state is DomainState.ADDRESS:
        return sentence("leaves to %(domain)s itself, which names no mail server", domain=domain)
    return sentence(
        "leaves to %(host)s, the mail server of %(domain)s", host=found.hosts[0], domain=domain
    )


def _account(box: Box, one: Outside) -> str:
    """The owner's own account for outgoing mail; "" if there is none."""
    found = None if one.owner is None else box.outgoing_accounts.of(one.owner.id)
    return "" if found is None else found.place


def _sender(box: Box, one: Outside) -> str:
    """With which envelope sender it leaves, in words."""
    settings = box.settings.outbound
    if one.owner is None:
        return ""
    if one.is_list_mail:
        return sentence(
            ", with its owner's address %(sender)s as sender",
            sender=box.delivery.sender_of(one.owner),
        )
    if settings.smarthost or _account(box, one):
        return sentence(
            ", with %(sender)s as sender, for a smarthost takes mail from its account holders",
            sender=box.delivery.sender_of(one.owner),
        )
    if one.sent_by is not None:
        return sentence(
            ", with the list's sender %(sender)s",
            sender=box.delivery.sender_of(one.sent_by.owner),
        )
    if settings.public_domain:
        return sentence(", with a sender in %(domain)s (SRS)", domain=settings.public_domain)
    return sentence(
        ", with its author as sender, which servers that check senders (SPF) may refuse: a"
        " smarthost (outbound.smarthost) or outbound.public_domain would change that"
    )


def refuse_no_address(address: str) -> None:
    """Refuse what can be no address at all. Raises OperationError with the field "name"."""
    if not address.strip() or any(letter.isspace() for letter in address.strip()):
        raise OperationError("name", "%(address)s is no address", address=repr(address))
