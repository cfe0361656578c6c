"""Every test here may run the installed tools on a site of its own."""

from tests.e2e.conftest import known, site

__all__ = ["known", "site"]
