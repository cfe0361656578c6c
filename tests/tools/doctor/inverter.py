"""A house with an SMA inverter as the UPS, for doctor to look at."""

from collections.abc import Iterator, Mapping

import pytest

from nutbridge.tools.doctor.check import CheckOutcome, CheckVerdict
from tests.fakes.inverter import PASSWORD, RunningInverter
from tests.tools.doctor.lab import Lab, checks, running_lab

#: The checks of an inverter beside a gateway.
WAY = {
    *("inverter-resolves", "inverter-connects", "inverter-certificate"),
    *("inverter-webconnect", "inverter-login", "inverter-firmware"),
}
#: The checks of one that is the UPS.
OWN = WAY | {
    *("inverter-ups", "inverter-grid", "inverter-battery", "inverter-backup"),
    *("inverter-health", "charge-low"),
}


@pytest.fixture
def house() -> Iterator[Lab]:
    """A config without a gateway; nothing of it runs."""
    with running_lab() as lab:
        for name in ("USERNAME", "PASSWORD", "SERIAL", "ENVOY_HOST"):
            del lab.site.keys[name]
        (lab.site.state / "home.dev-nocomms").write_text("battery.charge.low: 20\n")
        yield lab


def keys_of(running: RunningInverter) -> dict[str, str]:
    """Return the keys of a config that leads to an inverter."""
    return {"SMA_HOST": running.host, "SMA_PASSWORD": PASSWORD}


def failing(found: Mapping[str, CheckVerdict]) -> set[str]:
    """Return the checks of the inverter that fail."""
    return checks(found, CheckOutcome.FAILED) & OWN
