"""`python -m app people …`: who has a box here."""

import time
from collections.abc import Sequence
from typing import Any

import click

from app.commands.account import account
from app.commands.common import actor, inbox, is_terminal, size, when
from app.commands.errors import reports_errors
from app.commands.follow_me import follow_me
from app.commands.notify import notify
from app.commands.outgoing import outgoing
from app.commands.output import WIDE, Listing, columns, say
from app.commands.presence import presence
from app.commands.shared import share, unshare
from app.commands.template import COUNT, DEFAULT, MEGABYTES, chosen
from app.config.paths import here
from app.inbox.awaited_texts import LONGEST_MIN
from app.inbox.people import Former, Transfer
from app.operations import people as operations
from app.operations.box import Box
from app.operations.people import NewPerson, PersonLine
from app.operations.second_factor import remove_second_factor
from app.operations.setup_page import setup_page
from app.voicemail.key_maps import KEY_MAPS
from drivers.countries.numbering import CallClass

TRANSFERS = click.Choice([transfer.value for transfer in Transfer])
CLASSES = click.Choice([*CallClass, ""])
MAPS = click.Choice(list(KEY_MAPS))
MINUTES = click.IntRange(0, LONGEST_MIN)
ROLES_OPTION = click.option(
    "--roles",
    callback=lambda _, __, text: None if text is None else tuple(text.replace(",", " ").split()),
    help="What they look after: phone, network, both with a comma, or empty for none.",
)


@click.group()
def people() -> None:
    """People, their passwords and PINs."""


@people.command("add")
@click.argument("login")
@click.option("--name", required=True, help="Full name, as mail programs show it.")
@click.option("--mailbox", required=True, help="Number to dial for the box, e.g. 201.")
@click.option("--handset", help="Jack of their telephone, e.g. 101.")
@click.option("--address", help="Public e-mail address; default: login@our-domain.")
@click.option("--quota-mb", "quota", type=MEGABYTES, help="Size of the inbox, in MB.")
@click.option("--voicemails", type=COUNT, help="Number of voicemails it may hold; 0: any.")
@click.option("--template", help="Template whose limits hold where none is given here.")
@click.option(
    "--transfer",
    type=TRANSFERS,
    default=Transfer.ALL.value,
    show_default=True,
    help="What POP3 hands out; voicemail that stays is heard by telephone only.",
)
@click.option("--fetched-is-heard", is_flag=True, help="Fetching a voicemail counts as hearing it.")
@click.option("--language", help="Language of their prompts; default: the setting site.language.")
@click.option(
    "--key-map",
    type=MAPS,
    default="switchhook",
    show_default=True,
    help="; ".join(f"{name}: {keys.meaning}" for name, keys in KEY_MAPS.items()),
)
@click.option(
    "--outside-login", is_flag=True, help="They reach their box from outside lines, with the PIN."
)
@click.option(
    "--mail-by-phone/--no-mail-by-phone",
    default=True,
    show_default=True,
    help="Their telephone reads e-mails out.",
)
@click.option(
    "--may-call",
    type=CLASSES,
    default="",
    help="The dearest calls they may make outside; default: the setting numbers.person_class.",
)
@click.option(
    "--envelope-first", is_flag=True, help="Their telephone says who called before each message."
)
@click.option(
    "--missed-lamp", is_flag=True, help="Missed calls light their lamp until they are seen."
)
@click.option(
    "--text-wait-min",
    type=MINUTES,
    default=0,
    show_default=True,
    help="Minutes that their voicemail may wait for its text, to have it in the mail.",
)
@click.option("--admin", is_flag=True, help="May administer the box.")
@ROLES_OPTION
@click.option(
    "--adopt/--no-adopt",
    default=None,
    help="Give the box back that a removed LOGIN had; asks on a terminal, else no.",
)
@reports_errors
def add(login: str, transfer: str, adopt: bool | None, **fields: Any) -> None:
    """Add LOGIN with a fresh password and PIN, shown once."""
    box = inbox()
    new = NewPerson(login, transfer=Transfer(transfer), **chosen(fields))
    former = operations.former_box(box, actor(), login)
    if former is not None and not _wanted_back(former, adopt):
        former = None
    added = operations.add_person(box, actor(), new, former)
    login = added.person.login
    say(f"{login} has a box. Password: {added.password}   PIN: {added.pin}   (not shown again)")
    if added.handset_from is not None:
        say(
            f"The handset {added.person.handset} was {added.handset_from}'s until now. Calls from"
            f" outside that nobody answers go to {login}'s mailbox {added.person.mailbox}; the"
            " setting phone.incoming says otherwise.",
        )
    say(f"Their mail program is set up by {setup_page(here(), box.settings)}")


def _wanted_back(former: Former, adopt: bool | None) -> bool:
    """Whether the box of a removed person is to be given back; asks if nobody has said it."""
    count = len(former.entries) + former.removed_before
    say(
        f"{former.name} had the login {former.login} until {when(former.removed_at)};"
        f" {count} messages ({size(former.octets)}) of that box can be restored.",
    )
    if adopt is None and is_terminal():
        return click.confirm("Give this box back?", default=True)
    if not adopt:
        say(f"They stay in the bin: `inbox list {former.login} --former` lists them.")
    return bool(adopt)


@people.command("list")
@reports_errors
def list_() -> None:
    """Everybody with a box."""
    lines = operations.list_people(inbox(), actor())
    people_table(lines, time.time(), one_line=columns() >= WIDE).show()


