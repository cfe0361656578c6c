"""The layers of the package, as data.

An arrow points only downwards: cli > loop > adapters > pure > base. The stand-in
is a world of its own beside them. test_layers.py holds the code to it.
"""

PACKAGE = "nutbridge"

BASE, PURE, ADAPTER, LOOP, CLI, STANDIN = (
    "base",
    "pure",
    "adapter",
    "loop",
    "cli",
    "standin",
)

#: The layer of each module, or of each package with all that is in it and not
#: named itself. A module without a layer is an error: decide where it belongs.
LAYERS = {
    BASE: ("nutbridge", "errors", "units", "notices"),
    PURE: (
        *("model", "wire", "source", "settings", "config_text", "config_keys"),
        *("config_values", "jsonfields", "redact", "derive", "status"),
        *("nut", "nut.variables", "nut.values", "nut.port_text", "nut.user_settings"),
        *("enphase", "enphase.paths", "enphase.readings", "enphase.meters"),
        *("enphase.info", "enphase.flows", "enphase.facts", "enphase.claims"),
        *("enphase.schedule", "enphase.test_cycle"),
    ),
    ADAPTER: (
        *("clock", "files", "config_file", "lock", "sdnotify", "state_store"),
        *("transport", "https", "tls", "link", "worker", "addresses"),
        *("nut.port_file", "nut.driver"),
        *("enphase.gateway", "enphase.cloud", "enphase.token_store"),
        *("enphase.identity", "enphase.pin_store", "enphase.test_wire"),
    ),
    LOOP: (
        *("monitor", "runner", "panel", "telling", "keeper", "wiring"),
        *("enphase.source", "enphase.details", "enphase.errands", "enphase.renewal"),
    ),
    CLI: ("cli", "demo", "__main__"),
    STANDIN: ("standin",),
}

#: What a layer may import besides itself.
BELOW = {
    BASE: set[str](),
    PURE: {BASE},
    ADAPTER: {BASE, PURE},
    LOOP: {BASE, PURE, ADAPTER},
    CLI: {BASE, PURE, ADAPTER, LOOP, STANDIN},
    STANDIN: {BASE, PURE},
}

#: These packages hold modules of several layers: each module is named above.
MIXED = ("nutbridge", "nutbridge.nut", "nutbridge.enphase")

#: One connection to a device, in several files; of use to all adapters.
CONNECTION = {"transport", "https", "tls", "link", "worker", "addresses"}
SHARED_ADAPTERS = {"clock", "files"} | CONNECTION

#: Libraries that only some modules may know.
ONLY_IN = {
    "httpx": ("transport",),
    "httpcore": ("transport",),
    "tenacity": ("transport",),
    "jwt": ("enphase.claims",),
    "typer": ("cli", "demo", "__main__"),
    "trustme": ("cli", "demo", "standin"),
}

#: Doors to the world outside, closed to pure modules.
IMPURE_MODULES = {
    *("os", "sys", "io", "time", "select", "selectors", "signal", "socket", "ssl"),
    *(
        "pathlib",
        "logging",
        "subprocess",
        "threading",
        "queue",
        "tempfile",
        "shutil",
        "fcntl",
    ),
    *("asyncio", "locale", "http", "urllib.request", "secrets", "glob", "warnings"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
#: Methods of date and datetime that look at the clock.
IMPURE_METHODS = {"now", "today", "utcnow"}
#: Time is an argument of the loop.
CLOCK_CALLS = {"time", "monotonic", "sleep", "clock_gettime", "perf_counter"}

#: Too heavy for a daemon on a small board: each costs 10 to 100 ms at the start.
NEVER_LOADED = {
    *("asyncio", "pydantic", "rich", "zeroconf", "sqlite3", "starlette"),
    *("sqlalchemy", "importlib.metadata"),
}

#: Needed by a poll or an error only, not by ``enphase-monitor -h``.
NOT_AT_THE_START = {
    *("httpx", "httpcore", "tenacity", "jwt", "xml.parsers.expat"),
}
