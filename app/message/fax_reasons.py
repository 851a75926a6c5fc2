"""Why a fax was not sent, or came in part, in sentences that people read in their language.

What spandsp, or a worker, says of a failure is English and for the log. Its many texts, with the
names of T.30's signals in them [ITU-T T.30 §5.3.6], are a few things to a person: who sends the fax
can send it anew, send it to another number, or otherwise.
"""

from collections.abc import Mapping

from app.core.sentences import Sentence, sentence

PAGES_MOST = 50
"""Pages of one fax that is sent."""
DOCUMENT_MOST = 32 << 20
"""Octets of one attachment."""

BUSY = sentence("The number was busy each time.")
NO_NUMBER = sentence(
    "The network says that this number does not exist: check it, and send anew.",
)
NO_ANSWER = sentence("No fax machine answered there.")
NOT_ALLOWED = sentence(
    "You may not call this number any more, or this box sends no faxes any more.",
)

NO_DOCUMENT = sentence("no PDF is attached, and only a PDF or a fax as TIFF can be sent")
BAD_PDF = sentence("its PDF cannot be read; a password on it, perhaps")
BAD_TIFF = sentence("its TIFF is no fax of one strip a page, 1728 dots wide")
TOO_MANY = sentence("it has more than %(most)d pages, which is the most", most=PAGES_MOST)
TOO_BIG = sentence("an attachment is bigger than %(most)d MB", most=DOCUMENT_MOST >> 20)
_DOCUMENTS = {
    str(one): one for one in (NO_DOCUMENT, BAD_PDF, BAD_TIFF, TOO_MANY, TOO_BIG)
}  # a worker's text comes back as octets

_HUNG_UP = sentence("the other end hung up")
_SILENT = sentence("the other machine did not answer any more")
_BAD_LINE = sentence("the line was too bad for the two machines")
_UNABLE = sentence("the other machine cannot do what this fax needs")
_REFUSED = sentence("the other machine refused it")
_MUDDLE = sentence("the two machines did not understand each other")
_OWN_TROUBLE = sentence("the box itself had trouble; its log says which")
_RESTARTED = sentence("the box lost its power or was restarted")

# Words in spandsp's texts [t30_completion_code_to_str of 0.0.6]; the first that is there holds.
_MEANT: Mapping[str, Sentence] = {
    "DCN": _HUNG_UP,
    "dropped": _HUNG_UP,
    "arrier": _HUNG_UP,
    "the call was ended": _HUNG_UP,
    "not accepted": _REFUSED,
    "Operator": _REFUSED,
    "Far end": _UNABLE,
    "train": _BAD_LINE,
    "ECM response": _BAD_LINE,
    "permitted retries": _BAD_LINE,
    "imed out": _SILENT,
    "Timer T2": _SILENT,
    "o response": _SILENT,
    "CED tone": _SILENT,
    "nexpected": _MUDDLE,
    "Invalid response": _MUDDLE,
    "other than DIS": _MUDDLE,
    "DCS received": _MUDDLE,
    "lost its power": _RESTARTED,
}


def meant(words: str) -> Sentence:
    """What the engine's words mean to a person, as a part of a sentence."""
    found = (said for sign, said in _MEANT.items() if sign in words)
    return next(found, _OWN_TROUBLE)


def broken_off(words: str) -> Sentence:
    """What the engine's words for the end of a call mean to a person."""
    why = meant(words)
    return sentence("The call broke off each time; the last time: %(why)s.", why=why)


def no_pages(words: str) -> Sentence:
    """What a worker's words for a mail of which there is no page mean to a person."""
    why = _DOCUMENTS.get(words, _OWN_TROUBLE)
    return sentence("No pages could be made of it: %(why)s.", why=why)
