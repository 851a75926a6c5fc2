"""Mail that is to be faxed: `fax+NUMBER` at one of our domains, and who may write to it.

A call costs money and rings at somebody's, so only people of this box send faxes: who has logged
in, or a program on the LAN that writes with a person's address. What a person may call by
telephone they may fax, and nothing else: there is one rule of what calls may cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.inbox.addresses import FAX
from app.inbox.delivery import Delivery
from app.inbox.delivery_plan import Destination, FaxTo
from app.inbox.follow_me import DIALLED_BESIDE
from app.inbox.people import Person
from app.mail.smtp import replies
from app.mail.smtp.envelope import Transaction
from app.mail.smtp.replies import Reply

LONGEST = 32
"""Digits of a number at most."""


@dataclass(frozen=True)
class FaxNumbers:
    """Which numbers can be faxed to, and by whom: what a person may call, never an emergency."""

    on: bool
    """Whether this box sends faxes at all."""
    country: str
    person_class: str
    """The dearest calls of people without a class of their own."""
    number_classes: Mapping[str, str] = field(default_factory=dict)
    """What numbers cost, by pattern: before what is known of the country."""

    def why_not(self, number: str, may_call: str) -> str:
        """Why this number is not called for a person with this class of calls; "": it is."""
        from drivers.countries import country  # a mail to a number is rare
        from drivers.countries.numbering import CallClass

        numbering = country(self.country).numbering
        if len(number) > LONGEST:
            return f"a number has {LONGEST} digits at most"
        if numbering.emergency_for(number):
            return f"{number} is an emergency number"
        own = {pattern: CallClass(name) for pattern, name in self.number_classes.items()}
        wanted = numbering.class_of(number, own)
        allowed = CallClass(may_call or self.person_class)
        if wanted.rank > allowed.rank:
            return f"{number} is {wanted}, and you may make calls up to {allowed}"
        return ""


class Faxes:
    """The verdicts on recipients that are telephone numbers."""

    def __init__(self, delivery: Delivery, numbers: FaxNumbers | None) -> None:
        self._delivery, self._config = delivery, numbers

    def number_in(self, address: str) -> str | None:
        """The number that an address means, digits if it is one at all; None: it means none.

        Where no faxes are sent, such an address may be somebody's.
        """
        whole = self._delivery.config.whole_local_part(address)
        if whole is None or not whole.startswith(FAX):
            return None
        on = self._config is not None and self._config.on
        if not on and self._delivery.local_name(address) is not None:
            return None
        return whole.removeprefix(FAX).translate(DIALLED_BESIDE)

    def route(self, transaction: Transaction, address: str, number: str) -> Destination | Reply:
        """What is done with a mail to this number, or why it is refused."""
        person = self._sender(transaction)
        if person is None:
            return replies.NO_FAX_FOR_YOU
        if self._config is None or not self._config.on:
            return replies.NO_FAXES
        if not (number.isascii() and number.isdigit()):
            return replies.NO_FAX_NUMBER
        why = self._config.why_not(number, person.may_call)
        if why:
            return replies.fax_refused(why)
        said = f"{address} is a telephone number: the mail is faxed there for {person.login}"
        return Destination(address, (), (), False, (said,), fax=FaxTo(number, person))

    def _sender(self, transaction: Transaction) -> Person | None:
        if transaction.person is not None:
            return transaction.person
        if not transaction.peer.lan or transaction.sender.is_null:
            return None
        return self._delivery.local_sender(str(transaction.sender))
