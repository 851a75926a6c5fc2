"""A POP3 server that says more than it was asked: the session ends, and says so."""

import pytest

from app.inbox.fetch_accounts import Tls
from app.mail.fetch.session import Failed, FetchSession, Login

LOGIN = (b"+OK\r\n", b"+OK\r\nUSER\r\nTOP\r\n.\r\n", b"+OK\r\n", b"+OK\r\n")
LISTS = (b"+OK\r\n1 abc\r\n.\r\n", b"+OK\r\n1 20\r\n.\r\n")


@pytest.mark.parametrize("more", [b".\r\n", b"2 30\r\n", b"+OK\r\n", b"-ERR\r\n", b"x\r\n"])
def test_server_that_goes_on_behind_the_end_of_its_list_is_left(more: bytes) -> None:
    session = FetchSession(Login("anna", "pass word", Tls.NONE), 5000, 0.0)
    for answer in (*LOGIN, *LISTS):
        assert not session.is_over
        session.receive(answer)
        session.to_send()
    session.receive(more)
    assert session.is_over
    events = []
    while (event := session.next_event()) is not None:
        events.append(event)
    assert isinstance(events[-1], Failed)
