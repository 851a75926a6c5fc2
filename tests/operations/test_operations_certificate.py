"""What the status says of the certificate."""

import json
from pathlib import Path

import pytest

from app.operations.certificate import WARN_S, certificate_problems

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("by", "left", "told"),
    [
        ("files", WARN_S, []),
        ("files", WARN_S - 1, ["ends on 2026-10-05", "device certificate use"]),
        ("files", -1, ["has ended on 2026-09-21", "device certificate own"]),
        ("acme", 60, ["ends on 2026-09-21", "`device certificates` asks for a new one"]),
    ],
)
def test_certificate_of_others_that_ends_soon_is_told(
    by: str, left: int, told: list[str], tmp_path: Path
) -> None:
    (tmp_path / "server.given").write_text(json.dumps({"by": by, "ends": int(NOW) + left}))
    text = "\n".join(certificate_problems(tmp_path, NOW))
    assert bool(text) is bool(told)
    for words in told:
        assert words in text


def test_authority_that_did_not_sign_is_told_in_its_words(tmp_path: Path) -> None:
    assert certificate_problems(tmp_path, NOW) == ()
    (tmp_path / "acme.problem").write_text("the authority says: rate limited\n")
    (text,) = certificate_problems(tmp_path, NOW)
    assert text.startswith("no certificate by ACME: the authority says: rate limited. It is asked")
