"""The way back from another thread: everyone is told, whoever left asks for nothing."""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from nutbridge.collector.serve.threads import Handback


def test_everyone_is_told_what_came_of_it() -> None:
    asked: list[Future[int]] = [Future() for _ in range(2000)]

    async def play() -> list[int]:
        back = Handback()
        waiting = asyncio.gather(*map(back.wait, asked))
        with ThreadPoolExecutor(4) as threads:
            for number, one in enumerate(asked):
                threads.submit(one.set_result, number)
                if number % 100 == 0:
                    await asyncio.sleep(0)
            return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(play()) == list(range(len(asked)))


def test_error_is_raised_where_it_is_awaited() -> None:
    asked: Future[int] = Future()
    asked.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        asyncio.run(Handback().wait(asked))


def test_who_waits_no_longer_asks_for_nothing() -> None:
    asked: Future[int] = Future()

    async def play() -> None:
        waiting = asyncio.create_task(Handback().wait(asked))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(play())
    assert asked.cancelled()


def test_answer_after_the_end_of_the_loop_disturbs_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: Future[int] = Future()
    asked.set_running_or_notify_cancel()

    async def play() -> None:
        waiting = asyncio.create_task(Handback().wait(asked))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(play())
    asked.set_result(1)
    assert caplog.messages == []