def people_table(lines: Sequence[PersonLine], now: float, one_line: bool) -> Listing:
    """People as a table that fits into 80 columns; what is too long goes on below.

    `now` in seconds since 1970; `one_line` keeps each person on one line, for programs.
    """
    table = Listing(
        *("login", "name", "mailbox", "handset", "voice", "mail", "used", "POP3"),
        right=("voice", "mail"),
        whole=("mailbox", "handset"),
    )
    for line in lines:
        person = line.person
        roles = ["admin"] if person.admin else person.roles
        marks = [f"({role})" for role in roles] + ["(PIN locked)"] * (line.locked_until > now)
        called = (person.login, *marks)
        named = tuple(filter(None, [person.name, person.address]))
        table.row(
            " ".join(called) if one_line else called,
            " ".join(named) if one_line else named,
            person.mailbox,
            person.handset or "-",
            str(line.new_voicemails),
            str(line.new_emails),
            f"{size(line.used)} of {size(line.limits.quota)}",
            person.transfer.value,
        )
    return table


@people.command("passwd")
@click.argument("login")
@click.option("--ask", is_flag=True, help="Ask for the password instead of making one.")
@reports_errors
def passwd(login: str, ask: bool) -> None:
    """Give LOGIN a new password."""
    box = inbox()
    operations.messages_held(box, actor(), login)  # whether LOGIN is there, before asking
    chosen = (
        click.prompt("New password", hide_input=True, confirmation_prompt=True) if ask else None
    )
    password = operations.set_password(box, actor(), login, chosen)
    say("The password is set." if ask else f"Password: {password}   (not shown again)")


@people.command("pin")
@click.argument("login")
@click.argument("pin", required=False)
@reports_errors
def pin_(login: str, pin: str | None) -> None:
    """Give LOGIN a new PIN, the one given or a fresh one; lifts a lock-out."""
    chosen = operations.set_pin(inbox(), actor(), login, pin)
    say("The PIN is set." if pin else f"PIN: {chosen}   (not shown again)")


@people.command("change")
@click.argument("login")
@click.option("--name")
@click.option("--mailbox")
@click.option("--handset", help="Jack, or empty for none.")
@click.option("--address", help="Public address, or empty for login@our-domain.")
@click.option(
    "--quota-mb",
    "quota",
    type=MEGABYTES,
    help=f'"{DEFAULT}", here and below: as the template says, or the settings.',
)
@click.option("--voicemails", type=COUNT)
@click.option("--template", help="Template to assign them to, or empty for none.")
@click.option("--transfer", type=TRANSFERS)
@click.option("--fetched-is-heard/--fetched-stays-unheard", default=None)
@click.option("--language")
@click.option("--key-map", type=MAPS)
@click.option("--outside-login/--no-outside-login", default=None)
@click.option("--mail-by-phone/--no-mail-by-phone", default=None)
@click.option("--may-call", type=CLASSES, help='"": as the setting numbers.person_class says.')
@click.option("--envelope-first/--no-envelope-first", default=None)
@click.option("--missed-lamp/--no-missed-lamp", default=None)
@click.option("--text-wait-min", type=MINUTES, help="0: voicemail is delivered at once.")
@click.option("--admin/--no-admin", default=None)
@ROLES_OPTION
@reports_errors
def change(login: str, **fields: Any) -> None:
    """Change what is known about LOGIN; only what is named changes."""
    named = chosen(fields)
    person = operations.change_person(inbox(), actor(), login, named)
    say(f"{person.login} is changed: {', '.join(sorted(named))}")


@people.command("remove")
@click.argument("login")
@click.option("--hand-over", metavar="LOGIN", help="Give the box's content to this person.")
@click.option("--discard", is_flag=True, help="Put the content into the bin.")
@reports_errors
def remove(login: str, hand_over: str | None, discard: bool) -> None:
    """Remove LOGIN; without an option it asks what becomes of the messages, if there are any."""
    box = inbox()
    held = operations.messages_held(box, actor(), login)
    if held and not hand_over and not discard:
        hand_over = _ask_for_heir(box, login, held)
        discard = hand_over is None
    removed = operations.remove_person(box, actor(), login, hand_over, discard)
    if removed.heir:
        fate = f"{removed.messages}, handed over to {removed.heir}"
    else:
        fate = f"{removed.messages}, put into the bin" if removed.messages else "none"
    say(f"{removed.login} is removed; messages: {fate}")
    for problem in removed.problems:
        say(f"ATTENTION: {problem}")


def _ask_for_heir(box: Box, login: str, count: int) -> str | None:
    """Who gets the messages; None: they are discarded."""
    say(f"{login}'s box holds {count} messages. What becomes of them?")
    others = [line.person.login for line in operations.list_people(box, actor())]
    choice: str = click.prompt(
        "The login of whoever gets them, or 'discard' (restorable for the grace period)",
        type=click.Choice([*(other for other in others if other != login.lower()), "discard"]),
    )
    return None if choice == "discard" else choice


@people.command("codes-off")
@click.argument("login")
@reports_errors
def codes_off(login: str) -> None:
    """Ask LOGIN for no codes at the web pages any more: the app is lost, and the recovery codes."""
    remove_second_factor(inbox(), actor(), login)
    say(f"{login} logs in to the web pages with the password alone")


people.add_command(account)
people.add_command(outgoing)
people.add_command(presence)
people.add_command(share)
people.add_command(unshare)
people.add_command(follow_me)
people.add_command(notify)
