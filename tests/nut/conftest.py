"""Every test here may start a NUT."""

from tests.nut.fixtures import start_nut

__all__ = ["start_nut"]
