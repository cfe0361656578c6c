"""The grid: relay, Collar, tries, and what a 401 leads to."""

from collections.abc import Callable, Iterator

import pytest

from nutbridge.errors import (
    DeviceAnswerError,
    DeviceError,
    DeviceUnreachable,
    Stopping,
    TokenRejected,
)
from nutbridge.net.wire import Answer, Request
from nutbridge.sources.enphase import paths
from nutbridge.ups.source import Source
from tests.sources.enphase.wires import (
    CLOSED,
    NO_ANSWER,
    OPEN,
    TOKEN,
    VALID,
    Entry,
    House,
    batteries,
    house,
)

EMPTY = b"[]"
ON_GRID = (
    b'[{"type":"COLLAR","devices":[{"mid_state":"close",'
    b'"admin_state_str":"ENCMN_MDE_ON_GRID"}]}]'
)
OFF_GRID = ON_GRID.replace(b"ON_GRID", b"OFF_GRID")
SILENT_COLLAR = b'[{"type":"COLLAR","devices":[{"mid_state":"?"}]}]'
LOST_COLLAR = ON_GRID.replace(b'"mid_state"', b'"communicating":false,"mid_state"')
CONTROLLER = b'[{"type":"ENPOWER","devices":[{}]}]'
REFUSED = Answer(401, {}, b"<html>401</html>")


def with_relay(relay: Entry, inventory: Entry = CONTROLLER) -> House:
    ours = house()
    ours.wire.table |= {paths.RELAY: relay, paths.INVENTORY: inventory}
    return ours


def in_turn(*entries: Answer | bytes | DeviceError) -> Callable[[Request], Answer]:
    """Answer with one after another, the last for ever."""
    line: Iterator[Answer | bytes | DeviceError] = iter(entries)
    last = entries[-1]

    def answer(_request: Request) -> Answer:
        entry = next(line, last)
        if isinstance(entry, DeviceError):
            raise entry
        return Answer(200, {}, entry) if isinstance(entry, bytes) else entry

    return answer


def test_source_is_a_source() -> None:
    source: Source = house().source
    assert source.facts.battery is None


@pytest.mark.parametrize(("relay", "word"), [(CLOSED, "closed"), (OPEN, "open")])
def test_grid_says_what_the_relay_says(relay: bytes, word: str) -> None:
    assert with_relay(relay).check() == word


def test_grid_open_asks_nothing_else() -> None:
    ours = with_relay(OPEN)
    ours.check()
    assert ours.wire.paths == [paths.RELAY]


def test_grid_asks_twice_at_most() -> None:
    ours = with_relay(NO_ANSWER)
    with pytest.raises(DeviceUnreachable):
        ours.check()
    assert ours.wire.paths.count(paths.RELAY) == 2
    ours = with_relay(in_turn(NO_ANSWER, OPEN))
    assert ours.check() == "open"
    ours = with_relay(in_turn(NO_ANSWER, REFUSED))
    ours.wire.table[paths.INVENTORY] = EMPTY
    with pytest.raises(TokenRejected):
        ours.check()
    assert ours.wire.paths.count(paths.RELAY) == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"x":1}'])
def test_grid_bad_bodies_are_failed_polls(body: bytes) -> None:
    with pytest.raises(DeviceAnswerError):
        with_relay(body).check()


def test_grid_ends_in_time() -> None:
    ours = with_relay(CLOSED)
    ours.wire.takes_s = {paths.RELAY: 60.0, paths.INVENTORY: 60.0}
    begun = ours.clock.now
    with pytest.raises(DeviceUnreachable):
        ours.source.grid(begun + 12.0)
    assert ours.clock.now - begun <= 12.0


def test_grid_passes_stopping_through() -> None:
    with pytest.raises(Stopping):
        with_relay(Stopping("asked to stop")).check()


