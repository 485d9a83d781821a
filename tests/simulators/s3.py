# SPDX-License-Identifier: AGPL-3.0-or-later
"""An S3 service of our own: moto's, in a process of its own on loopback, so that it outlives a server that is killed.

Rules of this file: it is ended by its process id, and keeps what it has in memory. Its credentials are words that open nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from tests.server.running import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

PATIENCE_S: Final = 60
_ROOT: Final = Path(__file__).resolve().parents[2]
REGION: Final = "us-east-1"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "corncrake-test", "AWS_SECRET_ACCESS_KEY": "a-word-that-opens-nothing"}


@dataclass(frozen=True)
class Bucket:
    """A bucket, and what a server's settings say of it."""

    endpoint: str
    name: str

    @property
    def settings(self) -> dict[str, str]:
        return {"block_store": "s3", "s3_bucket": self.name, "s3_endpoint": self.endpoint, "s3_region": REGION}


@contextmanager
def running_s3(*, careless: bool = False) -> Generator[str]:
    """A running service: its endpoint. A careless one writes over what is there, told not to or not."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    words = [sys.executable, "-m", "tests.simulators.s3_service", str(port), *(["careless"] if careless else [])]
    service = subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert service.poll() is None, "the S3 service has ended"
            assert time.monotonic() < deadline, "the S3 service does not answer"
            try:
                httpx.get(endpoint, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                break
        yield endpoint
    finally:
        service.terminate()
        service.wait(PATIENCE_S)


def fresh_bucket(endpoint: str) -> Bucket:
    """A new bucket of a running service."""
    bucket = Bucket(endpoint, f"bucket-{uuid.uuid4().hex}")
    assert httpx.put(f"{endpoint}/{bucket.name}", timeout=PATIENCE_S).status_code == 200
    return bucket
