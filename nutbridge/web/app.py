"""What is asked for, and what is answered. All of it can only be read.

Pages and ``/api`` show the same objects. A page is made once for all who look at it in
the same moment; who has it already is told so (ETag, 304).
"""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import jinja2
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from nutbridge.collector.queries.recent import Poll
from nutbridge.errors import NutbridgeError
from nutbridge.system.text import printable
from nutbridge.web import house_page, panels_page, words
from nutbridge.web.kept import Kept
from nutbridge.web.model import HouseState
from nutbridge.web.solar_model import Solar

_log = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_STATIC = {
    "style.css": "text/css; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_YEAR_S = 31536000
_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
#: Pages that are kept made; more are of somebody who tries names.
_MOST_PAGES = 200
#: How often an open page asks again, s: on line, and while something is the matter.
CALM_S, BUSY_S, PANELS_S = 10, 4, 60


class Link(NamedTuple):
    """One of the navigation."""

    href: str
    words: str
    here: bool


class PageAnswer(NamedTuple):
    """A body that was made, and what it was made of."""

    made_of: tuple[object, ...]
    body: bytes
    etag: str


class SolarSource(NamedTuple):
    """Where panels are known from.

    Attributes:
        solar: all of them.
        polls: makes what asks for the polls of one.
    """

    solar: Kept[Solar]
    polls: Callable[[str], Kept[tuple[Poll, ...]]]


def _plain(value: object) -> object:
    """Show a text without characters that would move something."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value)
    return value


class Pages:
    """The pages of some houses and of one collector's panels.

    Args:
        houses: by the name of their UPS, in the order of the navigation.
        panels: where they are known from; None without a database.
        extra: further routes (``/metrics``).
    """

    def __init__(
        self,
        houses: Mapping[str, Kept[house_page.HouseLook]],
        panels: SolarSource | None = None,
        extra: Sequence[BaseRoute] = (),
    ) -> None:
        self._houses = houses
        self._panels_of = panels
        self._polls: dict[str, Kept[tuple[Poll, ...]]] = {}
        self._extra = extra
        self._made: dict[str, PageAnswer] = {}
        self._told_of: dict[str, str] = {}
        self._static = {
            name: (_HERE / "static" / name).read_bytes() for name in _STATIC
        }
        joined = b"".join(self._static.values())
        self._stamp = hashlib.sha256(joined).hexdigest()[:12]
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            finalize=_plain,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {"w": words, "css": panels_page.css}

    def app(self) -> Starlette:
        """Return the application."""
        routes = [
            Route("/", self._first),
            Route("/house/{ups}", self._house),
            Route("/panels", self._panels),
            Route("/panels/{eqid:path}", self._panel),
            Route("/api/houses", self._api_houses),
            Route("/api/house/{ups}", self._api_house),
            Route("/api/history/{ups}", self._api_history),
            Route("/api/panels", self._api_panels),
            Route("/api/panels/{eqid:path}", self._api_panel),
            Route("/healthz", self._healthz),
            Route("/static/{name}", self._file),
        ]
        return Starlette(
            routes=[*routes, *self._extra],
            exception_handlers={
                HTTPException: self._on_http,
                NutbridgeError: self._on_problem,
                Exception: self._on_bug,
            },
        )

    async def _first(self, request: Request) -> Response:
        for ups in self._houses:
            return await self._house_page(request, ups)
        return await self._panels(request)

    async def _house(self, request: Request) -> Response:
        return await self._house_page(request, request.path_params["ups"])

    async def _house_page(self, request: Request, ups: str) -> Response:
        kept = self._houses.get(ups)
        if kept is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no UPS called {ups}.")
        look = await kept.get()
        calm = look.house.state is HouseState.ON_LINE
        return self._page(
            request,
            f"house/{ups}",
            (look.house, look.past),
            lambda: self._render(
                "house.html",
                {
                    **house_page.context(look),
                    "every": CALM_S if calm else BUSY_S,
                    "apis": (f"/api/house/{ups}", f"/api/history/{ups}"),
                },
                here=f"/house/{ups}",
            ),
        )

    async def _panels(self, request: Request) -> Response:

        if self._panels_of is None:
            return self._problem(
                HTTPStatus.NOT_FOUND,
                "No panels are known",
                "This page was started without --db, the database of the collector "
                "(nutbridge reports serve), which takes the reports of a legacy Envoy.",
                here="/panels",
            )
        solar = await self._panels_of.solar.get()
        return self._page(
            request,
            "panels",
            (solar,),
            lambda: self.panels_body(solar),
        )

    def panels_body(self, solar: Solar) -> bytes:
        """Return the page of the panels."""
        values = {
            **panels_page.context(solar),
            "every": PANELS_S,
            "apis": ("/api/panels",),
        }
        return self._render("panels.html", values, here="/panels")

    async def _panel(self, request: Request) -> Response:
        eqid = request.path_params["eqid"]
        solar = await self._known_panel(eqid)
        polled = await self._polled(eqid)
        return self._page(
            request,
            f"panels/{eqid}",
            (solar, polled),
            lambda: self._render(
                "panel.html",
                {
                    **panels_page.panel_context(solar, eqid, polled),
                    "every": PANELS_S,
                    "apis": (f"/api/panels/{quote(eqid)}",),
                },
                here="/panels",
            ),
        )

    async def _polled(self, eqid: str) -> tuple[Poll, ...]:
        """Return the polls of a panel that is known: so there are not many."""
        assert self._panels_of is not None  # noqa: S101 - else no panel is known
        kept = self._polls.get(eqid)
        if kept is None:
            kept = self._panels_of.polls(eqid)
            self._polls[eqid] = kept
        return await kept.get()

    async def _known_panel(self, eqid: str) -> Solar:
        solar = None if self._panels_of is None else await self._panels_of.solar.get()
        if solar is None or solar.panel(eqid) is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"There is no panel {eqid}.")
        return solar

    async def _api_houses(self, request: Request) -> Response:
        found = {ups: f"/api/house/{ups}" for ups in self._houses}
        return self._json(request, found)

    async def _api_house(self, request: Request) -> Response:
        look = await self._look(request)
        return self._json(request, house_page.house_object(look))

    async def _api_history(self, request: Request) -> Response:
        look = await self._look(request)
        return self._json(request, house_page.history_object(look))

    async def _look(self, request: Request) -> house_page.HouseLook:
        kept = self._houses.get(request.path_params["ups"])
        if kept is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such UPS.")
        return await kept.get()

    async def _api_panels(self, request: Request) -> Response:
        if self._panels_of is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no database (--db).")
        solar = await self._panels_of.solar.get()
        return self._page(
            request, "api/panels", (solar,), lambda: _as_json(solar.plain()), _JSON
        )

    async def _api_panel(self, request: Request) -> Response:
        eqid = request.path_params["eqid"]
        solar = await self._known_panel(eqid)
        return self._json(request, solar.panel_object(eqid))

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def _file(self, request: Request) -> Response:
        # Only what was read at the start has a name here: no path leads elsewhere.
        name = request.path_params["name"]
        data = self._static.get(name)
        if data is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
        fresh = f"public, max-age={_YEAR_S}, immutable"
        return Response(
            data, media_type=_STATIC[name], headers={"cache-control": fresh}
        )

    def _page(
        self,
        request: Request,
        name: str,
        made_of: tuple[object, ...],
        make: Callable[[], bytes],
        kind: str = _HTML,
    ) -> Response:
        """Return a page, made anew where what it shows is another object now."""
        known = self._made.get(name)
        same = known is not None and all(
            one is other for one, other in zip(known.made_of, made_of, strict=True)
        )
        if known is None or not same:
            body = make()
            known = PageAnswer(made_of, body, _etag(body))
            if len(self._made) >= _MOST_PAGES:
                self._made.clear()
            self._made[name] = known
        return _answer(request, known.body, known.etag, kind)

    def _json(self, request: Request, found: object) -> Response:
        body = _as_json(found)
        return _answer(request, body, _etag(body), _JSON)

    def _render(self, template: str, values: Mapping[str, Any], *, here: str) -> bytes:
        links = [
            Link(f"/house/{ups}", "House" if len(self._houses) == 1 else ups,
                 here == f"/house/{ups}")
            for ups in self._houses
        ]  # fmt: skip
        links.append(Link("/panels", "Panels", here == "/panels"))
        page = self._templates.get_template(template)
        text = page.render(links=links, stamp=self._stamp, **values)
        return text.encode()

    def _problem(
        self, status: int, head: str, more: str, *, here: str = ""
    ) -> Response:
        # What cannot be read now may be there in a moment.
        every = CALM_S if status == HTTPStatus.SERVICE_UNAVAILABLE else 0
        values = {"head": head, "more": more, "every": every, "apis": ()}
        body = self._render("problem.html", values, here=here)
        headers = {"cache-control": "no-store"}
        return Response(body, int(status), headers, _HTML)

    async def _on_http(self, request: Request, exc: Exception) -> Response:
        assert isinstance(exc, HTTPException)  # noqa: S101 - Starlette's promise
        status = HTTPStatus(exc.status_code)
        return self._told(request, status, status.phrase, exc.detail)

    async def _on_problem(self, request: Request, exc: Exception) -> Response:
        where = request.url.path.split("/")[1]
        # Open pages ask again and again; a line in the log once.
        if self._told_of.get(where) != str(exc):
            self._told_of[where] = str(exc)
            _log.warning("/%s: %s", printable(where), printable(str(exc)))
        return self._told(
            request, HTTPStatus.SERVICE_UNAVAILABLE, "This cannot be read now", str(exc)
        )

    async def _on_bug(self, request: Request, _exc: Exception) -> Response:
        return self._told(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "This page has a fault",
            "Its log says more; please report it.",
        )

    def _told(self, request: Request, status: int, head: str, more: str) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"error": more}, int(status))
        return self._problem(status, head, more)


def _as_json(found: object) -> bytes:
    return (json.dumps(found) + "\n").encode("ascii")


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def _answer(request: Request, body: bytes, etag: str, kind: str) -> Response:
    # Asked again each time, sent again only where it is another.
    headers = {"etag": etag, "cache-control": "no-cache"}
    known = request.headers.get("if-none-match", "")
    if etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=int(HTTPStatus.NOT_MODIFIED), headers=headers)
    return Response(body, headers=headers, media_type=kind)
