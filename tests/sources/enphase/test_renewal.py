"""Renewals beside the loop."""

import logging

import pytest

from nutbridge.errors import CloudError
from nutbridge.sources.enphase.claims import parse_token
from nutbridge.ups.status.saved import RetryState
from tests.sources.enphase.bench import FAR, NEW, OLD, Bench
from tests.sources.enphase.tokens import DAY, NOW, owner_token


def test_fresh_token_is_left_alone() -> None:
    bench = Bench(NEW, CloudError("not asked"))
    assert bench.poke() == 0
    assert bench.renewal.token == NEW


def test_first_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench(None, NEW)
    assert bench.renewal.token is None
    assert bench.poke() == 1
    assert bench.renewal.token == bench.file.text == NEW
    assert bench.cloud.closed == 1
    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert "365 days" in record.getMessage()
    assert bench.renewal.retry_state == RetryState()


def test_early_renewal_offers_the_old_meanwhile() -> None:
    bench = Bench(OLD, NEW)
    bench.cloud.open.clear()
    bench.renewal.poke(grid_gone=False)
    assert bench.renewal.running
    assert bench.renewal.token == OLD
    bench.renewal.poke(grid_gone=False)
    assert not bench.renewal.wait(bench.clock.now)
    bench.cloud.open.set()
    assert bench.renewal.wait(FAR)
    assert bench.renewal.token == bench.file.text == NEW
    assert bench.cloud.asked == [parse_token(OLD)]


def test_no_renewal_in_an_outage() -> None:
    bench = Bench(OLD, NEW)
    assert bench.poke(grid_gone=True) == 0
    assert bench.poke(grid_gone=False) == 1


def test_refused_is_renewed_even_in_an_outage() -> None:
    """The new one then need not outlive the old: that is worth nothing."""
    bench = Bench(NEW, OLD)
    bench.renewal.refused()
    assert bench.poke(grid_gone=True) == 1
    assert bench.cloud.asked == [None]
    assert bench.renewal.token == OLD


def test_accepted_after_all() -> None:
    bench = Bench(NEW, OLD)
    bench.renewal.refused()
    bench.renewal.accepted()
    assert bench.poke() == 0


def test_full_disk_keeps_the_new_one(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(OLD, NEW)
    bench.file.full = True
    bench.poke()
    assert bench.renewal.token == NEW
    assert bench.file.text == OLD
    assert "in memory only: No space left on device" in caplog.text


def test_installer_token_warning(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(None, owner_token(days=0.5))
    bench.poke()
    assert "12 h" in caplog.text
    # Renewed at half of its life.
    bench.cloud.gives = [owner_token(NOW + DAY / 4, days=0.5)]
    assert bench.asked_during(DAY / 4 - 60) == 0
    assert bench.asked_during(120) == 1


def test_ends_soon_warning(caplog: pytest.LogCaptureFixture) -> None:
    Bench(OLD, NEW)
    assert "it ends in 25 days" in caplog.text
    caplog.clear()
    Bench(NEW, NEW)
    assert caplog.text == ""


def test_close_takes_nothing_more() -> None:
    bench = Bench(OLD, NEW)
    bench.cloud.open.clear()
    bench.renewal.poke(grid_gone=False)
    bench.renewal.close()
    bench.cloud.open.set()
    bench.renewal.wait(FAR)
    assert bench.renewal.token == bench.file.text == OLD
    assert bench.poke() == 1


def test_token_is_not_in_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bench = Bench(OLD, NEW)
    bench.poke()
    shown = repr(bench.renewal) + repr(vars(bench.renewal)) + caplog.text
    for token in (OLD, NEW):
        assert token not in shown
        assert token.split(".")[1] not in shown


def test_token_brought_by_a_person_is_taken_without_a_login() -> None:
    """Accounts with a second factor; also while the pause after a failure lasts."""
    bench = Bench(None, CloudError("a second factor is wanted", 900.0))
    assert bench.poke() == 1
    bench.renewal.refused()
    bench.file.text = NEW
    assert bench.poke() == 1
    assert bench.renewal.token == NEW
    bench.clock.advance(DAY)
    assert bench.poke() == 1, "no longer refused"