def test_collar_decides_from_the_first_check_on() -> None:
    """Nothing is known yet, and the relay alone would say closed."""
    ours = with_relay(CLOSED, OFF_GRID)
    assert ours.check() == "open"
    assert ours.wire.paths == [paths.RELAY, paths.INVENTORY]


def test_inventory_is_asked_beside_the_relay_only_until_it_answers() -> None:
    ours = with_relay(CLOSED)
    assert [ours.check() for _ in range(3)] == ["closed"] * 3
    assert ours.wire.paths.count(paths.INVENTORY) == 1
    assert ours.source.facts.equipment is not None
    assert ours.source.facts.equipment.controller


@pytest.mark.parametrize(
    ("failure", "times"),
    [(NO_ANSWER, 3), (REFUSED, 1), (Answer(404, {}, b""), 3), (EMPTY, 3)],
)
def test_inventory_that_tells_nothing_does_not_hurt(failure: Entry, times: int) -> None:
    ours = with_relay(CLOSED, failure)
    assert [ours.check() for _ in range(6)] == ["closed"] * 6
    assert ours.wire.paths.count(paths.INVENTORY) == times
    assert ours.renewal.refusals == 0


def test_collar_behind_an_inventory_that_was_empty_at_first() -> None:
    """Gateways boot with an empty one."""
    ours = with_relay(CLOSED, EMPTY)
    assert ours.check() == "closed"
    ours.wire.table[paths.INVENTORY] = OFF_GRID
    assert ours.check() == "open"


def test_collar_is_part_of_every_check() -> None:
    ours = with_relay(CLOSED, ON_GRID)
    assert [ours.check() for _ in range(2)] == ["closed"] * 2
    ours.wire.table[paths.INVENTORY] = OFF_GRID
    assert ours.check() == "open"
    ours.wire.table[paths.RELAY] = NO_ANSWER
    assert ours.check() == "open"
    ours.wire.table[paths.INVENTORY] = ON_GRID
    with pytest.raises(DeviceUnreachable, match="relay"):
        ours.check()
    assert ours.wire.paths.count(paths.INVENTORY) == 5


@pytest.mark.parametrize(
    "inventory", [Answer(503, {}, b""), EMPTY, SILENT_COLLAR, LOST_COLLAR]
)
def test_collar_that_says_nothing_leaves_the_batteries(inventory: Entry) -> None:
    """``closed`` behind a Collar proves nothing; a battery that is off grid does."""
    ours = with_relay(CLOSED, ON_GRID)
    ours.check()
    ours.wire.table |= {
        paths.INVENTORY: inventory,
        paths.STATUS: batteries("multimode-offgrid"),
    }
    assert ours.check() == "open"
    ours.wire.table[paths.STATUS] = batteries("multimode-ongrid")
    if inventory in (SILENT_COLLAR, LOST_COLLAR):
        assert ours.check() == "unknown"
    else:
        with pytest.raises(DeviceAnswerError):
            ours.check()


def test_collar_that_says_nothing_at_first_leaves_the_batteries() -> None:
    ours = with_relay(CLOSED, SILENT_COLLAR)
    ours.wire.table[paths.STATUS] = batteries("multimode-offgrid")
    assert ours.check() == "open"
    assert ours.wire.paths == [paths.RELAY, paths.INVENTORY, paths.STATUS]


@pytest.mark.parametrize("inventory", [Answer(503, {}, b""), REFUSED, EMPTY])
def test_collar_that_says_nothing_is_a_failed_poll(inventory: Entry) -> None:
    """``closed`` proves nothing without it; ``open`` does."""
    ours = with_relay(CLOSED, ON_GRID)
    ours.check()
    ours.wire.table[paths.INVENTORY] = inventory
    with pytest.raises(DeviceError):
        ours.check()
    ours.wire.table[paths.RELAY] = OPEN
    assert ours.check() == "open"


