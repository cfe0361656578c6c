"""nutbridge reports sample: a report to try the collector with."""

import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from nutbridge.cli.reports import output as out
from nutbridge.errors import NutbridgeError, UsageError


def sample(
    day: Annotated[
        str | None,
        typer.Option(
            metavar="DAY", help="The last of its three days; else the last whole one."
        ),
    ] = None,
) -> None:
    """Write a made-up report of an Envoy: three days of 12 panels.

    One panel is dead, one weak, one in the shade in the morning. The bytes are
    compressed: for a file, or a pipe to curl.
    """
    with out.orderly():
        from nutbridge.simulator import legacy_envoy

        if sys.stdout.isatty():
            raise NutbridgeError("these are compressed bytes: give a pipe or a file")
        midnight = (
            _last(time.time(), legacy_envoy.SUNSET_S) if day is None else _midnight(day)
        )
        sys.stdout.buffer.write(legacy_envoy.sample(midnight))


def _last(now: float, sunset_s: int) -> int:
    """Return when the last day began (UTC) whose sun has set."""
    return int((now - sunset_s) // 86_400 * 86_400)


def _midnight(text: str) -> int:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--day {text}: a day is needed, as 2026-06-21") from None
    return int(day.timestamp())
