"""A service loads what it uses and no more: each of these is megabytes for as long as it runs.

And what comes before the services loads little, so that they start soon.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READS_SETTINGS = {"pydantic", "rich"}  # a short-lived child does that: app/core/subprocess_call.py
SOUND = {"numpy", "cffi"}
PARSER = {"cffi", "pycparser"}  # declarations of C are made ready beforehand: scripts/declared.py
FIRST_USE = {"dns", "email", "html", "zoneinfo"}  # with the first question, mail or page
STORE = {"sqlite3", "app.store.database"}
CRYPTO = {"cryptography"}  # certificates and signatures are made and verified by commands
PAGES = {"starlette", "jinja2"}  # with the first request for a page
BY_HAND = {"click", "tomllib"}  # what people type is read by commands
WATCHED = {"aiomqtt", "paho", "prometheus_client"}  # only where somebody wants to know

# Module of a service, and what it must not load.
LEAN = {
    "app.commands.run": READS_SETTINGS | CRYPTO | SOUND | STORE | {"asyncio", "ssl"},
    # before any service starts; what a first start or a restored backup needs is loaded then
    "app.commands.first_start": CRYPTO | SOUND | {"asyncio", "ssl", "dns", "tomlkit", "argon2"},
    "app.phone_plan": READS_SETTINGS | CRYPTO | SOUND | STORE | {"asyncio", "ssl"},
    # what `run` is while the box runs: nothing but the interpreter
    "app.commands.attend": READS_SETTINGS
    | BY_HAND
    | {"asyncio", "threading", "subprocess", "pathlib", "logging", "dataclasses"},
    "app.service": READS_SETTINGS | BY_HAND | {"shutil"},
    "app.commands.service_box": READS_SETTINGS
    | BY_HAND
    | CRYPTO
    | STORE
    | {"asyncio", "ssl", "subprocess", "drivers.board", "numpy.random"},
    "app.commands.service_phone": READS_SETTINGS | BY_HAND | CRYPTO | STORE | PARSER,
    "app.phone.pbx": READS_SETTINGS | BY_HAND | CRYPTO | STORE | PARSER,
    "app.phone.sound.t30": PARSER,
    "app.commands.service_mail": READS_SETTINGS | BY_HAND | CRYPTO | SOUND | FIRST_USE,
    "app.commands.service_admin": READS_SETTINGS
    | BY_HAND
    | CRYPTO
    | SOUND
    | WATCHED
    | PAGES
    | FIRST_USE,
    "app.commands.service_watchdog": READS_SETTINGS | BY_HAND | CRYPTO | SOUND,
    "app.panel.thread": READS_SETTINGS | CRYPTO | SOUND | {"asyncio"},
    "app.clerk.server": READS_SETTINGS | BY_HAND | FIRST_USE | {"numpy", "asyncio", "ssl"},
}


@pytest.mark.parametrize("module", LEAN)
def test_a_service_does_not_load_what_it_does_not_use(module: str) -> None:
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(told.stdout.split())
    assert module in loaded
    assert not loaded & LEAN[module]


def test_no_page_of_people_loads_what_the_admin_service_does_not() -> None:
    areas = "from app.web import areas; from importlib import import_module"
    code = f"import sys; {areas}; [import_module(name) for name in set(areas.AREAS.values())]"
    told = subprocess.run(
        [sys.executable, "-c", f"{code}; print('\\n'.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(told.stdout.split())
    assert "app.web.guard" in loaded
    assert not loaded & (READS_SETTINGS | CRYPTO | SOUND | {"app.config.settings"})
