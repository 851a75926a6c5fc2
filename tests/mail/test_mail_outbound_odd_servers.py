"""Servers that behave oddly: no mail is lost to them, and it is taken where it can be."""

import asyncio
from collections.abc import Iterator

import pytest

from app.mail.outbound.client_session import Answer, Terms, Tls
from app.mail.outbound.smtp_client import Unreachable
from tests.kit.odd_server import TEXT, Peer, Script, World

BLOCK = (b"0123456789abcdef" * 4 + b"\r\n") * 3900


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()


def reply(answers: dict[str, Answer]) -> str:
    return answers["x@y.test"].reply


@pytest.mark.parametrize("seconds", [40, 299])
def test_a_greeting_is_waited_for(world: World, seconds: int) -> None:
    async def late(peer: Peer) -> None:
        await peer.wait(seconds)
        await peer.greet()
        await peer.take()

    assert reply(world.send(late)) == "250 2.0.0 taken"


def test_a_server_that_never_greets_is_given_up_after_five_minutes(world: World) -> None:
    async def silent(peer: Peer) -> None:
        await peer.wait(301)
        assert await peer.rest() == b""

    with pytest.raises(Unreachable) as told:
        world.send(silent)
    assert "no answer within 300 s (waiting for the greeting)" in str(told.value)


