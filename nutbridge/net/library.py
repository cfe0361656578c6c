"""The HTTP library, loaded light and kept quiet.

Everybody here takes ``httpx`` from this module.
"""

import logging
import sys
from types import ModuleType
from typing import cast

__all__ = ["WITH_ASYNCIO", "httpx"]

#: Its half for asyncio is whole: only where that was loaded before.
WITH_ASYNCIO = "asyncio" in sys.modules

# Loaded for nothing where they stand beside it, and left out where they cannot be
# found: httpx's own command line (click, rich: 0.1 s more at each start), the event
# loops of its other half (trio: 0.1 s), and what is never asked for: HTTP/2, SOCKS,
# compressed answers.
_UNUSED = (
    *("click", "trio", "h2", "socksio", "brotli", "brotlicffi", "zstandard"),
    *(() if WITH_ASYNCIO else ("anyio",)),
)
_modules = cast("dict[str, ModuleType | None]", sys.modules)
_hidden = {name: _modules.get(name) for name in _UNUSED}
_modules.update(dict.fromkeys(_UNUSED))
try:
    import httpx

    # The rest of it is loaded by its first transport.
    httpx.HTTPTransport(verify=False, trust_env=False).close()
finally:
    for _name in _UNUSED:
        del _modules[_name]
    _modules.update({name: found for name, found in _hidden.items() if found})

# At DEBUG they write whole header lines, session ids among them.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)
