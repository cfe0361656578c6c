"""The rooms of the package, and what each may know, as data (test_layers.py)."""

PACKAGE = "nutbridge"

#: Room -> the rooms that it may import, besides itself and ``errors``.
ROOMS: dict[str, frozenset[str]] = {}


def _room(name: str, *below: str) -> None:
    """Add a room above others; what those may import, it may too."""
    reach = {other for room in below for other in ROOMS[room]}
    ROOMS[name] = frozenset({*below, *reach})


_room("errors")
_room("ups")
_room("system", "ups")
_room("net", "system")
_room("nut", "net")
_room("config", "nut")
_room("sources", "config")
_room("daemon", "sources")
_room("collector", "net")
_room("simulator", "system")
_room("tools", "daemon", "simulator")
_room("man", "config")
_room("web", "collector", "daemon")
_room("cli", "tools", "collector", "man", "web")

#: Module -> what it alone of its room may import.
ALONE = {"nut": ("net", "nut.upsd")}

#: Rooms, and modules of other rooms, that touch no file, clock, network or log.
PURE = (
    *("errors", "ups", "nut.variables", "nut.words"),
    "nut.port_text",
    *("nut.edit", "nut.ups_conf", "nut.numbers"),
    *("nut.errors", "net.wire", "net.jsonfields", "system.redact", "system.text"),
    *("config.keys", "config.text", "config.settings"),
    "config.sma",
    *("sources.enphase.paths", "sources.enphase.readings", "sources.enphase.meters"),
    *("sources.enphase.info", "sources.enphase.flows", "sources.enphase.facts"),
    *("sources.enphase.claims", "daemon.playback.cycle"),
    *("sources.sma.status", "sources.sma.facts", "sources.sma.reading"),
    *("sources.sma.rows", "sources.sma.tree", "sources.sma.ennexos.channels"),
    *("sources.sma.ennexos.readings", "sources.sma.ennexos.texts"),
    *("sources.sma.ennexos.decode", "sources.sma.pasted"),
    *(
        f"sources.sma.webconnect.{name}"
        for name in (
            *("answers", "paths", "keys", "readings", "units", "language", "objects"),
            *("payload", "formats", "decode", "identity"),
        )
    ),
    *(
        "tools.history",
        "tools.mask",
        "tools.status.report",
        "tools.setup.places",
        "tools.setup.texts",
    ),
    *("tools.setup.plan", "tools.setup.context", "tools.doctor.check"),
    *("tools.doctor.charge", "tools.doctor.storage", "tools.doctor.upsd"),
    *("web.model", "web.charts"),
    *("collector.errors", "collector.parse", "collector.serve.options"),
    *(
        "collector.mqtt.messages",
        "collector.serve.rate",
        "collector.serve.headers",
        "collector.serve.verdict",
    ),
    *("collector.queries.panel_states", "simulator.legacy_envoy"),
)

#: Rooms that are given their clock and never look at one themselves.
CLOCK_IS_GIVEN = ("ups", "daemon", "sources", "tools.status", "tools.doctor")

#: Libraries that only some modules may know.
ONLY_IN = {
    "httpx": ("net.library",),
    "httpcore": (),
    "tenacity": ("net",),
    "jwt": ("sources.enphase.claims",),
    "typer": ("cli", "tools.demo", "__main__"),
    "trustme": ("cli", "tools.demo", "simulator"),
    "zeroconf": ("sources.discovery",),
    # One writer, which lets no formula through.
    "csv": ("cli.common",),
    "sqlalchemy": ("collector.store", "collector.queries"),
    "psycopg": ("collector.store",),
    "uvicorn": ("collector.serve.listeners",),
    "starlette": ("collector.serve.status", "web.app", "web.metrics"),
    "paho": ("collector.mqtt.publish",),
    "jinja2": ("web.app",),
    "prometheus_client": ("collector.serve.metrics", "web.metrics"),
}

#: Doors to the world outside, closed to pure modules.
IMPURE_MODULES = {
    *("os", "sys", "io", "time", "select", "selectors", "signal", "socket", "ssl"),
    *("pathlib", "logging", "subprocess", "threading", "queue", "tempfile", "shutil"),
    *("fcntl", "asyncio", "locale", "http", "urllib.request", "secrets", "glob"),
    "warnings",
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "breakpoint"}
#: Methods of date and datetime that look at the clock.
IMPURE_METHODS = {"now", "today", "utcnow"}
#: Time is an argument.
CLOCK_CALLS = {"time", "monotonic", "sleep", "clock_gettime", "perf_counter"}

#: Rooms of the daemon: all that a poll can need.
OF_THE_DAEMON = (
    *("errors", "ups", "system", "net", "nut", "config", "sources", "daemon"),
)
#: Modules in them that the collector alone needs.
OF_THE_COLLECTOR = ("net.forward",)
#: Too heavy for a daemon on a small board: each costs 10 to 100 ms at the start.
NEVER_LOADED = {
    *("asyncio", "pydantic", "rich", "zeroconf", "sqlite3", "starlette"),
    *("sqlalchemy", "importlib.metadata", "trio", "anyio", "click"),
}

#: Needed by a poll or an error only, not by the way to it.
NOT_AT_THE_START = {
    *("httpx", "httpcore", "tenacity", "jwt", "xml.parsers.expat", "typer"),
}

#: Modules of the daemon with imports inside of functions that the loop never reaches.
#: Any other such import stands in daemon.preload.
LATE = {
    "daemon.wiring": "before the loop",
    "daemon.wiring_enphase": "before the loop",
    "config.file": "before the loop",
    "config.settings": "before the loop",
    "daemon.history.file": "read by tools; and a module of system.files",
    "daemon.playback.wire": "TEST mode",
    "sources.enphase.claims": "the thread of a login",
    "sources.discovery": "tools",
    "system.installation": "tools",
    "system.rights": "tools; and a module built in",
}
