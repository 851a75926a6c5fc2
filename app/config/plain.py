"""The settings as plain values, for processes that are spared pydantic's 8 to 11 MB.

    text = as_text(settings)                 # where pydantic is loaded
    from_text(text).site.hostname            # anywhere

What is read from it is what `Settings` has under the same name; secrets are left out, for whoever
needs one has it in its plan (services.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from app.config.toml_file import SECRETS
from app.core.records import parse_json

if TYPE_CHECKING:
    from app.config.paths import Paths
    from app.config.settings import Settings


class Section(SimpleNamespace):
    """A section of the settings: an attribute for each."""


def as_text(settings: Settings) -> str:
    """The settings as JSON, to be read by from_text()."""
    return json.dumps(_encoded(settings))


def from_text(text: str) -> Settings:
    """An object with the attributes of the settings, but none of their checks."""
    return cast("Settings", _decoded(parse_json(text)))


def _encoded(value: Any) -> Any:
    fields = getattr(type(value), "model_fields", None)
    if fields is not None:
        return {"section": {name: _encoded(_shown(value, name)) for name in fields}}
    if isinstance(value, dict):
        return {"mapping": {name: _encoded(one) for name, one in value.items()}}
    if isinstance(value, tuple | list):
        return [_encoded(one) for one in value]
    return {"path": str(value)} if isinstance(value, Path) else value


def _shown(section: object, name: str) -> Any:
    return "" if name in SECRETS else getattr(section, name)


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decoded(one) for one in value)
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "path":
        return Path(inner)
    decoded = {name: _decoded(one) for name, one in inner.items()}
    return Section(**decoded) if kind == "section" else decoded


def text_of(paths: Paths) -> str:
    """as_text() of a box's settings, for app.core.apart. Raises SettingsError."""
    return as_text(paths.settings())
