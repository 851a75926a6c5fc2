"""What the sender of a mail has written themselves: without quotes, signatures and footers.

    own_words("Yes, at five.\\n\\nOn Mon, 5 Jan 2026, Anna wrote:\\n> Shall we?") == "Yes, at five."

Nothing says by a standard where an answer ends: only the quote mark ">" and the signature line
"-- " are agreed upon [RFC 3676 §4.3, §4.5]. The rest is what mail programs write in the languages
that they are used in. What was forwarded stays, since it is what the mail is for; where nothing
would be left, the whole text is. No function here raises, and each takes time linear in the text.
"""

import re

LINE_LOOKED_AT = 400
"""Characters of a line that are compared with what programs write; a longer one is somebody's."""
ATTRIBUTION_LINES = 3
"""Lines over which "On ... Anna <anna@example.org> wrote:" may be broken."""
FOOTER_WORDS = 12
"""Words of a line such as "Sent from my telephone" at most."""

_SIGNATURE = re.compile(r"--\s?|_{20,}|-{20,}|={20,}")
"""Lines that begin a signature, or the footer of a mailing list."""

_ORIGINAL = re.compile(
    r"\W{0,3}-{2,}\s*(?:original message|original appointment|ursprüngliche nachricht"
    r"|ursprünglicher termin|originalnachricht|message d['’]origine|message original"
    r"|messaggio originale|mensaje original|исходное сообщение|пересылаемое сообщение"
    r"|reply message|antwortnachricht)\s*-{2,}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"-{3,}\s*(?:forwarded (?:message|by)|weitergeleitete nachricht|message transféré"
    r"|messaggio inoltrato|mensaje reenviado|пересылаемое сообщение"
    r"|переадресованное сообщение).*"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail):"
    r"|début du message (?:réexpédié|transféré)\s?:|inizio messaggio inoltrato:"
    r"|inicio del mensaje reenviado:|начало переадресованного сообщения:",
    re.IGNORECASE,
)

_WROTE = re.compile(
    r"\b(?:wrote|writes|said|schrieb|hat geschrieben|a écrit|écrivait|ha scritto|scrisse"
    r"|escribió|ha escrito|написал\(?а?\)?|пишет|писал\(?а?\)?)(?=\W|$)",
    re.IGNORECASE,
)
_ATTRIBUTION_BEGINS = re.compile(
    r"(?:on|am|le|il|el|em|den|на|в|пн|вт|ср|чт|пт|сб|вс|mo|di|mi|do|fr|sa|so|lun|mar|mer"
    r"|gio|ven|sab|dom|\d|«|\"|<|\w[\w.+-]*@)",
    re.IGNORECASE,
)

_HEADER_NAMES = (
    {"from", "sent", "date", "to", "cc", "subject"},
    {"von", "gesendet", "datum", "an", "cc", "betreff"},
    {"de", "envoyé", "date", "à", "cc", "objet"},
    {"da", "inviato", "data", "a", "cc", "oggetto"},
    {"de", "enviado", "enviado el", "fecha", "para", "cc", "asunto"},
    {"от", "отправлено", "дата", "кому", "копия", "тема"},
)
"""The first fields of the message that is answered, as Outlook repeats them above it."""
_HEADER_FIELD = re.compile(r"\W{0,3}([^\W\d][\w ]{0,14}?)\s?\*?:\*?(?:\s|$)")
HEADER_FIELDS = 3
"""Of one language, one below the other, that make the head of a quoted message."""

_SENT_FROM = re.compile(
    r"(?:sent from|sent via|get outlook for|download outlook"
    r"|von meinem .{0,30}gesendet|gesendet (?:von|mit|über)|diese nachricht wurde von meinem"
    r"|envoyé (?:de|depuis|à partir)|télécharger outlook|obtenez outlook"
    r"|inviato da|scarica outlook|enviado desde|obtener outlook"
    r"|отправлено (?:с|из)|please excuse my brevity)\b",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """What this text of a mail says without what others have said; lines end with LF."""
    lines = text.replace("\r\n", "\n").replace("\xa0", " ").split("\n")
    left = _without_quotes(_before_signature(lines))
    while left and (not left[-1].strip() or _is_footer(left[-1].strip())):
        left.pop()
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(left).strip())
    return kept if kept else "\n".join(_unquoted(line) for line in lines).strip()


