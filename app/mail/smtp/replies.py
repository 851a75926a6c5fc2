"""Every reply our SMTP server can give, by name, so that no bare number stands elsewhere.

A reply is a three-digit code [RFC 5321 §4.2], an enhanced status code [RFC 3463, RFC 2034] and
a short public text. The text is for a stranger on the line: causes go to the log, never here.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """One answer: code, enhanced status ("" where RFC 2034 §4 forbids one) and its lines."""

    code: int
    status: str
    text: str
    wire: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")
        status = f"{self.status} " if self.status else ""
        ends = ["-"] * (len(lines) - 1) + [" "]
        wire = "".join(
            f"{self.code}{end}{status}{line}\r\n" for end, line in zip(ends, lines, strict=True)
        )
        object.__setattr__(self, "wire", wire.encode("ascii", "replace"))

    @property
    def good(self) -> bool:
        """True for 2xx and 3xx."""
        return self.code < 400

    @property
    def temporary(self) -> bool:
        """True for 4xx: the client keeps the mail and comes again."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return f"{self.code} {self.status} {self.text}".replace("  ", " ")


# Progress.
OK = Reply(250, "2.0.0", "Ok")
SENDER_OK = Reply(250, "2.1.0", "Sender ok")
RECIPIENT_OK = Reply(250, "2.1.5", "Recipient ok")
ACCEPTED = Reply(250, "2.0.0", "Accepted")
GO_AHEAD = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
GOODBYE = Reply(221, "2.0.0", "Goodbye")
CHUNK_OK = Reply(250, "2.0.0", "Chunk ok")
START_TLS = Reply(220, "2.0.0", "Begin TLS now")
LOGGED_IN = Reply(235, "2.7.0", "Logged in")
CANNOT_VERIFY = Reply(252, "2.5.0", "Cannot verify, send some mail and see")  # [RFC 5321 §3.5.3]

# The client speaks wrongly.
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Unknown command, try HELP")
LINE_TOO_LONG = Reply(500, "5.5.2", "Line too long")
BAD_OCTET = Reply(500, "5.5.2", "A command line must not hold NUL, bare CR or bare LF")
SYNTAX = Reply(501, "5.5.4", "Syntax error in the argument")
BAD_SENDER = Reply(501, "5.1.7", "Syntax error in the sender's address")
BAD_RECIPIENT = Reply(501, "5.1.3", "Syntax error in the recipient's address")
NEEDS_UTF8 = Reply(553, "5.6.7", "This address needs SMTPUTF8")  # [RFC 6531 §3.5]
NOT_DONE = Reply(502, "5.5.1", "This command is not offered here")
SAY_HELLO = Reply(503, "5.5.1", "Send EHLO or HELO first")
NEED_MAIL = Reply(503, "5.5.1", "Send MAIL first")
NEED_RCPT = Reply(503, "5.5.1", "Send RCPT first")
ALREADY_MAIL = Reply(503, "5.5.1", "One MAIL at a time, RSET starts anew")
NO_RECIPIENTS = Reply(554, "5.5.1", "No valid recipients")  # [RFC 2920 §3.1]
BAD_PARAMETER = Reply(501, "5.5.4", "Bad value of a parameter")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Unknown parameter")  # [RFC 5321 §4.1.1.11]
GO_ON_WITH_BDAT = Reply(503, "5.5.1", "Go on with BDAT, or start anew with RSET")  # [RFC 3030 §2]
BAD_CHUNK = Reply(501, "5.5.4", "BDAT needs a number of octets, and perhaps LAST; closing")

