"""HTTPS to the cloud: certificates are verified, and no check needs it."""

import contextlib
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from nutbridge.errors import DeviceUnreachable
from nutbridge.net.addresses import Resolve, resolve_host
from nutbridge.net.https import HttpsDevice
from nutbridge.net.library import httpx
from nutbridge.net.tls import WatchedSocket
from nutbridge.net.wire import Answer, Request
from nutbridge.net.worker import ThreadWaiter
from nutbridge.system.clock import Clock


def verifying_context(ca_file: Path | None) -> ssl.SSLContext:
    """Make a context that trusts ``ca_file``, else the system, else httpx's list."""
    paths = ssl.get_default_verify_paths()
    if ca_file is None and not (
        paths.cafile or (paths.capath and any(Path(paths.capath).iterdir()))
    ):
        context = httpx.create_ssl_context(trust_env=False)
    else:
        context = ssl.create_default_context(cafile=ca_file)
    context.sslsocket_class = WatchedSocket
    return context


class CloudHttps:
    """A ``wire.Wire`` to absolute https URLs with verified certificates.

    For a thread of its own: no signal ends its waiting.

    Args:
        clock: tells CLOCK_BOOTTIME.
        timeout_s: limit of one request in all.
        ca_file: certificates to trust instead of the system's, PEM.
        resolve: finds addresses.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        ca_file: Path | None = None,
        resolve: Resolve = resolve_host,
    ) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._resolve = resolve
        self._context: ssl.SSLContext | None = None

    def send(self, request: Request, until: float) -> Answer:
        """Send over a connection of its own: two requests a year go there.

        Raises:
            DeviceUnreachable: host, path and what happened.
        """
        url = urlsplit(request.path)
        netloc = url.netloc.rpartition("@")[2]
        if url.scheme != "https" or not url.hostname:
            raise DeviceUnreachable(f"{netloc}{url.path}", "not an https address")
        self._context = self._context or verifying_context(self._ca_file)
        device = HttpsDevice(
            netloc,
            context=self._context,
            clock=self._clock,
            waiter=ThreadWaiter(),
            timeout_s=self._timeout_s,
            total_s=self._timeout_s,
            resolve=self._resolve,
        )
        device.where = netloc
        path = url.path + (f"?{url.query}" if url.query else "")
        with contextlib.closing(device):
            return device.send(request._replace(path=path), until)

    def reconnect(self) -> None:
        """Nothing to drop."""

    close = reconnect
