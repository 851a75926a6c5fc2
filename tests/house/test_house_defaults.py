"""Every setting's default is declared once, in app/config/settings.py.

What the store keeps and how much comes in has no default anywhere else: whoever calls must say it.
A parameter or field that bears the name of another setting may have a default if it is the same.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DECLARATIONS = [
    ROOT / "app" / "config" / f"{name}.py"
    for name in ("settings", "keeping", "mqtt", "fax", "store")
]

NO_DEFAULT = {
    "keeping.quota_mb": ("quota_mb", "quota"),
    "keeping.voicemails": ("voicemails",),
    "keeping.callers_percent": ("callers_percent",),
    "keeping.full_is_permanent": ("full_is_permanent",),
    "keeping.heard_voicemail_days": ("heard_days",),
    "keeping.unheard_voicemail_days": ("unheard_days",),
    "keeping.fetched_mail_days": ("fetched_days",),
    "keeping.unfetched_mail_days": ("unfetched_days",),
    "keeping.grace_days": ("grace_days", "grace_s"),
    "keeping.bin_share": ("bin_share",),
    "keeping.free_floor_mb": ("free_floor_mb", "free_floor"),
    "keeping.voice_reserve_mb": ("voice_reserve_mb", "voice_reserve", "reserve"),
    "mail.connections": ("connections", "max_connections", "total"),
    "mail.connections_per_peer": ("connections_per_peer", "per_peer"),
    "mail.strangers_percent": ("strangers_percent", "strangers"),
    "outbound.first_retry_s": ("first_retry_s",),
    "outbound.longest_retry_s": ("longest_retry_s",),
    "outbound.give_up_s": ("give_up_s",),
    "mail.largest_mb": ("largest_mb", "largest"),
}
"""Settings whose default nothing else may repeat, and what else such a number is called."""

HOMONYMS = {
    **{
        (path, "kind"): "of what sort something is"
        for path in (
            "app/device/update/bundle.py",
            "app/message/mime.py",
            "app/operations/measurements.py",
            "app/phone/jobs.py",
            "app/phone/lines/station.py",
            "app/phone/lines/trunk.py",
        )
    },
    ("app/mail/smtp/envelope.py", "lan"): "whether one peer is on the LAN",
    ("app/voicemail/menu.py", "listen"): "the choices of a menu that plays messages",
}
"""Parameters and fields that only share a setting's name."""


def sources() -> list[Path]:
    found = [p for f in ("app", "drivers") for p in sorted((ROOT / f).rglob("*.py"))]
    return [path for path in found if path not in DECLARATIONS]


def default_of(setting: str) -> Any:
    section, _, name = setting.partition(".")
    return getattr(getattr(Settings(), section), name)


def all_settings() -> Iterator[str]:
    for section, values in Settings():
        yield from (f"{section}.{name}" for name in type(values).model_fields)


def defaults_in(tree: ast.AST) -> Iterator[tuple[int, str, ast.expr]]:
    """(line, name, default) of every parameter and every class field that has a default."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            plain = node.args.posonlyargs + node.args.args
            for argument, default in zip(plain[::-1], node.args.defaults[::-1], strict=False):
                yield default.lineno, argument.arg, default
            for argument, given in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
                if given is not None:
                    yield given.lineno, argument.arg, given
        elif isinstance(node, ast.ClassDef):
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and field.value is not None:
                    assert isinstance(field.target, ast.Name)
                    yield field.lineno, field.target.id, field.value


def faults_in(text: str, path: str = "") -> list[str]:
    """What is wrong with the defaults in one file."""
    faults = []
    forbidden = {name: setting for setting, names in NO_DEFAULT.items() for name in names}
    same: dict[str, list[Any]] = {}
    for setting in all_settings():
        same.setdefault(setting.partition(".")[2], []).append(default_of(setting))
    for line, name, default in defaults_in(ast.parse(text)):
        where = f"{path}:{line}: {name} = {ast.unparse(default)}"
        if ast.unparse(default) == "None":  # it says that the setting is to be asked
            continue
        if name in forbidden:
            faults.append(f"{where}: only the setting {forbidden[name]} has a default")
        elif name in same and (path, name) not in HOMONYMS:
            value = _literal(default)
            if value is not None and value not in same[name]:
                faults.append(f"{where}: the setting of this name says {same[name]}")
    return faults


def _literal(default: ast.expr) -> Any:
    """The value, or None if it is none, or not written out here."""
    try:
        return ast.literal_eval(default)
    except ValueError:
        return None


def test_default_of_a_setting_is_in_the_settings_only() -> None:
    found = {p: faults_in(p.read_text(), str(p.relative_to(ROOT))) for p in sources()}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_every_setting_of_what_is_kept_is_covered() -> None:
    kept = {setting for setting in all_settings() if setting.startswith("keeping.")}
    assert kept <= set(NO_DEFAULT)
    assert set(NO_DEFAULT) <= set(all_settings())


def test_homonyms_are_still_there() -> None:
    for path, name in HOMONYMS:
        names = [found for _, found, _ in defaults_in(ast.parse((ROOT / path).read_text()))]
        assert name in names, f"{path} has no {name} any more"


@pytest.mark.parametrize(
    "text, faults",
    [
        ("def f(quota=1): ...", 1),
        ("def f(*, quota_mb: int = 1000): ...", 1),
        ("class C:\n    free_floor: int = 200", 1),
        ("def f(country='de'): ...", 1),
        ("def f(quota, country='us', language=None): ...", 0),
        ("class C:\n    free_floor: int\n    ring_seconds: float = 20.0", 0),
    ],
)
def test_fault_in_a_default_is_found(text: str, faults: int) -> None:
    assert len(faults_in(text)) == faults
