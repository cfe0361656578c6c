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
    BASE: ("nutbridge", "errors", "units", "notices", "reports.errors", "nut.errors"),
    PURE: (
        *("model", "wire", "source", "settings", "config_text", "config_keys"),
        *("config_values", "jsonfields", "redact", "derive", "status"),
        *("nut", "nut.variables", "nut.values", "nut.port_text", "nut.user_settings"),
        *("nut.edit", "mask", "look.status", "file_names"),
        *("nut.makers", "retry_state"),
        *("nut.ups_conf", "install", "install.places", "install.texts"),
        *("install.plan", "install.basis"),
        *("enphase", "enphase.paths", "enphase.readings", "enphase.meters"),
        *("enphase.info", "enphase.flows", "enphase.facts", "enphase.claims"),
        *("enphase.schedule", "enphase.test_cycle"),
        *("doctor", "doctor.finding", "doctor.facts", "doctor.judge_files"),
        *("doctor.judge_nut", "doctor.judge_gateway", "doctor.judge_token"),
        *("doctor.judge_inverter", "doctor.judge_storage"),
        *("reports", "reports.model", "reports.parse", "reports.envelope"),
        *("reports.elements", "reports.values", "reports.report_xml"),
        *("reports.codes", "reports.redaction", "reports.periods"),
        *("reports.serve.options", "reports.serve.rate", "reports.serve.headers"),
        *("reports.serve.verdict", "reports.serve.tasks"),
        *("sma", "sma.answers", "sma.paths", "sma.keys", "sma.status"),
        *("sma.readings", "sma.facts", "sma.config"),
        *("sma.units", "sma.language", "sma.objects", "sma.payload", "sma.formats"),
        *("sma.rows", "sma.decode", "sma.tree", "sma.identity"),
    ),
    ADAPTER: (
        *("clock", "host", "files", "config_file", "lock", "sdnotify", "state_store"),
        *("wish", "pin_store"),
        *("transport", "https", "tls", "link", "worker", "addresses"),
        *("discovery", "install.files"),
        *("nut.port_file", "nut.driver", "nut.upsd"),
        *("nut.versions", "doctor.access", "doctor.systemd"),
        *("enphase.gateway", "enphase.cloud", "enphase.token_store"),
        *("enphase.identity", "enphase.test_wire"),
        *("sma.client", "sma.cache", "sma.login_gate", "sma.session_store", "sma.pin"),
        *("reports.store", "reports.queries"),
        *("reports.serve.upstream", "reports.serve.resolver", "reports.serve.threads"),
        *("reports.serve.certificate", "reports.serve.listeners"),
        *("reports.serve.body", "reports.serve.reply"),
    ),
    LOOP: (
        *("monitor", "runner", "panel", "telling", "keeper", "wiring"),
        *("edits", "capture", "lost_lb", "releasing"),
        *("look", "look.gather", "look.live", "look.renewing", "look.state"),
        *("look.token", "look.values", "look.words", "look.inverter"),
        *("enphase.source", "enphase.details", "enphase.errands", "enphase.renewal"),
        *("install.probe", "install.search"),
        *("doctor.place", "doctor.checks", "doctor.files_probe", "doctor.nut_probe"),
        *("doctor.gateway_probe", "doctor.token_probe", "doctor.inverter_probe"),
        *("sma.connect", "sma.foreign", "sma.source", "sma.side", "sma.wiring"),
        "sma.once",
        "enphase.wiring",
        "reports.serve",
    ),
    CLI: ("cli", "demo", "drill", "man", "__main__"),
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
MIXED = (
    *("nutbridge", "nutbridge.nut", "nutbridge.enphase", "nutbridge.install"),
    *("nutbridge.sma", "nutbridge.reports", "nutbridge.doctor", "nutbridge.look"),
)

#: One connection to a device, in several files; of use to all adapters.
CONNECTION = {"transport", "https", "tls", "link", "worker", "addresses"}
SHARED_ADAPTERS = {"clock", "files"} | CONNECTION
#: Adapters in several files; within a group one may import another.
GROUPS = (CONNECTION, {"reports.store", "reports.queries"}, {"reports.serve"})

#: Never loaded by the daemon, so these may load what is too heavy for it.
NOT_OF_THE_DAEMON = {"reports"}

#: Libraries that only some modules may know.
ONLY_IN = {
    "httpx": ("transport", "reports.serve.upstream"),
    "httpcore": ("transport",),
    "tenacity": ("transport",),
    "jwt": ("enphase.claims",),
    "typer": ("cli", "demo", "__main__"),
    "trustme": ("cli", "demo", "standin"),
    "sqlalchemy": ("reports.store", "reports.queries"),
    "psycopg": ("reports.store",),
    "uvicorn": ("reports.serve.listeners",),
    "starlette": ("reports.serve.status",),
    "prometheus_client": ("reports.serve.metrics",),
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
