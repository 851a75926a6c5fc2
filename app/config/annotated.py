"""All settings as a TOML file that tells what each one means: what a new box begins with."""

from pathlib import Path
from typing import Any

from app.config.settings import TABLES, Settings

EXAMPLES = {
    "incoming": '#incoming.line1 = { handsets = ["101"], mailbox = "201" }',
    "groups": '#groups.620 = { handsets = ["101", "102"], order = "round", then = "201" }',
    "receiving": '#receiving.line1 = { mailbox = "201", only = false }',
}


def annotated(defaults: Settings | None = None) -> str:
    """All settings with meaning, default and range, as a TOML file that changes nothing."""
    lines = ["# Switchhook settings. A line without # changes the default it shows."]
    for name in Settings.model_fields:
        section = getattr(defaults or Settings(), name)
        lines += ["", f"# {type(section).__doc__}", f"[{name}]"]
        for key, inner in type(section).model_fields.items():
            lines += [f"# {inner.description}{allowed_range(inner.metadata, inner.annotation)}"]
            if isinstance(getattr(section, key), dict) and key not in TABLES:
                entries = (f"{_toml(k)} = {_toml(v)}" for k, v in getattr(section, key).items())
                lines += [f"#{key} = {{ {', '.join(entries)} }}"]
            elif key not in TABLES:
                lines += [f"#{key} = {_toml(getattr(section, key))}"]
            else:
                fields = TABLES[key].model_fields.items()
                lines += [f"# {k}: {f.description}" for k, f in fields]
                lines += [EXAMPLES[key]]
    return "\n".join(lines) + "\n"


def allowed_range(metadata: list[Any], annotation: Any) -> str:
    """The range or the choices of a declared field in words; "" if it has none."""
    low = next((m.ge for m in metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in metadata if hasattr(m, "le")), None)
    if low is not None and high is not None:
        return f" From {low} to {high}."
    choices = getattr(annotation, "__args__", None)
    if choices and all(isinstance(c, str) for c in choices):
        return f" One of: {', '.join(choices)}."
    return ""


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str | Path):
        return '"' + str(value) + '"'
    return str(value).lower() if isinstance(value, bool) else str(value)
