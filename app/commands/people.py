"""`python -m app people …`: who has a box here."""

import click
from rich.table import Table

from app.appliance import Inbox
from app.commands.common import DOOR, console, inbox, me, person_of, size
from app.commands.errors import plainly
from app.inbox.entries import ids_of
from app.inbox.people import Person, Transfer, new_password, new_pin
from app.inbox.store import EntryState
from app.store.database import Tx

EVERYTHING = (EntryState.NEW, EntryState.HEARD, EntryState.LEAVING)


@click.group()
def people() -> None:
    """People, their passwords and PINs."""


@people.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Full name, as mail programs show it.")
@click.option("--mailbox", required=True, help="Number to dial for the box, e.g. 201.")
@click.option("--handset", help="Jack of their telephone, e.g. 101.")
@click.option("--address", help="Public e-mail address; default: login@our-domain.")
@click.option("--quota-mb", type=click.IntRange(1), help="Size of the inbox, in MB.")
@click.option(
    "--transfer",
    type=click.Choice([t.value for t in Transfer]),
    default=Transfer.ALL.value,
    show_default=True,
    help="What POP3 hands out; voicemail that stays is heard by telephone only.",
)
@click.option("--fetched-is-heard", is_flag=True, help="Fetching a voicemail counts as hearing it.")
@click.option("--language", default="en", show_default=True, help="Language of their prompts.")
@click.option("--admin", is_flag=True, help="May administer the box.")
@plainly
def add(login: str, quota_mb: int | None, **fields: str | bool | None) -> None:
    """Add LOGIN with a fresh password and PIN, shown once."""
    box = inbox()
    password, pin = new_password(), new_pin(*_numbers(fields["mailbox"], fields["handset"]))
    quota = (quota_mb or box.settings.keeping.quota_mb) * 1_000_000

    def work(tx: Tx) -> None:
        person = box.people.add(tx, login, quota=quota, by=me(), **fields)  # type: ignore[arg-type]
        box.people.set_password(tx, person, password, by=me())
        box.people.set_pin(tx, person, pin, by=me())

    box.db.now(work)
    console.print(f"{login} has a box. Password: {password}   PIN: {pin}   (not shown again)")


@people.command("list")
@plainly
def list_() -> None:
    """Everybody with a box."""
    box = inbox()
    table = Table("login", "name", "mailbox", "handset", "address", "new", "used", "POP3", box=None)
    for person in box.people.all():
        voice, mail = box.store.unheard(person.id)
        table.add_row(
            f"{person.login}{' (admin)' if person.admin else ''}",
            person.name,
            person.mailbox,
            person.handset or "-",
            person.address or "-",
            f"{voice} voice, {mail} mail",
            f"{size(box.store.used(person.id))} of {size(person.quota)}",
            person.transfer.value,
        )
    console.print(table)


@people.command("passwd")
@click.argument("login")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making one.")
@plainly
def passwd(login: str, ask: bool) -> None:
    """Give LOGIN a new password."""
    box = inbox()
    person = person_of(box, login)
    password = (
        click.prompt("New password", hide_input=True, confirmation_prompt=True)
        if ask
        else new_password()
    )
    if len(password) < 8:
        raise click.ClickException("a password has at least 8 characters")
    box.db.now(lambda tx: box.people.set_password(tx, person.id, password, by=me()))
    console.print("The password is set." if ask else f"Password: {password}   (not shown again)")


@people.command("pin")
@click.argument("login")
@click.argument("pin", required=False)
@plainly
def pin_(login: str, pin: str | None) -> None:
    """Give LOGIN a new PIN, the one given or a fresh one; lifts a lock-out."""
    box = inbox()
    person = person_of(box, login)
    chosen = pin or new_pin(*_numbers(person.mailbox, person.handset))
    box.db.now(lambda tx: box.people.set_pin(tx, person.id, chosen, by=me()))
    console.print("The PIN is set." if pin else f"PIN: {chosen}   (not shown again)")


def _numbers(*numbers: object) -> list[str]:
    """A person's own numbers, which a PIN must not contain."""
    return [str(number) for number in numbers if number]


@people.command("change")
@click.argument("login")
@click.option("--name")
@click.option("--mailbox")
@click.option("--handset", help="Jack, or empty for none.")
@click.option("--address", help="Public address, or empty for login@our-domain.")
@click.option("--quota-mb", type=click.IntRange(1))
@click.option("--transfer", type=click.Choice([t.value for t in Transfer]))
@click.option("--fetched-is-heard/--fetched-stays-unheard", default=None)
@click.option("--language")
@click.option("--admin/--no-admin", default=None)
@plainly
def change(login: str, quota_mb: int | None, **fields: str | bool | None) -> None:
    """Change what is known about LOGIN; only what is named changes."""
    box = inbox()
    person = person_of(box, login)
    wanted: dict[str, str | bool | int] = {
        name: value for name, value in fields.items() if value is not None
    }
    if quota_mb is not None:
        wanted["quota"] = quota_mb * 1_000_000
    box.db.now(lambda tx: box.people.change(tx, person.id, by=me(), **wanted))
    console.print(f"{login} is changed: {', '.join(sorted(wanted))}")


@people.command("remove")
@click.argument("login")
@click.option("--hand-over", metavar="LOGIN", help="Give the box's content to this person.")
@click.option("--discard", is_flag=True, help="Put the content into the bin.")
@plainly
def remove(login: str, hand_over: str | None, discard: bool) -> None:
    """Remove LOGIN; asks what becomes of the box unless told."""
    box = inbox()
    person = person_of(box, login)
    held = box.store.entries(person.id, states=EVERYTHING)
    if held and not hand_over and not discard:
        hand_over = _ask_what_becomes(box, person, len(held))
    heir = person_of(box, hand_over) if hand_over else None
    if heir is not None and heir.id == person.id:
        raise click.ClickException(f"{login} cannot be handed over to {login}")

    def work(tx: Tx) -> None:
        if heir is not None:
            box.store.hand_over(tx, person.id, heir.id, DOOR, me())
        else:
            box.store.remove(tx, ids_of(held), DOOR, me())
        box.people.remove(tx, person.id, by=me())

    box.db.now(work)
    fate = f"handed over to {heir.login}" if heir else "put into the bin" if held else "none"
    console.print(f"{login} is removed; messages: {len(held)}, {fate}")


def _ask_what_becomes(box: Inbox, person: Person, count: int) -> str | None:
    console.print(f"{person.login}'s box holds {count} messages. What becomes of them?")
    others = [p.login for p in box.people.all() if p.id != person.id]
    choice: str = click.prompt(
        "The login of whoever gets them, or 'discard' (restorable for the grace period)",
        type=click.Choice([*others, "discard"]),
    )
    return None if choice == "discard" else choice
