"""An inbox of 10,000 entries: a page of its list, a search in it, and what the index costs.

    python -m scripts.bench_inbox [directory]        prints the figures as JSON

The mails are of 300 words each, drawn from 50,000 as often as words are in a language [Zipf], so
the longest list of the index names every mail. Each figure is the best of some tries.
"""

import itertools
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from app.appliance import Inbox, open_inbox
from app.config.paths import Paths
from app.config.settings import Settings
from app.inbox.entries import EntryState, Facts, Kind
from app.operations.actor import Actor, Role
from app.operations.inbox import list_inbox
from app.operations.people import NewPerson, add_person
from app.operations.search import search_inbox
from app.store.database import Tx

ENTRIES, WORDS, VOCABULARY = 10_000, 300, 50_000
AT_ONCE = 250
TRIES = 5


def figures(seconds: float = 4.0, directory: str | None = None) -> dict[str, float]:
    """All figures; `seconds` says nothing here: the work is what it is."""
    with tempfile.TemporaryDirectory(dir=directory) as place:
        paths = Paths(Path(place))
        paths.make()
        box = open_inbox(paths, Settings())
        anna, words = _filled(box)
        begun = time.perf_counter()
        while box.search.catch_up():
            pass
        indexed = time.perf_counter() - begun
        box.search.close()  # so that its file has all that is in the log
        middle = ENTRIES // 2
        found = {
            "inbox_list_ms": _best(lambda: list_inbox(box, anna, "anna")),
            "inbox_list_middle_ms": _best(lambda: list_inbox(box, anna, "anna", before=middle)),
            "inbox_search_every_ms": _best(lambda: search_inbox(box, anna, "anna", words[0])),
            "inbox_search_two_ms": _best(
                lambda: search_inbox(box, anna, "anna", f"{words[0]} {words[300]}")
            ),
            "inbox_search_beginning_ms": _best(
                lambda: search_inbox(box, anna, "anna", words[0][:3])
            ),
            "inbox_search_none_ms": _best(lambda: search_inbox(box, anna, "anna", "nowhere")),
            "inbox_index_ms_per_mail": round(indexed / ENTRIES * 1000, 3),
            "inbox_index_octets_per_mail": round(box.search.path.stat().st_size / ENTRIES),
        }
        box.search.close()
        box.db.close()
        return found


def _best(work: Callable[[], object]) -> float:
    tries = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        work()
        tries.append(time.perf_counter() - begun)
    return round(min(tries) * 1000, 2)


def _filled(box: Inbox) -> tuple[Actor, list[str]]:
    """A box with the mails; their owner, and the words, the most frequent first."""
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(VOCABULARY)]
    weights = list(itertools.accumulate(1 / place for place in range(1, VOCABULARY + 1)))
    admin = Actor("bench", "admin", frozenset({Role.SYSTEM}))
    anna = add_person(box, admin, NewPerson("anna", "Anna", "201")).person

    def some(tx: Tx) -> None:
        for _ in range(AT_ONCE):
            text = " ".join(chance.choices(words, cum_weights=weights, k=WORDS))
            mail = f"From: carl@elsewhere.example\r\nSubject: Note\r\n\r\n{text}\r\n".encode()
            content = box.store.contents.write(tx, (mail,))
            facts = Facts(0.0, "carl@elsewhere.example", "Note")
            state = EntryState.NEW
            box.store.add_entry(tx, anna.id, content, b"", Kind.EMAIL, state, facts)

    for _ in range(ENTRIES // AT_ONCE):
        box.db.now(some)
    return admin, words


if __name__ == "__main__":
    print(json.dumps(figures(directory=next(iter(sys.argv[1:]), None)), indent=1))
