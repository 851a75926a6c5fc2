"""What the counts that triggers keep (app/store/schema.py) must be: for check and repair alone.

Whoever only wants to know a count reads it (app/inbox/counts.py); here everything is counted again.
"""

import sqlite3

_IN = "state IN ('new', 'heard')"
COUNTED = f"""SELECT person, sum(iif({_IN}, size, 0)) AS octets,
        sum(kind = 'voicemail' AND {_IN}) AS kept,
        sum(kind = 'voicemail' AND state = 'new') AS voicemails,
        sum(kind = 'email' AND state = 'new') AS emails,
        sum(iif(state = 'bin', size, 0)) AS bin_octets
    FROM entry"""
"""By person: octets in the inbox, voicemails there, unheard ones, unread mails, octets in the bin.

It wants a GROUP BY person.
"""
_NAMES = ("octets", "voicemails", "unheard voicemails", "unread mails", "octets in the bin")

_KEPT_OF_ONE = """SELECT coalesce((SELECT octets FROM usage WHERE person = ?1), 0),
        coalesce((SELECT voicemails FROM kept WHERE person = ?1), 0),
        coalesce((SELECT voicemails FROM held WHERE person = ?1), 0),
        coalesce((SELECT emails FROM held WHERE person = ?1), 0),
        coalesce((SELECT bin_octets FROM held WHERE person = ?1), 0)"""
# One statement, so that both sides are of one moment.
_ONE = f"SELECT * FROM ({_KEPT_OF_ONE}) LEFT JOIN ({COUNTED} WHERE person = ?1 GROUP BY person)"

_WAITING = "SELECT way, count(*) AS found FROM queue WHERE state = 'waiting' GROUP BY way"
_QUEUE = f"""SELECT 'all ways', waiting, (SELECT count(*) FROM queue WHERE state = 'waiting')
        FROM queue_count
    UNION ALL SELECT name, waiting, coalesce(found, 0) FROM destination
        LEFT JOIN ({_WAITING}) ON way = name WHERE name <> ''
    UNION ALL SELECT way, 0, found FROM ({_WAITING})
        WHERE way NOT IN (SELECT name FROM destination)"""


def wrong_of_person(reading: sqlite3.Connection, person: int) -> list[str]:
    """The counts of one person (id) that are not what there is, in words."""
    row = reading.execute(_ONE, (person,)).fetchone()
    kept, found = row[:5], [value or 0 for value in row[6:]]
    return [
        f"the {name} of person {person} count as {is_}, and are {must}"
        for name, is_, must in zip(_NAMES, kept, found, strict=True)
        if is_ != must
    ]


def wrong_of_queue(reading: sqlite3.Connection) -> list[str]:
    """The counts of what waits to be sent that are not what there is, in words."""
    return [
        f"the waiting mails for {way} count as {is_}, and are {must}"
        for way, is_, must in reading.execute(_QUEUE).fetchall()
        if is_ != must
    ]


def count_again(fresh: sqlite3.Connection) -> None:
    """Fill the counts of a store that has none yet; a repair does it, without triggers."""
    for statement in (
        "INSERT INTO usage SELECT id, coalesce(octets, 0) FROM person"
        f" LEFT JOIN ({COUNTED} GROUP BY person) ON person = id",
        "INSERT INTO held SELECT person, voicemails, emails, bin_octets"
        f" FROM ({COUNTED} GROUP BY person)",
        f"INSERT INTO kept SELECT person, kept FROM ({COUNTED} GROUP BY person)",
        "INSERT OR IGNORE INTO person_change (person) SELECT id FROM person",
    ):
        fresh.execute(statement)
