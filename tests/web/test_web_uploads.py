"""Files that are sent to a page: bounded, whole or not at all, and only by who is logged in."""

import asyncio
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.appliance import Inbox
from app.web import uploads
from app.web.http import BODY
from app.web.uploads import Uploads, clear_folder
from tests.kit.web import WebHouse
from tests.kit.web_visitor import Visitor, furnish

LIMIT = 400_000
FILE = bytes(range(256)) * 1000
EVIL = '../../etc/pass"wd\\<b>.wav'


def form(*parts: tuple[str, str | None, bytes], end: bytes = b"--") -> bytes:
    """A form as browsers send it: (field, name of a file, octets)."""
    said = b""
    for field, file, octets in parts:
        name = "" if file is None else f'; filename="{file.replace(chr(34), "%22")}"'
        head = f'--xyz\r\nContent-Disposition: form-data; name="{field}"{name}\r\n\r\n'
        said += head.encode() + octets + b"\r\n"
    return said + b"--xyz" + end + b"\r\n"


def sent(
    body: bytes, folder: Path, piece: int = 5000, said: int | None = None
) -> tuple[object, ...]:
    """What comes of a form that is sent: fields, and each file's name and octets."""

    async def take() -> tuple[object, ...]:
        pieces = [body[i : i + piece] for i in range(0, len(body), piece)]

        async def receive() -> dict[str, object]:
            if not pieces:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        headers = [
            (b"content-type", b"multipart/form-data; boundary=xyz"),
            (b"content-length", b"%d" % (len(body) if said is None else said)),
        ]
        request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
        uploads = Uploads(folder)
        async with uploads.taken(request, LIMIT, lambda token: token == "good") as (fields, files):
            found = {name: (one.name, one.path.read_bytes()) for name, one in files.items()}
            return dict(fields), found

    return asyncio.run(take())


@pytest.mark.parametrize("piece", [7, 5000, 10**6])
def test_file_lies_on_the_disk_under_a_name_of_ours_until_it_is_answered(
    tmp_path: Path, piece: int
) -> None:
    body = form(("csrf", None, b"good"), ("word", None, "ä".encode()), ("wav", EVIL, FILE[:9000]))
    fields, files = sent(body, tmp_path / "up", piece)
    assert fields == {"csrf": "good", "word": "ä"}
    assert files == {"wav": (EVIL.replace('"', "%22"), FILE[:9000])}
    assert list((tmp_path / "up").iterdir()) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (form(("wav", "a", FILE)), 403),
        (form(("csrf", None, b"bad"), ("wav", "a", FILE)), 403),
        (form(("wav", "a", FILE), ("csrf", None, b"good")), 403),
        (form(("csrf", None, b"good"), ("wav", "a", FILE + bytes(150_000))), 413),
        (form(("csrf", None, b"good"), ("word", None, bytes(BODY + 1))), 413),
        (form(("csrf", None, b"good"), ("wav", "a", b""), ("wav", "b", b"")), 400),
        (form(("csrf", None, b"good"), ("wav", "a", FILE))[:-9], 400),
        (form(("csrf", None, b"good"), end=b""), 400),
        (form(*[("csrf", None, b"good")] * 2001), 413),
        (form(*[("word", None, b"")] * 2001), 413),
        (b"rubbish" * 100, 400),
        (b"", 400),
    ],
)
def test_form_that_cannot_be_taken_leaves_nothing(tmp_path: Path, body: bytes, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        sent(body, tmp_path / "up")
    assert refused.value.status_code == status
    assert list((tmp_path / "up").iterdir()) == []


def test_file_that_comes_too_slowly_lets_others_send_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one who begins and sends nothing more keeps the one place that there is."""
    monkeypatch.setattr(uploads, "GRACE_S", 0.05)
    body = form(("csrf", None, b"good"), ("wav", "a", FILE))

    async def slowly() -> int:
        pieces = [body[:200]]

        async def receive() -> dict[str, object]:
            if not pieces:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": pieces.pop(), "more_body": True}

        headers = [
            (b"content-type", b"multipart/form-data; boundary=xyz"),
            (b"content-length", b"%d" % len(body)),
        ]
        request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
        place = Uploads(tmp_path / "up")
        with pytest.raises(HTTPException) as refused:
            async with place.taken(request, LIMIT, lambda token: True):
                pass
        assert not place._busy.locked()
        return refused.value.status_code

    assert asyncio.run(asyncio.wait_for(slowly(), 20)) == 408
    assert list((tmp_path / "up").iterdir()) == []


def test_file_that_says_it_is_too_large_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(HTTPException) as refused:
        sent(b"", tmp_path / "up", said=LIMIT + BODY + 1)
    assert refused.value.status_code == 413 and not (tmp_path / "up").exists()
    with pytest.raises(HTTPException) as refused:
        Uploads(tmp_path)._check_size(
            Request({"type": "http", "headers": [(b"content-length", b"%d" % 10**15)]}), 10**16
        )
    assert refused.value.status_code == 507


def test_what_an_interrupted_upload_left_is_removed(tmp_path: Path) -> None:
    clear_folder(tmp_path / "nowhere")
    (tmp_path / "a.part").write_bytes(b"x")
    clear_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


# ---- through the service


@pytest.fixture(scope="module")
def box(house: WebHouse) -> Iterator[Inbox]:
    box = furnish(house, anna={"admin": True})
    yield box
    box.db.close()


def test_long_body_of_a_stranger_is_refused_before_it_comes(house: WebHouse) -> None:
    for path, status in (("/setup", 413), ("/login", 413), ("/logout", 303)):
        connection = http.client.HTTPConnection("127.0.0.1", house.http, timeout=10)
        connection.putrequest("POST", path)
        connection.putheader("content-length", str(10**9))
        connection.endheaders()
        assert connection.getresponse().status == status, path
        connection.close()


def test_long_form_where_none_is_expected_is_refused(house: WebHouse, box: Inbox) -> None:
    anna = Visitor(house).log_in("anna")
    token = anna.csrf()
    assert anna.send("/logout", {"csrf": token, "x": "y" * BODY}).status == 413
    assert anna.get("/account").status == 200