def _before_signature(lines: list[str]) -> list[str]:
    """The lines above the signature, the original message, or the line of the program."""
    kept: list[str] = []
    forwarded = False
    for place, line in enumerate(lines):
        bare = line.strip()
        forwarded = forwarded or _is(_FORWARDED, bare)
        if not forwarded and (_is(_ORIGINAL, bare) or _heads_a_quote(lines, place)):
            break
        if _is(_SIGNATURE, line.rstrip("\r") if line.startswith("--") else bare):
            if forwarded:
                continue
            break
        kept.append(line)
    return kept


def _is(pattern: re.Pattern[str], line: str) -> bool:
    return len(line) <= LINE_LOOKED_AT and pattern.fullmatch(line) is not None


def _is_footer(line: str) -> bool:
    return len(line.split()) <= FOOTER_WORDS and _SENT_FROM.match(line) is not None


def _heads_a_quote(lines: list[str], place: int) -> bool:
    """Whether the head of a quoted message begins here: "From:", "Sent:", "To:" ..."""
    names: list[str] = []
    for line in lines[place : place + 2 * HEADER_FIELDS]:
        found = _HEADER_FIELD.match(line[:LINE_LOOKED_AT])
        if found is not None:
            names.append(found[1].strip().lower())
        elif not names:  # below the first, a blank line or a value that goes on is let pass
            return False
    first = names[0] if names else ""
    return any(
        first in fields and len(fields.intersection(names)) >= HEADER_FIELDS
        for fields in _HEADER_NAMES
    )


def _without_quotes(lines: list[str]) -> list[str]:
    """The lines without those quoted, and without the line that says whose those are."""
    kept: list[str] = []
    place = 0
    last = max((n for n, line in enumerate(lines) if line.strip()), default=-1)
    last_quoted = max((n for n, line in enumerate(lines) if line.startswith(">")), default=-1)
    while place < len(lines):
        taken = _attribution(lines, place)
        if taken and last_quoted < place + taken <= last:
            return kept  # the quote is not marked: all that follows is it
        if taken:
            place += taken
        elif lines[place].startswith(">"):
            place += 1
        else:
            kept.append(lines[place])
            place += 1
    return kept


def _attribution(lines: list[str], place: int) -> int:
    """How many lines from here say who wrote what follows; 0 if none."""
    first = lines[place].strip()
    if not first or not _ATTRIBUTION_BEGINS.match(first) or first.startswith(">"):
        return _named(lines, place)
    joined = ""
    for count, line in enumerate(lines[place : place + ATTRIBUTION_LINES], 1):
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > LINE_LOOKED_AT or not line.strip() or line.startswith(">"):
            return _named(lines, place)
        if joined.endswith(":") and _WROTE.search(joined) and _says_when_or_who(joined):
            return count
    return _named(lines, place)


def _named(lines: list[str], place: int) -> int:
    """1 if this line is "Anna wrote:", or date and address, right above a quote."""
    line = lines[place].strip()
    if len(line) > LINE_LOOKED_AT or not line.endswith(":"):
        return 0
    said = _WROTE.search(line) or line.endswith(">:")
    return 1 if said and _quote_follows(lines, place + 1) else 0


def _says_when_or_who(line: str) -> bool:
    return any(sign.isdigit() for sign in line) or "@" in line


def _quote_follows(lines: list[str], place: int) -> bool:
    following = next((line for line in lines[place : place + 3] if line.strip()), "")
    return following.startswith(">")


def _unquoted(line: str) -> str:
    return line.lstrip("> ")
