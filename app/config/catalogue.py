"""The declarations of all settings as a list: for commands, pages and the manual."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from app.config.annotated import allowed_range
from app.config.edit import Value
from app.config.entries import as_line, read_entries
from app.config.settings import TABLES, Settings
from app.config.toml_file import SECRETS
from drivers.countries import codes

Kind = Literal["choice", "yes or no", "list", "number", "text"]
_UNITS = {"s": "s", "seconds": "s", "mb": "MB", "days": "days", "percent": "%"}


@dataclass(frozen=True)
class Setting:
    """One setting as it is declared."""

    name: str
    """"site.country", "phone.incoming.line1.mailbox"."""
    meaning: str
    allowed: str
    """Range or choices in words; "" if its kind says it all."""
    default: Any
    choices: tuple[str, ...] = ()
    """All values it may have, if they are few and have names."""
    least: float | None = None
    """The smallest number, in `unit`; None if there is none."""
    most: float | None = None
    """The largest number, in `unit`."""
    lists: bool = False
    """It is a table whose entries are lists of words; see app/config/entries.py."""

    @property
    def kind(self) -> Kind:
        """What is typed."""
        if self.choices:
            return "choice"
        if isinstance(self.default, bool):
            return "yes or no"
        if isinstance(self.default, tuple):
            return "list"
        return "number" if isinstance(self.default, int | float) else "text"

    @property
    def unit(self) -> str:
        """Of a number, as its name tells; "" if it has none."""
        last = self.path[-1].rpartition("_")[2]
        return _UNITS.get(last, "") if self.kind == "number" else ""

    @property
    def path(self) -> tuple[str, ...]:
        """The name's parts."""
        return tuple(self.name.split("."))

    @property
    def secret(self) -> bool:
        """Whether its value is not to be shown."""
        return self.path[-1] in SECRETS

    def value(self, settings: Settings) -> Any:
        """What these settings say of it; its default if they do not."""
        found: Any = settings
        for part in self.path:
            found = found.get(part, None) if isinstance(found, dict) else getattr(found, part)
            if found is None:
                return self.default
        return found

    def shown(self, settings: Settings) -> str:
        """Its value as text; of a secret only whether there is one."""
        text = as_text(self.value(settings))
        return "…" if self.secret and text else text


def catalogue(named: Mapping[str, Sequence[str]]) -> Iterator[Setting]:
    """Every setting in the file's order; those of TABLES once for each of the names in `named`."""
    for section in Settings.model_fields:
        model = type(getattr(Settings(), section))
        for key in model.model_fields:
            if key not in TABLES:
                yield _setting(model, section, key)
                continue
            for name in named.get(key, ()):
                for part in TABLES[key].model_fields:
                    yield _setting(TABLES[key], f"{section}.{key}.{name}", part)


def _setting(model: type[BaseModel], section: str, key: str) -> Setting:
    field = model.model_fields[key]
    return Setting(
        f"{section}.{key}",
        field.description or "",
        allowed_range(field.metadata, field.annotation).strip(),
        field.get_default(call_default_factory=True, validated_data={}),
        _choices(section, key, field.annotation),
        next((m.ge for m in field.metadata if hasattr(m, "ge")), None),
        next((m.le for m in field.metadata if hasattr(m, "le")), None),
        _is_table_of_lists(field.annotation),
    )


def _is_table_of_lists(annotation: Any) -> bool:
    return get_origin(annotation) is dict and get_origin(get_args(annotation)[1]) is tuple


def _choices(section: str, key: str, annotation: Any) -> tuple[str, ...]:
    if (section, key) == ("site", "country"):
        return tuple(codes())
    named = getattr(annotation, "__args__", ())
    return tuple(named) if named and all(isinstance(one, str) for one in named) else ()


def as_text(value: Any) -> str:
    """A setting's value as a command takes it: lists with commas, true and false, entries."""
    if isinstance(value, dict):
        return as_line(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_words(setting: Setting, words: str) -> Value:
    """What somebody typed, as the value the file takes; what does not fit stays text.

    Whether it can be is for the declarations to say (app.config.settings.from_text).
    """
    default = setting.default
    if isinstance(default, dict):
        entries = read_entries(words)
        return {k: v.split() for k, v in entries.items()} if setting.lists else dict(entries)
    if isinstance(default, tuple):
        return [
            part for part in words.replace(",", " ").strip("[] ").replace('"', "").split() if part
        ]
    if isinstance(default, bool):
        return {"true": True, "yes": True, "false": False, "no": False}.get(words.lower(), words)
    if isinstance(default, int | float) and not isinstance(default, Path):
        for kind in (int, float):
            try:
                return kind(words)
            except ValueError:
                continue
    return words
