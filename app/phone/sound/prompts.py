"""Names of prompts, in the layout of the Asterisk sound packs, and the words each one says.

A pack's recording is played where there is one; otherwise the words here are spoken. Names under
"switchhook/" are ours: no pack has them, but an owner may record them. Only names and words live
here; the clerk finds or makes the sound.
"""

from app.phone.sound import call_words, menu_words, owner_words

Names = tuple[str, ...]
"""Prompts to be played one after the other."""

LANGUAGE = "en"
"""Language of the words below [ISO 639-1]; what no pack of another language says is said in it."""

TIMES = "switchhook/time/"
"""What names a time of day that is said as a whole begins with: switchhook/time/15-05."""

WORDS: dict[str, str] = {
    # the caller's side
    "vm-theperson": "The person at extension",
    "vm-isunavail": "is unavailable",
    "vm-isonphone": "is on the phone",
    "vm-intro": "Please leave your message after the tone, then hang up, or press pound.",
    "vm-mailboxfull": "Sorry, this mailbox cannot take more messages.",
    "vm-nobodyavail": "Nobody can take your call at the moment.",
    "vm-review": "Press one to send this message, two to listen to it, three to record it again,",
    "vm-review-urgent": "or four to mark it as urgent.",
    "vm-review-nonurgent": "or four to mark it as not urgent.",
    "vm-marked-urgent": "Message marked as urgent.",
    "vm-marked-nonurgent": "Urgent mark removed.",
    "auth-thankyou": "Thank you.",
    "vm-msgsaved": "Your message has been saved.",
    "vm-goodbye": "Goodbye.",
    # the owner's side: logging in and counting
    "switchhook/which-mailbox": "Please dial the number of the mailbox, then press pound.",
    "vm-password": "Password",
    "vm-incorrect": "Login incorrect.",
    "vm-youhave": "You have",
    "vm-no": "no",
    "vm-and": "and",
    "vm-INBOX": "new",
    "vm-Old": "old",
    "vm-message": "message",
    "vm-messages": "messages",
    "switchhook/e-mail": "e-mail",
    "switchhook/e-mails": "e-mails",
    "switchhook/nearly-full": "Your mailbox is nearly full. Please delete some messages.",
    "switchhook/full": "Your mailbox is full. Please delete some messages.",
    "switchhook/mail-system-away": "The mail system cannot be reached at the moment. You hear the"
    " messages that are stored here. What you delete or save is done there, too, when it is back.",
    "switchhook/locked": "Too many wrong passwords. This mailbox is locked for a while.",
    # the owner's side: one message
    "vm-first": "first",
    "vm-last": "last",
    "vm-received": "received",
    "vm-from": "from",
    "vm-from-extension": "message from extension",
    "vm-from-phonenumber": "message from phone number",
    "vm-unknown-caller": "from an unknown caller",
    "vm-deleted": "Message deleted.",
    "vm-undeleted": "Message undeleted.",
    "vm-saved": "saved",
    "vm-nomore": "No more messages.",
    # the owner's side: what the keys do
    "vm-onefor": "Press one for",
    "vm-prev": "Press four for the previous message.",
    "vm-repeat": "Press five to repeat this message.",
    "vm-next": "Press six for the next message.",
    "vm-delete": "Press seven to delete this message.",
    "vm-undelete": "Press seven to undelete this message.",
    "vm-savemessage": "Or nine to save this message.",
    "vm-helpexit": "Press star for help or pound to exit.",
    "vm-press": "Press",
    "switchhook/to-listen": "to listen to your messages.",
    "switchhook/to-previous": "for the previous message.",
    "switchhook/to-repeat": "to repeat this message.",
    "switchhook/to-next": "for the next message.",
    "switchhook/to-delete": "to delete this message.",
    "switchhook/to-undelete": "to undelete this message.",
    "switchhook/to-save": "to save this message.",
    # when something goes wrong
    "vm-sorry": "Sorry, I did not understand that.",
    "im-sorry": "I am sorry.",
    "one-moment-please": "One moment, please.",
    "switchhook/cannot-play": "This message cannot be played on the telephone."
    " Your mail program can fetch it.",
    "switchhook/rest-cannot-play": "The rest of this message cannot be played on the telephone."
    " Your mail program can fetch it.",
    "switchhook/no-messages-now": "Messages cannot be heard at the moment.",
    "please-try-call-later": "Please try your call again later.",
    "switchhook/claim-code": "The code to claim this box is",
    "minute": "minute",
    "minutes": "minutes",
    "second": "second",
    "seconds": "seconds",
    "digits/star": "star",
    "digits/pound": "pound",
    "digits/oclock": "o'clock",
    "digits/a-m": "a m",
    "digits/p-m": "p m",
}

WORDS |= call_words.ENGLISH | {
    "digits/mon-0": "January",
    "digits/mon-1": "February",
    "digits/mon-2": "March",
    "digits/mon-3": "April",
    "digits/mon-4": "May",
    "digits/mon-5": "June",
    "digits/mon-6": "July",
    "digits/mon-7": "August",
    "digits/mon-8": "September",
    "digits/mon-9": "October",
    "digits/mon-10": "November",
    "digits/mon-11": "December",
    "digits/day-0": "Sunday",
    "digits/day-1": "Monday",
    "digits/day-2": "Tuesday",
    "digits/day-3": "Wednesday",
    "digits/day-4": "Thursday",
    "digits/day-5": "Friday",
    "digits/day-6": "Saturday",
    "digits/h-1": "first",
    "digits/h-2": "second",
    "digits/h-3": "third",
    **{f"digits/h-{number}": f"{number}th" for number in (*range(4, 21), 30)},
}

WORDS |= menu_words.words_in(LANGUAGE)
WORDS |= owner_words.words_in(LANGUAGE)
WORDS |= {
    "vm-newpassword": "Please enter your new password, followed by the pound key.",
    "vm-reenterpassword": "Please reenter your password, followed by the pound key.",
    "vm-passchanged": "Your password has been changed.",
    "vm-mismatch": "The passwords you entered did not match.",
    "vm-rec-name": "After the tone say your name, and then press the pound key.",
    "vm-review": "Press one to accept this recording, two to listen to it, three to rerecord it.",
    "vm-star-cancel": "Or press star to cancel.",
    "vm-msgsaved": "Your message has been saved.",
}


def words(name: str) -> str:
    """What a prompt says; for an unknown name its last part, such as "7" of "digits/7"."""
    return WORDS.get(name) or in_figures(name) or name.rpartition("/")[2].replace("-", " ")


def in_figures(name: str) -> str | None:
    """What a prompt says if it is a number or a time, which any language's voice can read."""
    place, _, last = name.rpartition("/")
    if f"{place}/" == TIMES:
        return last.replace("-", ":")
    return last if place == "digits" and last.isdecimal() else None


_SIGNS = {"*": "digits/star", "#": "digits/pound"}


def digits(text: str) -> Names:
    """A telephone or mailbox number, sign by sign; what cannot be dialled is left out."""
    return tuple(_SIGNS.get(c, f"digits/{c}") for c in text if c in "0123456789*#")
