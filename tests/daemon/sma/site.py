"""The installed command with an SMA inverter as the UPS, in a process of its own."""

from nutbridge.simulator.sma.inverter import SimulatedInverter
from tests.e2e.site import Site
from tests.fakes.fixtures import RunningCloud, RunningGateway
from tests.fakes.inverter import PASSWORD, RunningInverter


class SmaSite(Site):
    """One UPS: config, port file, state, and an inverter.

    Args:
        gateway: not in the config; nobody may ask it.
        cloud: likewise.
        running: the inverter.
    """

    def __init__(
        self, gateway: RunningGateway, cloud: RunningCloud, running: RunningInverter
    ) -> None:
        super().__init__(gateway, cloud)
        self.running = running
        for name in ("USERNAME", "PASSWORD", "SERIAL", "ENVOY_HOST"):
            del self.keys[name]
        self.keys |= {"SMA_HOST": running.host, "SMA_PASSWORD": PASSWORD}
        self.secrets = {PASSWORD}

    @property
    def inverter(self) -> SimulatedInverter:
        return self.running.inverter

    def check_words(self) -> None:
        """No secret and no traceback; only the inverter was asked."""
        asked = self.running.server.counts.recent
        sids = {each.query.removeprefix("sid=") for each in asked if each.query}
        self.secrets |= sids - {""}
        super().check_words()
        assert not self.gateway.server.counts.connections
        assert not self.cloud.server.counts.connections
