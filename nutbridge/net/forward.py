"""One request passed on byte by byte, beside others, in asyncio.

A connection of its own for each; no redirects, no proxies, no cookies, no
decompression. The URL holds a numeric address, found by who calls.
"""

import ssl
from collections.abc import Sequence
from typing import NamedTuple

from nutbridge.net.failures import LinkError, NotConnectedError, describe
from nutbridge.net.library import WITH_ASYNCIO, httpx

if not WITH_ASYNCIO:
    raise ImportError("load asyncio before anything that asks by HTTP")

#: Name and value as they are sent.
RawHeader = tuple[bytes, bytes]


class ForwardRoute(NamedTuple):
    """Where a request goes.

    Attributes:
        url: of the peer, with its numeric address; the path does not count.
        name: for the TLS handshake.
        context: verifies the peer.
        connect_s: limit of connecting, s.
        total_s: limit of each read and write, s.
    """

    url: str
    name: str
    context: ssl.SSLContext
    connect_s: float
    total_s: float


class RawAnswer(NamedTuple):
    """An answer as it came in: order and spelling of headers, raw bytes."""

    status: int
    headers: Sequence[RawHeader]
    body: bytes


async def post_raw(
    way: ForwardRoute,
    target: bytes,
    headers: Sequence[RawHeader],
    body: bytes,
    cap: int,
) -> RawAnswer:
    """Post, and read the whole answer.

    Args:
        way: to whom.
        target: path and query, sent as they are.
        headers: all of them, in order.
        body: sent as it is.
        cap: longest answer taken, bytes.

    Raises:
        NotConnectedError: nothing was sent; another address may do.
        LinkError: no complete answer.
    """
    limits = dict.fromkeys(("read", "write", "pool"), way.total_s)
    request = httpx.Request(
        "POST",
        way.url,
        headers=list(headers),
        content=body,
        extensions={
            "target": target,
            "sni_hostname": way.name,
            "timeout": {"connect": way.connect_s, **limits},
        },
    )
    problem: LinkError
    # A transport of its own per request: nothing is shared that a cancelled one
    # could leave behind. The context, dear to make, is shared.
    async with httpx.AsyncHTTPTransport(verify=way.context, trust_env=False) as peer:
        try:
            response = await peer.handle_async_request(request)
            data = await _body(response, cap)
        except httpx.ConnectTimeout:
            problem = NotConnectedError(f"no connection within {way.connect_s:g} s")
        except httpx.ConnectError as error:
            problem = NotConnectedError(describe(error))
        except httpx.LocalProtocolError:
            problem = LinkError("the request is not HTTP")
        except httpx.RemoteProtocolError:
            problem = LinkError("answer is not HTTP, or was cut off")
        except httpx.NetworkError as error:
            problem = LinkError(describe(error, "connection broke off"))
        except httpx.HTTPError:
            problem = LinkError("no answer")
        else:
            return RawAnswer(response.status_code, response.headers.raw, data)
    # Outside of the except clause: no header is shown with a traceback.
    raise problem


async def _body(response: httpx.Response, cap: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > cap:
                raise LinkError(f"answer larger than {cap >> 20} MiB")
    finally:
        await response.aclose()
    return bytes(body)
