"""Forms made of the declarations of settings, and what becomes of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from app.operations.configuration import ShownSetting, ShownSettings
from app.operations.errors import OperationError
from app.operations.task_results import SettingsOutcome
from app.operations.tasks import ChangeSettings, result_of
from app.web.box.tasks import finished
from app.web.forms import Typed
from app.web.web import Visit

SEEN, DEFAULT = "seen.", "default."
"""Before a setting's name: what the page showed of it, and the tick that takes it out."""


_known: dict[frozenset[str], tuple[object, ShownSettings]] = {}
"""What was shown last, by roles, and of which settings file."""


async def settings_of(visit: Visit) -> ShownSettings:
    """All settings that this visitor may see; takes half a second where the file has changed."""
    roles, stamp = frozenset(visit.actor.roles), _stamp(visit.web.paths.settings_file)
    known = _known.get(roles)
    if known is not None and known[0] == stamp:
        return known[1]
    found = await visit.web.apart("app.operations.configuration:show_settings", visit.actor)
    assert isinstance(found, ShownSettings)
    _known[roles] = stamp, found
    return found


def _stamp(path: Path) -> object:
    """Another one when the file has another content."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return str(path)
    return str(path), facts.st_mtime_ns, facts.st_size


def changes(
    typed: Typed, settings: Sequence[ShownSetting]
) -> tuple[dict[str, str | None], dict[str, str]]:
    """What differs from what the page showed, and what it showed of that."""
    values: dict[str, str | None] = {}
    seen: dict[str, str] = {}
    for one in settings:
        words, shown = typed.get(one.name), typed.get(SEEN + one.name, "")
        if words is None:
            continue
        words = words.strip()
        if typed.get(DEFAULT + one.name):
            values[one.name] = None
        elif one.secret:
            if words:
                values[one.name] = words
            continue
        elif words == shown:
            continue
        else:
            values[one.name] = None if not words and one.kind == "number" else words
        if not one.secret:
            seen[one.name] = shown
    return values, seen


async def save(visit: Visit, settings: Sequence[ShownSetting]) -> str:
    """Change what was typed differently; a sentence for whoever did. Raises OperationError."""
    return await change(visit, *changes(visit.form, settings))


async def change(visit: Visit, values: Mapping[str, str | None], seen: Mapping[str, str]) -> str:
    """Change settings to these values; `seen` is what they were as the page showed them.

    Gives a sentence for whoever did. Raises OperationError with the setting's name.
    """
    if not values:
        return visit.say("Nothing was changed.")
    _known.clear()  # also a password that lies in the store is there, or not, from now on
    during_calls = bool(visit.form.get("during_calls"))
    state = await finished(visit, ChangeSettings(dict(values), dict(seen), during_calls))
    outcome = result_of(state, SettingsOutcome)
    if outcome is None:
        raise OperationError("", "nobody knows whether this was saved; look at the page again")
    return told(visit, outcome)


def told(visit: Visit, outcome: SettingsOutcome) -> str:
    """What a change did, in words."""
    say = visit.say
    words = [
        say("%(name)s is %(value)s", name=name, value=new or "–")
        for name, _, new in outcome.changed
    ]
    words = [say("Saved: %(what)s", what="; ".join(words))]
    if outcome.restarted:
        words.append(say("Started again: %(services)s", services=", ".join(outcome.restarted)))
    words += [
        say("Not yet in effect for %(what)s: %(why)s", what=what.sentence, why=why.sentence)
        for what, why in outcome.pending
    ]
    words += [say("Attention: %(problem)s", problem=one.sentence) for one in outcome.problems]
    return ". ".join(words) + "."


def values_of(settings: Sequence[ShownSetting]) -> Mapping[str, str]:
    """What the form begins with."""
    return {one.name: "" if one.secret else one.shown for one in settings}