def test_the_answer_to_the_message_is_waited_for_ten_minutes(world: World) -> None:
    async def slow(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        await peer.message()
        await peer.wait(599)
        await peer.say("250 2.0.0 taken at last")
        await peer.leave()

    assert reply(world.send(slow)) == "250 2.0.0 taken at last"


def test_octets_that_trickle_in_do_not_hold_a_conversation_for_ever(world: World) -> None:
    async def trickle(peer: Peer) -> None:
        for octet in b"220-x\r\n" * 4:
            peer.writer.write(bytes([octet]))
            await peer.wait(10)
        await peer.wait(30)
        assert await peer.rest() == b""

    with pytest.raises(Unreachable) as told:
        world.send(trickle)
    assert "no answer within 300 s" in str(told.value)


def test_an_octet_at_a_time_is_as_good_as_a_line(world: World) -> None:
    async def octets(peer: Peer) -> None:
        whole = peer.say

        async def one_by_one(line: str) -> None:
            for octet in line:
                peer.writer.write(octet.encode())
                await peer.wait(0)
            await whole("")

        peer.say = one_by_one  # type: ignore[method-assign]
        await peer.greet("SIZE 1000")
        assert (await peer.take()).endswith(b"\r\n..dot\r\nlast\r\n.\r\n")

    assert reply(world.send(octets)) == "250 2.0.0 taken"


@pytest.mark.parametrize("data", ["250 2.0.0 taken", "220 hello"])
def test_a_server_that_takes_data_for_the_mail_has_not_got_it(world: World, data: str) -> None:
    async def odd(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope(data)
        assert await peer.rest() == b"", "not a line of the message is sent"

    answer = world.send(odd)["x@y.test"]
    assert not answer.taken and not answer.final and data in answer.reply


def test_a_server_that_answers_twice_takes_no_mail(world: World) -> None:
    async def twice(peer: Peer) -> None:
        await peer.greet()
        await peer.hear("MAIL")
        await peer.say("250 ok")
        await peer.hear("RCPT")
        await peer.say("250 once")
        await peer.hear("DATA")
        await peer.say("250 twice")
        await peer.say("354 go on")
        assert await peer.rest() == b""

    answer = world.send(twice)["x@y.test"]
    assert not answer.taken and not answer.final


def test_a_server_that_takes_the_mail_before_its_end_has_not_got_it(world: World) -> None:
    async def hasty(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        await peer.say("250 2.0.0 taken")
        rest = await peer.rest()
        assert not rest.endswith(b"\r\n.\r\n")

    world.text = (TEXT, *[BLOCK] * 40)
    answer = world.send(hasty)["x@y.test"]
    assert not answer.taken and not answer.final and not answer.broken


@pytest.mark.parametrize("cut", [False, True], ids=["closed", "reset"])
def test_a_refusal_in_the_middle_of_the_message_is_heard(world: World, cut: bool) -> None:
    async def full(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        await peer.reader.readexactly(100_000)
        await peer.say("552 5.3.4 Too big for us")
        if cut:
            peer.cut()
        else:
            await peer.rest()

    world.text = (TEXT, *[BLOCK] * 40)
    assert world.send(full)["x@y.test"] == Answer("552 5.3.4 Too big for us")


@pytest.mark.parametrize("cut", [False, True], ids=["closed", "reset"])
def test_a_mail_whose_final_dot_nobody_answers_is_tried_again(world: World, cut: bool) -> None:
    async def gone(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        await peer.message()
        if cut:
            peer.cut()

    answer = world.send(gone)["x@y.test"]
    assert answer.reply.startswith("451 4.4.2") and not answer.broken


def test_a_server_that_reads_no_further_is_given_up_after_three_minutes(world: World) -> None:
    async def stuck(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            await asyncio.sleep(0)
        await peer.wait(181)
        peer.cut()

    world.text = tuple([BLOCK] * 400)
    answer = world.send(stuck)["x@y.test"]
    assert answer.reply.startswith("451 4.4.2 the server takes no more")


def test_a_server_that_reads_slowly_is_not_given_up(world: World) -> None:
    async def slow(peer: Peer) -> None:
        await peer.greet()
        await peer.envelope()
        for _ in range(20):  # a piece takes longer than the patience for one
            await peer.reader.readexactly(60_000)
            await peer.wait(50)
        await peer.message()
        await peer.say("250 2.0.0 taken at last")
        await peer.leave()

    world.text = tuple([BLOCK] * 5)
    world.window = 16_384
    assert reply(world.send(slow)) == "250 2.0.0 taken at last"


# ---- TLS that does not come about


async def plain(peer: Peer) -> None:
    """The second conversation: nothing but plain text, and the mail is taken."""
    await peer.greet("STARTTLS")
    await peer.take()
    assert "STARTTLS" not in peer.heard


async def refused(peer: Peer) -> None:
    await peer.say("454 4.7.0 TLS not available due to local problem")


async def cut_off(peer: Peer) -> None:
    peer.writer.close()


async def reset(peer: Peer) -> None:
    peer.cut()


async def silent(peer: Peer) -> None:
    await peer.wait(61)


async def silent_in_handshake(peer: Peer) -> None:
    await peer.say("220 go ahead")
    await peer.reader.read(1)
    await peer.wait(61)


async def no_tls_at_all(peer: Peer) -> None:
    await peer.say("220 go ahead")
    await peer.reader.read(1)
    await peer.say("500 5.5.1 what?")


async def reset_in_handshake(peer: Peer) -> None:
    await peer.say("220 go ahead")
    await peer.reader.read(1)
    peer.cut()


FAILING = [refused, cut_off, reset, silent, silent_in_handshake, no_tls_at_all, reset_in_handshake]


@pytest.mark.parametrize("end", FAILING)
def test_where_tls_fails_the_server_is_called_again_and_spoken_to_in_plain_text(
    world: World, end: Script
) -> None:
    async def failing(peer: Peer) -> None:
        await peer.greet("STARTTLS")
        await peer.hear("STARTTLS")
        await end(peer)

    assert reply(world.send(failing, plain, terms=Terms("box.test", Tls.TRY))) == "250 2.0.0 taken"


@pytest.mark.parametrize("end", FAILING)
def test_where_tls_is_demanded_nothing_goes_in_plain_text(world: World, end: Script) -> None:
    async def failing(peer: Peer) -> None:
        await peer.greet("STARTTLS")
        await peer.hear("STARTTLS")
        await end(peer)

    with pytest.raises(Unreachable) as told:
        world.send(failing, terms=Terms("box.test", Tls.STARTTLS))
    assert str(told.value).startswith("451 4.4.1 localhost")
