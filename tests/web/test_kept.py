"""What is asked for all pages at once, and how often."""

import asyncio

from nutbridge.web.kept import Kept


def test_what_takes_long_is_asked_for_less_often() -> None:
    """A collector of thousands of panels does not keep a core busy."""
    now, asked = 0.0, 0

    def ask() -> int:
        nonlocal now, asked
        now += 11.0
        asked += 1
        return asked

    async def answers() -> list[int]:
        nonlocal now
        kept = Kept(ask, 20.0, lambda: now)
        found = [await kept.get()]
        for at in (60.0, 100.0, 130.0):
            now = at
            found.append(await kept.get())
        return found

    assert asyncio.run(answers()) == [1, 1, 1, 2]