# TLS and logins [RFC 3207, RFC 4954].
NO_TLS = Reply(502, "5.5.1", "TLS is not to be had here, or is there already")
ENCRYPT_FIRST = Reply(538, "5.7.11", "A password needs TLS: STARTTLS first")
NO_AUTH = Reply(502, "5.5.1", "Nobody logs in here; use port 587 or 465")
LOGGED_IN_ALREADY = Reply(503, "5.5.1", "You are logged in already")
NO_TLS_NOW = NO_AUTH_NOW = Reply(503, "5.5.1", "Not in the middle of a mail; RSET ends it")
NO_SUCH_MECHANISM = Reply(504, "5.5.4", "No such mechanism; PLAIN and LOGIN are there")
BAD_ANSWER = Reply(501, "5.5.2", "This answer cannot be read")
GIVEN_UP = Reply(501, "5.7.0", "The login was given up")
WRONG_PASSWORD = Reply(535, "5.7.8", "Name or password wrong")
TOO_MANY_PASSWORDS = Reply(454, "4.7.0", "Too many wrong passwords from here, try again later")
NO_LOGINS = Reply(454, "4.7.0", "Logins do not work at present, try again later")
LOGIN_FIRST = Reply(530, "5.7.0", "Log in first")
NOT_YOUR_ADDRESS = Reply(553, "5.7.1", "This sender's address is not yours")
TOO_OFTEN = Reply(450, "4.7.1", "Too much mail in this hour, try again later")
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors")
TOO_SLOW = Reply(421, "4.4.2", "Timeout, closing the connection")
TOO_MUCH_SAID = Reply(421, "4.7.0", "Too many commands without a mail")
SHUTTING_DOWN = Reply(421, "4.3.2", "Service is going down, try again later")
TOO_BUSY = Reply(421, "4.3.2", "Too many connections, try again later")

# The message or its envelope is refused.
TOO_BIG = Reply(552, "5.3.4", "Message is bigger than this server takes")  # [RFC 1870 §6]
BARE_LINE_END = Reply(550, "5.6.0", "Bare CR or bare LF in the message, see RFC 5321 2.3.8")
NUL_IN_DATA = Reply(550, "5.6.0", "NUL in the message")
UNKNOWN_PERSON = Reply(550, "5.1.1", "No such person here")
NOBODY_READS = Reply(550, "5.1.1", "Nobody reads this address, please call the caller's number")
NO_RELAY = Reply(550, "5.7.1", "This server does not relay for you")
NO_FAX_FOR_YOU = Reply(550, "5.7.1", "Faxes are sent for people of this box only, log in first")
NO_FAXES = Reply(550, "5.7.1", "This box sends no faxes")
NO_FAX_NUMBER = Reply(550, "5.1.3", "What follows fax+ must be a number, as it is dialled outside")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients, send the rest separately")
MAILBOX_FULL = Reply(452, "4.2.2", "Mailbox is full")
MAILBOX_FULL_FOR_GOOD = Reply(552, "5.2.2", "Mailbox is full")
NO_SPACE = Reply(452, "4.3.1", "This server is short of space")
LOOP = Reply(554, "5.4.6", "Mail loop: this message was here before")
TRY_AGAIN = Reply(451, "4.3.0", "Could not be stored, try again later")
CLOSED = Reply(421, "4.3.0", "The store here is damaged and waits for repair, try again later")
MISSING = Reply(421, "4.3.0", "The store here is missing, try again later")
DAMAGED = Reply(451, "4.3.0", "The store here is damaged and waits for repair, try again later")


def greeting(hostname: str) -> Reply:
    """The first line a client sees [RFC 5321 §4.2]."""
    return Reply(220, "", f"{hostname} ESMTP Switchhook")


def hello(hostname: str, *extensions: str) -> Reply:
    """The answer to HELO, or with the offered extensions to EHLO [RFC 5321 §4.1.1.1]."""
    return Reply(250, "", "\n".join((hostname, *extensions)))


def challenge(text: str) -> Reply:
    """What a login asks next [RFC 4954 §4]."""
    return Reply(334, "", text)


def fax_refused(why: str) -> Reply:
    """A number that is not called for this sender, and why not."""
    return Reply(550, "5.7.1", f"No fax is sent there: {why}")


def commands(names: list[str]) -> Reply:
    """The answer to HELP."""
    return Reply(214, "2.0.0", "Commands: " + " ".join(names))
