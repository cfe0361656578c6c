"""The timezone that an Envoy names: how far its clocks are east of UTC.

Envoys name zones by links like US/Eastern, which some systems leave out; the
package tzdata has them.
"""

import functools
import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from nutbridge.collector.store.zone_names import RAILS, WINDOWS

#: As Rails shows a zone: ``(GMT-08:00) Pacific Time (US & Canada)``.
_OFFSET = re.compile(r"\A\((?:GMT|UTC)[^()]{0,10}\)\s*")
_NAMES = WINDOWS | RAILS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: No place changes its clocks but at a multiple of this, s.
QUARTER_S = 900


def named_zone(text: str | None) -> str | None:
    """Return the name that an Envoy gave; None where it gave none, or blanks."""
    return text if text and text.strip() else None


@functools.lru_cache(maxsize=1024)
def zone_of(name: str | None) -> tzinfo | None:
    """Return the zone of that name; None where it is not known."""
    plain = _OFFSET.sub("", (name or "").strip())
    try:
        # It would be read as a path, and "localtime" is this machine's.
        if plain[:1].isupper():
            return ZoneInfo(_NAMES.get(plain, plain))
    except (ValueError, OSError, LookupError):
        pass
    return None


def offset_s(name: str | None, moment: int) -> int:
    """Return seconds east of UTC at a moment; 0 where the zone is not known.

    Args:
        name: of the zone, as on the wire.
        moment: Unix seconds.
    """
    return _offset_s(name, moment // QUARTER_S)


@functools.lru_cache(maxsize=65_536)
def _offset_s(name: str | None, quarter: int) -> int:
    place = zone_of(name)
    if place is None:
        return 0
    # Not fromtimestamp: some platforms refuse moments before 1970.
    there = (_EPOCH + timedelta(seconds=quarter * QUARTER_S)).astimezone(place)
    return int((there.utcoffset() or timedelta()).total_seconds())
