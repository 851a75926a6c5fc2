"""Words for what the store keeps by a name of its own, each said in the reader's language."""

from app.inbox.people import Transfer
from app.web.words import N_

TRANSFERS = {
    Transfer.ALL: N_("Email and voicemail messages"),
    Transfer.EMAIL: N_("Email messages only"),
    Transfer.NONE: N_("No messages"),
}
"""What the settings of POP3 Mail Transfers are called."""

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
