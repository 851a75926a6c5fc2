"""Why a value of a setting is refused, as sentences that pages can say in other languages."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.config.toml_file import SECRETS
from app.core.sentences import N_, joined, sentence

Model = type[BaseModel]

_BY_TYPE = {
    "greater_than_equal": N_("Input should be greater than or equal to %(ge)s"),
    "less_than_equal": N_("Input should be less than or equal to %(le)s"),
    "string_pattern_mismatch": N_("String should match pattern '%(pattern)s'"),
    "literal_error": N_("Input should be %(expected)s"),
    "int_parsing": N_("Input should be a valid integer, unable to parse string as an integer"),
    "float_parsing": N_("Input should be a valid number, unable to parse string as a number"),
    "bool_parsing": N_("Input should be a valid boolean, unable to interpret input"),
    "int_type": N_("Input should be a valid integer"),
    "float_type": N_("Input should be a valid number"),
    "bool_type": N_("Input should be a valid boolean"),
    "string_type": N_("Input should be a valid string"),
}
"""Pydantic's words by the type of its error, with the names of its context for their values."""


def reasons_of(
    problem: ValidationError, settings: Model, tables: Mapping[str, Model]
) -> list[tuple[str, str]]:
    """Each setting that cannot be, with the reason.

    `tables` are the models of what `settings` names once for each line or group.
    """
    found = []
    for error in problem.errors():
        name = [str(part) for part in error["loc"]]
        sections = [_section_of(name[:depth], settings, tables) for depth in range(len(name))]
        found.append((".".join(name), _reason(name, error, sections)))
    return found


def _reason(name: list[str], error: Any, sections: list[Model]) -> str:
    """`sections` are those in which each part of the name is."""
    if error["type"] == "extra_forbidden":
        beside = sorted(sections[-1].model_fields)
        return sentence("no such setting; allowed here: %(names)s", names=", ".join(beside))
    said, meaning = why_refused(error), _meaning(name, sections)
    if name[-1] not in SECRETS:
        said = sentence("%(said)s (found %(found)s)", said=said, found=repr(error["input"]))
    return joined("; ", [said, sentence(meaning)]) if meaning else said


def _section_of(name: list[str], settings: Model, tables: Mapping[str, Model]) -> Model:
    model = settings
    for part in name:
        if part in model.model_fields:
            annotation = model.model_fields[part].annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation
            elif part in tables:
                model = tables[part]
    return model


def _meaning(name: list[str], sections: list[Model]) -> str:
    """That of the last part of the name which has any."""
    for part, section in zip(reversed(name), reversed(sections), strict=True):
        field = section.model_fields.get(part)
        if field is not None and field.description:
            return field.description
    return ""


def why_refused(error: Any) -> str:
    """What pydantic says of one value (an item of ValidationError.errors()).

    A Sentence where the words are known; other words of the library are handed on as they are.
    """
    context = error.get("ctx", {})
    if error["type"] == "value_error":  # one of our own validators
        return next(iter(context["error"].args), "")
    known = _BY_TYPE.get(error["type"])
    if known is not None and (said := sentence(known, **context)) == error["msg"]:
        return said
    return str(error["msg"])
