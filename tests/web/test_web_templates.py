"""What all templates keep to: foreign text stays text, no script in a page, forms have tokens."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "app" / "web").rglob("*.html"))
WITHOUT_LOGIN = {"login.html", "code.html", "setup.html"}
"""Pages for people who are not logged in, whose forms can have no token of a session."""

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)


def tags(text: str) -> list[str]:
    """The tags of a template, without what Jinja puts into them."""
    return re.findall(r"<[a-zA-Z][^>]*>", re.sub(r"{[%{#].*?[%}#]}", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_keep_foreign_text_text_and_let_no_script_stand_in_a_page(path: Path) -> None:
    text = path.read_text()
    for marked in (r"\|\s*safe\b", r"autoescape\s+false", r"\bMarkup\b"):
        assert not re.search(marked, text), f"{path}: {marked} lets foreign text be markup"
    for tag in tags(text):
        name, *_ = tag[1:].split()
        assert name != "script>" and not tag.startswith("<style"), f"{path}: {tag}"
        assert not re.search(r"\s(?:on[a-z]+|style)\s*=", tag), f"{path}: {tag}"
        assert not re.search(r"\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//", tag), f"{path}: {tag}"
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.DOTALL)
    assert not "".join(scripts).strip(), f"{path}: a script stands in the page"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_forms_that_change_something_carry_the_token(path: Path) -> None:
    for attributes, inside in FORM.findall(path.read_text()):
        if "post" in attributes.lower() and path.name not in WITHOUT_LOGIN:
            assert "csrf" in inside, f"{path}: the form {attributes.strip()} has no token"
            file, token = inside.find('type="file"'), inside.find("csrf")
            assert file < 0 or token < file, f"{path}: the token must come before the file"


def test_templates_are_where_this_looks_for_them() -> None:
    assert len(TEMPLATES) >= 7
    assert any(FORM.search(path.read_text()) for path in TEMPLATES)
    assert tags('<p {% if a > b %}class="x"{% endif %} onclick="y">') == [
        '<p class="x" onclick="y">'
    ]
