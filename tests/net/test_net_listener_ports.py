"""Ports that the system chooses, on several addresses at once."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit.mail_box import MailBox

create = asyncio.base_events.BaseEventLoop.create_server


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_net_a_port_that_is_somebodys_on_the_next_address_is_chosen_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    async def refusing(
        loop: Any, made: Callable[[], Any], host: str, port: int, **more: Any
    ) -> Any:
        asked.append((host, port))
        if len(asked) in (2, 4):  # the first two times the second address is taken
            raise OSError(98, "address already in use")
        return await create(loop, made, host, port, **more)

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "create_server", refusing)
    with MailBox(tmp_path, listen="::") as box:
        assert box.service.status()["listening"]
    pop3 = asked[:6]
    assert [host for host, _ in pop3] == ["::", "0.0.0.0"] * 3
    assert [port == 0 for _, port in pop3] == [True, False] * 3
