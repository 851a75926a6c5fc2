"""What status and metrics say of the IMAP server that the inbox lives on."""

from app.appliance import Inbox
from app.config.paths import Paths
from app.config.settings import Settings
from app.config.store import InboxStore
from app.inbox.entries import EntryState, Facts, Kind
from app.inbox.mirror import Mirror
from app.operations.mail_system import mail_system_problems
from app.operations.measurements import measure_store
from app.operations.people import NewPerson, add_person
from tests.kit.actors import ADMIN

IMAP = Settings(store=InboxStore(kind="imap", server="imap.example.org", user="box"))


def voicemail(box: Inbox, person: int) -> int:
    facts = Facts(0.0, "Marta", "Voicemail")

    def work(tx):  # type: ignore[no-untyped-def]  # a Tx in, an id out
        content = box.store.contents.write(tx, (b"\r\n",))
        return box.store.add_entry(tx, person, content, b"", Kind.VOICEMAIL, EntryState.NEW, facts)

    return box.db.now(work)  # type: ignore[no-any-return]  # an id


def test_who_is_not_in_step_is_said_with_the_reason(box: Inbox, paths: Paths) -> None:
    add_person(box, ADMIN, NewPerson("anna", "Anna", "201"))
    anna = box.people.all()[0].id
    mirror = Mirror(box.db)
    assert "imap_waiting" not in [one.name for one in measure_store(box, paths)]
    box.db.now(lambda tx: mirror.switch(tx, True))
    entry = voicemail(box, anna)
    assert mail_system_problems(box, IMAP) == []
    box.db.now(lambda tx: mirror.failed(tx, anna, "no answer"))
    (problem,) = mail_system_problems(box, IMAP)
    assert str(problem) == (
        "store.server: the inbox of anna is not in step with imap.example.org: no answer. Callers"
        " are recorded all the same; 1 changes wait here and are told when it is back"
    )
    assert mail_system_problems(box, Settings()) == []
    measured = {one.name: one.values for one in measure_store(box, paths)}
    assert measured["imap_waiting"] == [({"login": "anna"}, 1.0)]
    assert measured["imap_in_step"] == [({"login": "anna"}, 0.0)]
    box.db.now(lambda tx: mirror.went_well(tx, anna))
    box.db.now(lambda tx: mirror.put_off(tx, entry, 300.0, "the mailbox is full"))
    (problem,) = mail_system_problems(box, IMAP)
    assert "does not take a message of anna: the mailbox is full" in str(problem)
