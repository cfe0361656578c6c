"""Scripted failures, laid around any answer function.

``Faults(answer)`` is itself an answer function. Closed ports, lost connections
and stuck handshakes belong to the server: ``refuse``, ``drop_connections``,
``stalled``.

FAULTS names every failure that makes an answer useless for all endpoints, and
ODD_VALUES those that spoil values in a readable body, for table tests.
"""

import threading
from collections import deque
from collections.abc import Mapping

from nutbridge.simulator.messages import Answer, Incoming, Reply
from tests.fakes import failures, spoil
from tests.fakes.failures import Fault


class Faults:
    """Decides for each request whether it goes well.

    A fault for a path goes before one for all paths, one for a single request
    before a lasting one.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self._lock = threading.Lock()
        self._lasting: dict[str | None, Fault] = {}
        self._once: dict[str | None, deque[Fault | None]] = {}

    def always(self, fault: Fault, *paths: str) -> None:
        """Fail every request (to ``paths``) until ``clear``."""
        with self._lock:
            self._lasting.update(dict.fromkeys(paths or (None,), fault))

    def once(self, *script: Fault | None, path: str | None = None) -> None:
        """Fail the next requests one after another; None lets one go well."""
        with self._lock:
            self._once.setdefault(path, deque()).extend(script)

    def clear(self, *paths: str) -> None:
        """Let everything (or ``paths``) go well again."""
        with self._lock:
            for path in paths or [*self._lasting, *self._once]:
                self._lasting.pop(path, None)
                self._once.pop(path, None)

    @property
    def left(self) -> int:
        """How many entries of the ``once`` scripts have not been used."""
        with self._lock:
            return sum(len(script) for script in self._once.values())

    def __call__(self, asked: Incoming) -> Reply:
        fault = self._pick(asked.path)
        return self.answer(asked) if fault is None else fault(asked, self.answer)

    def _pick(self, path: str) -> Fault | None:
        with self._lock:
            for key in (path, None):
                script = self._once.get(key)
                if script:
                    return script.popleft()
            return self._lasting.get(path) or self._lasting.get(None)


#: Every fault that leaves no usable answer, whatever the endpoint.
FAULTS: Mapping[str, Fault] = {
    "401": failures.unauthorized,
    "403": failures.status(403),
    "404": failures.status(404),
    "500": failures.status(500),
    "503": failures.status(503),
    "html": failures.html,
    "redirect": failures.redirect,
    "redirect-to-self": failures.redirect_to_self,
    "empty": failures.empty,
    "no-answer": failures.no_answer,
    "reset": failures.reset,
    "cut": failures.cut,
    "cut-head": failures.cut_head,
    "garbage": failures.garbage,
    "hang": failures.hang,
    "hang-after-head": failures.hang_after_head,
    "drip-head": failures.drip_head(0.2),
    "drip-body": failures.drip_body(0.2),
    "huge": failures.huge,
    "huge-chunked": failures.huge_chunked,
    "gzip-bomb": lambda _asked, _answer: Reply(
        headers={"Content-Encoding": "gzip"}, body=spoil.gzip_bomb(failures.HUGE_BYTES)
    ),
    "deep": failures.replaced(spoil.DEEP_JSON),
    "deep-objects": failures.replaced(spoil.DEEP_OBJECTS),
    "not-utf8": failures.replaced(b'{"mains_oper_state":"\xff\xfe"}'),
    "half-json": failures.spoiled(lambda body: body[: len(body) // 2] or b"{"),
}

#: Those of them that last until the client gives up.
ENDLESS = frozenset({"hang", "hang-after-head", "drip-head", "drip-body"})

#: Faults that leave a readable body with values that must not be believed.
ODD_VALUES: Mapping[str, Fault] = {
    "nan": failures.spoiled(spoil.numbers_to(b"NaN")),
    "1e999": failures.spoiled(spoil.numbers_to(b"1e999")),
    "-1e999": failures.spoiled(spoil.numbers_to(b"-1e999")),
    "negative": failures.spoiled(spoil.numbers_to(b"-7")),
    "absurd": failures.spoiled(spoil.numbers_to(b"9" * 40)),
    "thousands-of-digits": failures.spoiled(spoil.numbers_to(b"9" * 5000)),
    "true": failures.spoiled(spoil.numbers_to(b"true")),
    "null": failures.spoiled(spoil.numbers_to(b"null")),
    "number-strings": failures.spoiled(spoil.numbers_to_strings),
    "odd-strings": failures.spoiled(
        spoil.strings_to('caf\u00e9 "#\\\n\x1b[0m' + "x" * 300)
    ),
    "lists-for-objects": failures.spoiled(spoil.objects_to_lists),
    "objects-for-lists": failures.spoiled(spoil.lists_to_objects),
    "doctype": failures.spoiled(spoil.add_doctype),
    "control-version": failures.spoiled(spoil.version(spoil.ODD_VERSION)),
    "raw-control-version": failures.spoiled(spoil.version(spoil.RAW_VERSION)),
    "wrong-serial": failures.spoiled(spoil.serial("122000008888")),
}
