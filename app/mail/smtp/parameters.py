"""The parameters of MAIL and RCPT: what they may hold, and what becomes of it.

SIZE [RFC 1870], BODY [RFC 6152], SMTPUTF8 [RFC 6531], AUTH [RFC 4954 §5], and those of delivery
status notifications [RFC 3461] (app/message/dsn.py).
"""

from app.mail.smtp import replies
from app.mail.smtp.envelope import Transaction
from app.mail.smtp.replies import Reply
from app.message.dsn import (
    NO_REQUEST,
    BadParameter,
    MailRequest,
    RecipientRequest,
    envid_of,
    notify_of,
    orcpt_of,
    ret_of,
)


def of_mail(mail: Transaction, given: dict[str, str], largest: int) -> Reply | None:
    """Put the parameters of MAIL into the mail; the reply if one will not do.

    `largest` is the size, in octets, of a message that is taken.
    """
    size = given.pop("SIZE", "0")
    body = given.pop("BODY", "7BIT").upper()
    utf8 = given.pop("SMTPUTF8", None)
    ret, envid = given.pop("RET", None), given.pop("ENVID", None)
    given.pop("AUTH", "")  # whoever says so is not trusted with it [RFC 4954 §5]
    if given:
        return replies.UNKNOWN_PARAMETER
    # RFC 1870 §3: at most 20 digits.
    if not (size.isascii() and size.isdigit() and len(size) <= 20):
        return replies.BAD_PARAMETER
    if body not in ("7BIT", "8BITMIME") or utf8:
        return replies.BAD_PARAMETER
    if ret is not None or envid is not None:
        try:
            mail.asked = MailRequest(
                "" if ret is None else ret_of(ret), "" if envid is None else envid_of(envid)
            )
        except BadParameter:
            return replies.BAD_PARAMETER
    mail.size, mail.eight_bit, mail.utf8 = int(size), body == "8BITMIME", utf8 is not None
    if mail.size > largest:
        return replies.TOO_BIG
    return replies.NEEDS_UTF8 if mail.sender.needs_utf8 and not mail.utf8 else None


def of_recipient(given: dict[str, str]) -> RecipientRequest | Reply:
    """What the parameters of RCPT ask for; the reply if one will not do."""
    if not given:
        return NO_REQUEST
    notify, original = given.pop("NOTIFY", None), given.pop("ORCPT", None)
    if given:
        return replies.UNKNOWN_PARAMETER
    try:
        return RecipientRequest(
            None if notify is None else notify_of(notify),
            "" if original is None else orcpt_of(original),
        )
    except BadParameter:
        return replies.BAD_PARAMETER
