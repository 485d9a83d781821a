# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process of `s3.py`: `python -m tests.simulators.s3_service PORT [careless]`.

Rules of this file: requests that write come one after the other: where a service must decide which of two is first, moto looks first
and writes later. A careless service does not know `If-None-Match`, as some do not, and writes over what is there.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # pyright: ignore[reportMissingTypeStubs] - it has none
from werkzeug.serving import run_simple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class OneWriter:
    """moto, with one request that writes at a time."""

    def __init__(self, *, careless: bool) -> None:
        self._careless = careless
        self._inner: Any = DomainDispatcherApplication(create_backend_app)
        self._writing = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            return self._inner(environ, start_response)
        if self._careless:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        with self._writing:
            return list(self._inner(environ, start_response))


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), OneWriter(careless="careless" in sys.argv), threaded=True)
