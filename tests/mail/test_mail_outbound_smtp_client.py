"""One mail to one next hop, and what became of each recipient."""

import asyncio
from collections.abc import Iterable

import pytest

from app.mail.outbound.client_session import Answer, Terms
from app.mail.outbound.routing import Hop
from app.mail.outbound.smtp_client import OutgoingMail, Unreachable, connect
from tests.kit.sink import Sink

TEXT = b"Subject: hi\r\n\r\n.dot\r\nlast\r\n"


async def send_mail(hop: Hop, mail: OutgoingMail, hostname: str) -> dict[str, Answer]:
    client = await connect(hop, Terms(hostname))
    answers = await client.send(mail)
    await client.quit()
    return answers


def send(
    sink: Sink, *recipients: str, text: bytes = TEXT, sender: str = "a@b.test"
) -> dict[str, Answer]:
    mail = OutgoingMail(
        sender, recipients, len(text), lambda: [text[at : at + 7] for at in range(0, len(text), 7)]
    )
    return asyncio.run(send_mail(Hop("sink", "127.0.0.1", sink.port), mail, "box.test"))


def test_the_octets_arrive_as_they_are_and_envelopes_too() -> None:
    with Sink() as sink:
        answers = send(sink, "x@y.test", "z@y.test")
        mail = sink.wait(1)[0]
    assert answers["x@y.test"].taken and answers["z@y.test"].taken
    assert (mail.sender, mail.recipients, mail.octets) == (
        "a@b.test",
        ("x@y.test", "z@y.test"),
        TEXT,
    )
    assert sink.commands.count("EHLO box.test") == 1
    assert f"MAIL FROM:<a@b.test> SIZE={len(TEXT)} BODY=8BITMIME" in sink.commands


def test_the_null_sender_stays_null() -> None:
    with Sink() as sink:
        send(sink, "x@y.test", sender="")
        assert sink.wait(1)[0].sender == ""
        assert any(line.startswith("MAIL FROM:<> ") for line in sink.commands)


def test_each_recipient_has_an_answer_of_its_own() -> None:
    with Sink() as sink:
        sink.answers |= {"bad@y.test": "550 5.1.1 nobody", "grey@y.test": "450 4.2.0 later"}
        answers = send(sink, "x@y.test", "bad@y.test", "grey@y.test")
        assert sink.wait(1)[0].recipients == ("x@y.test",)
    assert answers["x@y.test"].taken
    assert answers["bad@y.test"] == Answer("550 5.1.1 nobody")
    assert answers["bad@y.test"].final and not answers["bad@y.test"].taken
    assert not answers["grey@y.test"].final and not answers["grey@y.test"].taken


@pytest.mark.parametrize(
    ("verb", "answer", "start"),
    [
        ("MAIL", "550 5.7.1 not you", "550 5.7.1"),
        ("DATA", "451 4.3.0 not now", "451 4.3.0"),
        ("END", "554 5.6.0 ugly", "554 5.6.0"),
        ("END", "452 4.2.2 full", "452 4.2.2"),
        ("END", "drop", "451 4.4.2"),
        ("MAIL", "drop", "451 4.4.2"),
        ("x@y.test", "drop", "451 4.4.2"),
        ("MAIL", "nonsense", "451 "),
    ],
)
def test_what_befalls_the_whole_mail_befalls_each(verb: str, answer: str, start: str) -> None:
    with Sink() as sink:
        sink.answers[verb] = answer
        answers = send(sink, "x@y.test", "z@y.test")
    assert [a.reply[: len(start)] for a in answers.values()] == [start, start]
    assert sink.caught == []


def test_connection_broken_off_by_the_server_is_told_with_what_was_awaited() -> None:
    with Sink() as sink:
        sink.answers["END"] = "drop"
        answer = send(sink, "x@y.test")["x@y.test"]
    words = "the server has closed the connection (waiting for the answer to the message)"
    assert answer.reply == f"451 4.4.2 {words}"


def test_a_refused_recipient_keeps_its_refusal_when_the_mail_then_fails() -> None:
    with Sink() as sink:
        sink.answers |= {"bad@y.test": "550 5.1.1 nobody", "END": "451 4.3.0 later"}
        answers = send(sink, "bad@y.test", "x@y.test")
    assert answers["bad@y.test"].final and not answers["x@y.test"].final


@pytest.mark.parametrize("answer", ["421 4.3.2 busy", "554 go away", "drop"])
def test_no_talk_means_unreachable_for_now(answer: str) -> None:
    with Sink() as sink, pytest.raises(Unreachable) as told:
        sink.answers["CONNECT"] = answer
        send(sink, "x@y.test")
    assert str(told.value).startswith("451 4.4.1 sink")


def test_nobody_listens() -> None:
    with Sink() as sink:
        pass
    with pytest.raises(Unreachable):
        send(sink, "x@y.test")


def test_a_server_without_ehlo_is_spoken_to_with_helo() -> None:
    with Sink() as sink:
        sink.answers["EHLO"] = "502 what"
        assert send(sink, "x@y.test")["x@y.test"].taken
        assert "MAIL FROM:<a@b.test>" in sink.commands


def test_addresses_that_are_not_ascii_need_smtputf8() -> None:
    with Sink() as sink:
        assert send(sink, "jörg@y.test")["jörg@y.test"].taken
        assert sink.wait(1)[0].recipients == ("jörg@y.test",)
    with Sink(extensions=("8BITMIME",)) as sink:
        assert send(sink, "jörg@y.test")["jörg@y.test"].reply.startswith("553 5.6.7")


def test_an_address_cannot_bring_a_command_along() -> None:
    with Sink() as sink:
        answers = send(sink, "x@y.test>\r\nRCPT TO:<z@y.test")
    assert all(answer.final for answer in answers.values())
    assert not any("z@y.test" in line for line in sink.commands)


def test_a_mail_that_breaks_off_is_not_ended_for_the_server() -> None:
    def pieces() -> Iterable[bytes]:
        yield b"Subject: half\r\n"
        raise LookupError("content gone")

    mail = OutgoingMail("a@b.test", ("x@y.test",), 100, pieces)
    with Sink() as sink, pytest.raises(LookupError):
        asyncio.run(send_mail(Hop("sink", "127.0.0.1", sink.port), mail, "box.test"))
    assert (sink.caught, sink.broken) == ([], [b"Subject: half\r\n"])


def test_a_big_mail_goes_piece_by_piece() -> None:
    block = (b"0123456789abcdef" * 4 + b"\r\n") * 3900
    mail = OutgoingMail(
        "a@b.test", ("x@y.test",), 40 * len(block), lambda: (block for _ in range(40))
    )
    with Sink() as sink:
        hop = Hop("sink", "127.0.0.1", sink.port)
        assert asyncio.run(send_mail(hop, mail, "b"))["x@y.test"].taken
        assert sink.wait(1)[0].octets == block * 40
