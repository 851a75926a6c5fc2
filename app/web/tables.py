"""Words for what the store keeps by a name of its own, each said in the reader's language."""

from collections.abc import Mapping

from app.inbox.people import Transfer
from app.web.words import N_

TRANSFERS = {
    Transfer.ALL: N_("Email and voicemail messages"),
    Transfer.EMAIL: N_("Email messages only"),
    Transfer.NONE: N_("No messages"),
}
"""What the settings of POP3 Mail Transfers are called."""

LANGUAGES = {
    "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano",
    "ru": "Русский",
}  # fmt: skip
"""Each in its own words; the others are shown by their two letters."""

VERBS = frozenset(
    (
        N_("account added"), N_("account changed"), N_("account removed"), N_("alias removed"),
        N_("alias set"), N_("fault acknowledged"), N_("follow-me set"), N_("greeting removed"),
        N_("greeting set"), N_("handed over"), N_("logged in"), N_("logged out"),
        N_("mailbox no longer shared"), N_("mailbox shared"), N_("marked"), N_("missed call"),
        N_("missed calls seen"), N_("notification set"), N_("taken out of the queue"),
        N_("night"), N_("outgoing account removed"), N_("outgoing account set"),
        N_("password set"), N_("person added"), N_("person changed"), N_("person removed"),
        N_("PIN set"), N_("delivered"), N_("leaving"),
        N_("presence rule set"), N_("presence set"), N_("purged"), N_("queued"),
        N_("recovery code used"), N_("released"), N_("removed"), N_("restored"), N_("returned"),
        N_("second factor off"), N_("second factor on"), N_("sent"), N_("setting changed"),
        N_("taken"), N_("template removed"), N_("template set"),
    )
)  # fmt: skip
"""What the history says of what was done; pages say what is not named here in English."""

STATUSES = frozenset(
    (
        N_("Bad Request"), N_("Forbidden"), N_("Not Found"), N_("Method Not Allowed"),
        N_("Request Entity Too Large"), N_("Unsupported Media Type"), N_("Unprocessable Entity"),
        N_("Service Unavailable"),
    )
)  # fmt: skip
"""Titles of pages that say why something was not done: what HTTP calls it [RFC 9110 §15]."""

_OUTCOMES = (
    N_("answered"), N_("voicemail"), N_("own mailbox"), N_("fax"), N_("not answered"),
    N_("nobody's number"), N_("attendant"), N_("transferred"), N_("transfer refused"), N_("busy"),
    N_("perhaps answered"), N_("not allowed"), N_("no free line"), N_("cleared"),
)  # fmt: skip
_LINES = (
    N_("station"), N_("trunk"), N_("down"), N_("dead"), N_("idle"), N_("ringing"),
    N_("between bursts"), N_("seized"), N_("no battery"), N_("release guard"), N_("under test"),
    N_("on hook"), N_("off hook"), N_("loop break"), N_("pulsing"), N_("far end gone"),
    N_("call over"), N_("howling"), N_("silent"),
)  # fmt: skip
_CALLS = (
    N_("calling back"), N_("calling somebody"), N_("dial tone"), N_("dialling"), N_("ringing"),
    N_("unanswered"), N_("calling out"), N_("clearing a line"), N_("connected"), N_("parked"),
    N_("answering"), N_("script"), N_("ended"),
)  # fmt: skip
_WAYS = (N_("attendant"), N_("called back"), N_("follow-me"), N_("notification"))

SAID: Mapping[str, Mapping[str, str]] = {
    "outcome": {one: one for one in _OUTCOMES},
    "line": {one: one for one in _LINES},
    "call": {one: one for one in _CALLS} | {"new": N_("begins"), "held": N_("on hold")},
    "way": {one: one for one in _WAYS},
    "entry": {
        "new": N_("new"),
        "heard": N_("heard or fetched"),
        "leaving": N_("on its way out"),
        "bin": N_("in the bin"),
    },
    "queue": {
        "waiting": N_("waits"),
        "held": N_("held back"),
        "taken": N_("taken by the next server"),
        "refused": N_("refused"),
    },
    "domain": {
        "special": N_("known to no name server"),
        "absent": N_("no such domain"),
        "no mail": N_("takes no mail"),
        "mx": N_("names mail servers"),
        "address": N_("has an address, and names no mail server"),
        "unknown": N_("not known: no name server has answered"),
    },
    "door": {
        "admin": N_("command"),
        "console": N_("console"),
        "expiry": N_("end of its time"),
        "fax": N_("fax"),
        "fetch": N_("fetched from elsewhere"),
        "forward": N_("forwarding"),
        "mail": N_("mail"),
        "notify": N_("notification"),
        "panel": N_("front panel"),
        "phone": N_("telephone"),
        "queue": N_("queue"),
        "quota": N_("full mailbox"),
        "update check": N_("update check"),
        "web": N_("web page"),
    },
}
"""What pages call the outcomes of calls, states of lines, calls, messages, mails and domains, and
the doors of the history. What is not named (pop3, smtp) is a name in every language."""
