"""Single failures: functions from a request and the good answer to a bad one.

A failure gets the answer function behind it, so that it can spoil a good answer
instead of inventing one. Those with an argument (``slow(2)``) return one.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from nutbridge.simulator.gateway import REFUSED
from nutbridge.simulator.messages import (
    Answer,
    Incoming,
    Line,
    Reply,
)

Fault = Callable[[Incoming, Answer], Reply]

HUGE_BYTES = 40_000_000
_BLOCK = b"x" * 65536


def status(code: int, body: bytes = b"<html>stand-in</html>") -> Fault:
    """Answer with a status and an HTML page."""
    return lambda _asked, _answer: Reply(code, {"Content-Type": "text/html"}, body)


def unauthorized(_asked: Incoming, _answer: Answer) -> Reply:
    return REFUSED


def html(_asked: Incoming, _answer: Answer) -> Reply:
    """A page for people, with 200."""
    page = b"<!DOCTYPE html><html><body>IQ Gateway</body></html>"
    return Reply(headers={"Content-Type": "text/html"}, body=page)


def redirect(_asked: Incoming, _answer: Answer) -> Reply:
    return Reply(302, {"Location": "https://localhost/home"})


def redirect_to_self(asked: Incoming, _answer: Answer) -> Reply:
    """A client that follows redirects never comes back from here."""
    return Reply(301, {"Location": asked.path})


def empty(_asked: Incoming, _answer: Answer) -> Reply:
    return Reply()


def no_answer(_asked: Incoming, _answer: Answer) -> Reply:
    """End the connection instead of answering, as for one dropped while idle."""
    return Reply(deliver=lambda _channel, _head, _body: None, close=True)


def reset(_asked: Incoming, _answer: Answer) -> Reply:
    """Reset the TCP connection instead of answering."""
    return Reply(deliver=lambda channel, _head, _body: channel.reset(), close=True)


def drop_after(asked: Incoming, answer: Answer) -> Reply:
    """A good answer, and then the connection ends unannounced."""
    return replace(answer(asked), close=True)


def cut(asked: Incoming, answer: Answer) -> Reply:
    """Send less than Content-Length says, then end the connection."""

    def deliver(channel: Line, head: bytes, body: bytes) -> None:
        channel.send(head + body[: len(body) // 2])

    good = answer(asked)
    body = good.body or b"[]"
    return replace(good, body=body, deliver=deliver, close=True)


def cut_head(asked: Incoming, answer: Answer) -> Reply:
    """End the connection in the middle of the headers."""

    def deliver(channel: Line, head: bytes, _body: bytes) -> None:
        channel.send(head[: len(head) // 2])

    return replace(answer(asked), deliver=deliver, close=True)


def garbage(_asked: Incoming, _answer: Answer) -> Reply:
    """Bytes that are no HTTP."""

    def deliver(channel: Line, _head: bytes, _body: bytes) -> None:
        channel.send(b"\x00\xffSSH-2.0-not-http\r\n\r\n")

    return Reply(deliver=deliver, close=True)


def hang(_asked: Incoming, _answer: Answer) -> Reply:
    """Never answer; ends when the server stops."""
    return Reply(deliver=lambda channel, _head, _body: _forever(channel), close=True)


def hang_after_head(asked: Incoming, answer: Answer) -> Reply:
    """Send the headers, never the body."""

    def deliver(channel: Line, head: bytes, _body: bytes) -> None:
        channel.send(head)
        _forever(channel)

    return replace(answer(asked), body=b"{}", deliver=deliver, close=True)


def slow(seconds: float) -> Fault:
    """Answer well, but later."""

    def fault(asked: Incoming, answer: Answer) -> Reply:
        def deliver(channel: Line, head: bytes, body: bytes) -> None:
            channel.wait(seconds)
            channel.send(head + body)

        return replace(answer(asked), deliver=deliver)

    return fault


def drip_head(every_s: float) -> Fault:
    """Send the headers byte by byte."""

    def fault(asked: Incoming, answer: Answer) -> Reply:
        def deliver(channel: Line, head: bytes, body: bytes) -> None:
            _drip(channel, head, every_s)
            channel.send(body)

        return replace(answer(asked), deliver=deliver)

    return fault


def drip_body(every_s: float) -> Fault:
    """Send the body byte by byte, each within any read timeout."""

    def fault(asked: Incoming, answer: Answer) -> Reply:
        def deliver(channel: Line, head: bytes, body: bytes) -> None:
            channel.send(head)
            _drip(channel, body, every_s)

        return replace(answer(asked), deliver=deliver)

    return fault


def huge(_asked: Incoming, _answer: Answer) -> Reply:
    """A body of 40 MB, announced."""

    def deliver(channel: Line, head: bytes, _body: bytes) -> None:
        channel.send(head)
        _send_blocks(channel, _blocks())

    return Reply(
        headers={"Content-Length": str(HUGE_BYTES)}, deliver=deliver, close=True
    )


def huge_chunked(_asked: Incoming, _answer: Answer) -> Reply:
    """A body of 40 MB whose length no header tells."""

    def deliver(channel: Line, head: bytes, _body: bytes) -> None:
        channel.send(head)
        _send_blocks(channel, (b"%x\r\n%b\r\n" % (len(b), b) for b in _blocks()))
        channel.send(b"0\r\n\r\n")

    return Reply(headers={"Transfer-Encoding": "chunked"}, deliver=deliver, close=True)


def spoiled(change: Callable[[bytes], bytes]) -> Fault:
    """Answer with a changed body; see spoil.py."""

    def fault(asked: Incoming, answer: Answer) -> Reply:
        good = answer(asked)
        return replace(good, body=change(good.body))

    return fault


def replaced(body: bytes) -> Fault:
    """Answer with another body."""
    return spoiled(lambda _body: body)


def _forever(channel: Line) -> None:
    channel.wait()


def _drip(channel: Line, data: bytes, every_s: float) -> None:
    for number in range(len(data)):
        if channel.wait(every_s):
            return
        channel.send(data[number : number + 1])


def _blocks() -> Iterable[bytes]:
    left = HUGE_BYTES
    while left > 0:
        yield _BLOCK[:left]
        left -= len(_BLOCK)


def _send_blocks(channel: Line, blocks: Iterable[bytes]) -> None:
    for block in blocks:
        if channel.wait(0):
            return
        channel.send(block)
