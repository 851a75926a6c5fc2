"""`python -m app people notify …`: how somebody is told of messages that nobody has heard."""

from dataclasses import replace

import click

from app.commands.common import actor, inbox
from app.commands.errors import reports_errors
from app.commands.output import say
from app.operations import notification as operations
from app.operations.notification import Level, Plan, Way, level_words

LEVEL_FORM = "WAY:TARGET:MINUTES[:RETRIES][:continue]"


@click.group()
def notify() -> None:
    """How people are told of messages: texts at once, and levels while nobody has heard them."""


@notify.command("show")
@click.argument("login")
@reports_errors
def show(login: str) -> None:
    """How LOGIN is told of messages."""
    _say(login, operations.show_notification(inbox(), actor(), login))


@notify.command("set")
@click.argument("login")
@click.option("--text", "texts", multiple=True, help="Person, alias or address; again for more.")
@click.option("--emails/--no-emails", default=False, help="Whether e-mails are told of, too.")
@click.option("--level", "levels", multiple=True, metavar=LEVEL_FORM, help="Again for more levels.")
@click.option("--quiet", default="", help="Hours in which nobody is told, such as 22:00-07:00.")
@click.option("--urgent/--no-urgent", default=False, help="Whether urgent messages are told then.")
@reports_errors
def set_(
    login: str,
    texts: tuple[str, ...],
    emails: bool,
    levels: tuple[str, ...],
    quiet: str,
    urgent: bool,
) -> None:
    """Tell LOGIN of messages so and not otherwise; without options: by lamp and dial tone alone.

    A level is WAY:TARGET:MINUTES, such as call:5559876:10:2:continue: after 10 minutes unheard, and
    twice again every 10 minutes; it goes on when the next level has begun. WAY is mail or call.
    """
    plan = Plan(
        tuple(texts),
        emails,
        tuple(_level(text, number) for number, text in enumerate(levels, 1)),
        operations.quiet_hours(quiet),
        urgent,
    )
    _say(login, operations.set_notification(inbox(), actor(), login, plan))


def _level(text: str, number: int) -> Level:
    way, *rest = text.split(":")
    level = Level(Way.MAIL, "", 0)
    if rest and rest[-1] == "continue":
        level, rest = replace(level, continued=True), rest[:-1]
    if way not in list(Way) or len(rest) not in (2, 3) or not all(x.isdecimal() for x in rest[1:]):
        raise click.BadParameter(f"{text!r}: a level is {LEVEL_FORM}", param_hint=f"level {number}")
    retries = int(rest[2]) if len(rest) == 3 else 0
    return replace(level, way=Way(way), target=rest[0], period=int(rest[1]), retries=retries)


def _say(login: str, plan: Plan) -> None:
    if plan.texts_to:
        what = "message" if plan.emails else "voicemail"
        say(f"{login}: a text of each {what} at once to {', '.join(plan.texts_to)}")
    for number, level in enumerate(plan.levels, 1):
        say(f"{login}: level {number}, {level_words(level)}")
    if plan.quiet is not None:
        begins, ends = operations.clock(plan.quiet.begins), operations.clock(plan.quiet.ends)
        but = ", but of urgent messages" if plan.urgent else ""
        say(f"{login}: told of nothing from {begins} to {ends}{but}")
    if plan.empty:
        say(f"{login}: told by lamp and dial tone alone")