def test_collar_of_an_earlier_run_is_asked_at_once() -> None:
    """A System Controller listed instead has replaced it."""
    ours = house(collar=True)
    ours.wire.table = {paths.RELAY: CLOSED, paths.INVENTORY: EMPTY}
    with pytest.raises(DeviceAnswerError, match="not listed now"):
        ours.check()
    ours.wire.table[paths.INVENTORY] = OFF_GRID
    assert ours.check() == "open"
    ours.wire.table[paths.INVENTORY] = CONTROLLER
    assert ours.check() == "closed"


def test_collar_checks_keep_the_inventory_out_of_the_rounds() -> None:
    ours = with_relay(CLOSED, ON_GRID)
    ours.check()
    ours.round()
    assert ours.wire.paths.count(paths.INVENTORY) == 1


def test_401_once_is_a_new_session() -> None:
    ours = with_relay(in_turn(REFUSED, OPEN))
    assert ours.check() == "open"
    assert ours.wire.reconnects == 1
    assert ours.renewal.refusals == 0
    assert ours.wire.paths == [paths.RELAY, paths.RELAY]


def test_401_twice_lets_the_gateway_judge_the_token() -> None:
    ours = with_relay(REFUSED)
    ours.wire.table[paths.CHECK_JWT] = REFUSED
    with pytest.raises(TokenRejected):
        ours.check()
    assert ours.wire.paths == [paths.RELAY, paths.RELAY, paths.CHECK_JWT]
    assert ours.renewal.refusals == 1


@pytest.mark.parametrize("judgement", [VALID, Answer(503, {}, b""), NO_ANSWER])
def test_401_with_a_good_token_renews_nothing(judgement: Entry) -> None:
    ours = with_relay(REFUSED)
    ours.wire.table[paths.CHECK_JWT] = judgement
    with pytest.raises(TokenRejected):
        ours.check()
    assert ours.renewal.refusals == 0


def test_token_is_judged_once_a_minute() -> None:
    ours = with_relay(REFUSED)
    ours.wire.table[paths.CHECK_JWT] = REFUSED
    for _ in range(9):
        with pytest.raises(TokenRejected):
            ours.check()
        ours.clock.now += 20
    assert ours.wire.paths.count(paths.CHECK_JWT) == 3


def test_token_is_judged_again_when_it_worked_or_is_new() -> None:
    ours = with_relay(REFUSED)
    ours.wire.table[paths.CHECK_JWT] = REFUSED
    with pytest.raises(TokenRejected):
        ours.check()
    ours.renewal.token = "token-two"
    with pytest.raises(TokenRejected):
        ours.check()
    assert ours.renewal.refusals == 2
    ours.wire.table[paths.RELAY] = OPEN
    ours.check()
    assert ours.renewal.acceptances == 1
    ours.wire.table[paths.RELAY] = REFUSED
    with pytest.raises(TokenRejected):
        ours.check()
    assert ours.renewal.refusals == 3


def test_no_token_is_a_failed_poll() -> None:
    ours = with_relay(CLOSED)
    ours.renewal.token = None
    with pytest.raises(DeviceError, match="no token yet"):
        ours.check()
    assert not ours.source.has_new_token
    ours.renewal.token = TOKEN
    assert ours.source.has_new_token
    ours.check()
    assert not ours.source.has_new_token
    ours.renewal.token = "renewed-early"
    assert not ours.source.has_new_token


def test_eager_for_the_token_after_a_refused_one() -> None:
    ours = with_relay(REFUSED)
    ours.wire.table[paths.CHECK_JWT] = REFUSED
    with pytest.raises(TokenRejected):
        ours.check()
    assert not ours.source.has_new_token
    ours.renewal.token = "token-two"
    assert ours.source.has_new_token


def test_upkeep_and_close_reach_the_renewal() -> None:
    ours = house()
    ours.source.upkeep(grid_gone=True)
    ours.source.close()
    assert ours.renewal.pokes == [True]
    assert ours.renewal.closed
    assert ours.wire.closed
