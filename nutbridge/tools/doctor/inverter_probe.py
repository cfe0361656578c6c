"""Ask the SMA inverter of a config, beside a monitor that may be running.

Nothing is changed and no session stays: the monitor's is used where there is
one, and a session made here is ended. Where the monitor's files may not be
read, nothing is sent: neither a password to whoever is there, nor a login that
takes one more of the four sessions.
"""

from dataclasses import replace
from pathlib import Path

from nutbridge.config.file_names import inverter_pin_name
from nutbridge.config.sma import SmaSettings
from nutbridge.errors import CertificateChanged, DeviceError
from nutbridge.tools.doctor.facts import InverterFacts
from nutbridge.tools.doctor.gateway_probe import resolve
from nutbridge.tools.doctor.place import DoctorContext

#: Login, values, logout and a connect have to fit into the time that is left: a
#: session that is not ended stays taken, and an inverter has four.
_REQUESTS = 5
#: So many times its limit does a look for the cause of a silence take.
_EXPLAINING = 6
#: Less is not enough for anything, s.
_LEAST_S = 1.0


def ask_inverter(place: DoctorContext) -> InverterFacts | None:
    """Gather what the inverter says; None where the config has none."""
    from nutbridge.net.pin_store import PinStore

    sma = place.settings.sma
    if sma is None:
        return None
    state, ups = Path(place.settings.state_dir), place.settings.ups
    facts = InverterFacts(sma.host)
    facts = replace(facts, known=PinStore(state / inverter_pin_name(ups)).peek())
    found = resolve(sma.host, place)
    if isinstance(found, str):
        return replace(facts, unresolved=found)
    facts = replace(facts, addresses=tuple(found))
    if not sma.password:
        return replace(facts, problem="no password is set", kind="NoPassword")
    return _ask(place, sma, facts)


def _ask(place: DoctorContext, sma: SmaSettings, facts: InverterFacts) -> InverterFacts:
    from nutbridge.sources.sma.single_query import look_once

    quick = replace(sma, timeout_s=min(sma.timeout_s, _share_s(place, _REQUESTS)))
    settings = place.settings
    try:
        look = look_once(
            quick, settings.state_dir, settings.ups, place.clock, place.leaving
        )
    except OSError as exc:
        return replace(facts, denied=str(exc.filename))
    except DeviceError as exc:
        return _explained(place, sma, facts, exc)
    return replace(
        facts,
        shown=look.fingerprint,
        borrowed=look.borrowed,
        reading=look.reading,
        grid=look.grid,
        backup=look.backup,
    )


def _explained(
    place: DoctorContext, sma: SmaSettings, facts: InverterFacts, error: DeviceError
) -> InverterFacts:
    """Add why there is no answer: another kind of device, another scheme."""
    from nutbridge.sources.sma.webconnect.foreign import explain

    if isinstance(error, CertificateChanged):
        facts = replace(facts, shown=error.shown)
    elif place.left_s > _LEAST_S:
        error = explain(
            error,
            sma.host,
            scheme=sma.scheme,
            timeout_s=_share_s(place, _EXPLAINING),
            option="SMA_SCHEME=",
        )
    return replace(facts, problem=error.problem, kind=type(error).__name__)


def _share_s(place: DoctorContext, parts: int) -> float:
    """Return a part of the time that is left, in tenths: people read it."""
    return max(0.1, int(10 * place.left_s / parts) / 10)
