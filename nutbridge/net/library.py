"""The HTTP library, loaded light and kept quiet.

Everybody here takes ``httpx`` from this module.
"""

import logging
import sys
from types import ModuleType
from typing import cast

__all__ = ["httpx"]

# httpx loads a command line of its own where click and rich stand beside it: 0.1 s
# more at each start. It leaves that out where click cannot be found.
_modules = cast("dict[str, ModuleType | None]", sys.modules)
_click = _modules.get("click")
_modules["click"] = None
try:
    import httpx
finally:
    del _modules["click"]
    if _click is not None:
        _modules["click"] = _click

# At DEBUG they write whole header lines, session ids among them.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
