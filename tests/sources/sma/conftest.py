"""Stand-in inverters for all tests here."""

from tests.fakes.inverter import hybrid, run_inverter

__all__ = ["hybrid", "run_inverter"]
