"""Figures for /metrics, in the text format of Prometheus."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    generate_latest,
)

from nutbridge import __version__
from nutbridge.collector.queries.figures import EnvoyFigures
from nutbridge.collector.store.states import Counters

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts since the start; what is kept is asked of the store at each scrape."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        ProcessCollector(namespace="nutbridge", registry=registry)

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"nutbridge_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"nutbridge_{name}", text, labels, registry=registry)

        build = gauge("build_info", "1; the version is a label", "version")
        build.labels(__version__).set(1)

        self.received = counter("reports_received", "Requests to a path of reports")
        self.stored = counter("reports_stored", "Reports stored, repeated ones too")
        self.repeated = counter("reports_repeated", "Of these, bodies known before")
        self.unparsable = counter("reports_unparsable", "Of these, not understood")
        self.forwarded = counter(
            "reports_forwarded", "Reports that the upstream answered with success"
        )
        self.refused = counter("requests_refused", "Requests refused here", "reason")
        self.upstream_answers = counter(
            "upstream_answers", "Answers of the upstream", "status"
        )
        self.upstream_failures = counter(
            "upstream_failures", "Requests that the upstream did not answer"
        )
        self.tls_failures = counter("tls_failures", "TLS handshakes that failed")
        self._upstream = gauge("upstream_up", "1: the last request was answered")
        self._store = gauge("store_up", "1: the last report could be stored")
        self._outbox = gauge("outbox_depth", "Reports that wait for the upstream")
        self._stuck = gauge("outbox_stuck", "Of these, refused while others pass")
        self._dead = gauge("dead_letters", "Reports refused by the upstream for good")
        self._kept = gauge("reports_kept", "Distinct bodies in the database")
        self._unparsed = gauge("reports_unparsed", "Bodies not looked into yet")
        self._quarantined = gauge("quarantined", "Requests kept that were not let in")
        # Of at most a hundred Envoys (queries/figures.py), so are these labels.
        self._last_report = gauge(
            "envoy_last_report_timestamp_seconds",
            "When the last report of an Envoy came",
            "envoy",
        )
        self._waiting = gauge(
            "envoy_oldest_waiting_timestamp_seconds",
            "When the oldest report of an Envoy came that waits for the upstream",
            "envoy",
        )
        self._today = gauge(
            "envoy_energy_today_joules",
            "Energy of this day of the Envoy's place",
            "envoy",
        )
        self._panels = gauge("envoy_panels", "Panels by their state", "envoy", "state")

    def of_envoys(self, found: Iterable[EnvoyFigures]) -> None:
        """Take the figures of the Envoys; those that are not in it any more go."""
        for one in (self._last_report, self._waiting, self._today, self._panels):
            one.clear()
        for figures in found:
            serial = figures.envoy.serial_num
            if figures.envoy.last_received is not None:
                self._last_report.labels(serial).set(figures.envoy.last_received)
            if figures.oldest_waiting is not None:
                self._waiting.labels(serial).set(figures.oldest_waiting)
            self._today.labels(serial).set(figures.today_j)
            for state, count in figures.panels.items():
                self._panels.labels(serial, str(state)).set(count)

    def render(
        self, kept: Counters | None, *, upstream: bool | None, store: bool
    ) -> bytes:
        """Return the page.

        Args:
            kept: None when the store does not answer; the last figures stay.
            upstream: None before the first request; shown as not a number.
            store: whether it works.
        """
        self._upstream.set(float("nan") if upstream is None else upstream)
        self._store.set(store)
        if kept is not None:
            self._outbox.set(kept.outbox)
            self._stuck.set(kept.stuck)
            self._dead.set(kept.dead_letters)
            self._kept.set(kept.reports)
            self._unparsed.set(kept.unparsed)
            self._quarantined.set(kept.quarantined)
        return generate_latest(self._registry)
