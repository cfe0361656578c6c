"""Stand-in devices for all tests here."""

from tests.fakes.ennexos import ennexos, run_ennexos

__all__ = ["ennexos", "run_ennexos"]
