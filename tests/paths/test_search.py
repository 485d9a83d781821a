# SPDX-License-Identifier: AGPL-3.0-or-later
"""The search for plaintext finds what it looks for, in every form, in files and in the memory of a process."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from development.memory_search import search_files, search_memory

if TYPE_CHECKING:
    from pathlib import Path

MARKER = "corncrake-0123456789abcdef"


def _forms() -> list[bytes]:
    text = [MARKER.encode("utf-16-le"), MARKER.encode("utf-16-be"), MARKER.encode()]
    return text + [base64.b64encode(bytes(shift) + MARKER.encode() + b"more") for shift in range(3)]


@pytest.mark.parametrize("form", _forms())
def test_a_marker_is_found_in_a_file_in_every_form(form: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_bytes(b"before" + form + b"after")
    assert search_files(tmp_path, MARKER).hits >= 1
    assert search_files(tmp_path, MARKER[::-1]).hits == 0


def test_a_marker_is_found_in_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / f"a-{MARKER}.jpg").touch()
    assert search_files(tmp_path, MARKER).hits == 1


@pytest.mark.parametrize("form", _forms())
def test_a_marker_is_found_in_the_memory_of_a_process_in_every_form(form: bytes) -> None:
    script = "import sys; i, o = sys.stdin.buffer, sys.stdout; held = i.read(1024); o.write('.'); o.flush(); i.read()"
    held = [sys.executable, "-c", script]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(form.ljust(1024, b"."))
        process.stdin.flush()
        assert process.stdout.read(1) == b"."
        try:
            assert search_memory(process.pid, MARKER).hits >= 1
            assert search_memory(process.pid, MARKER[::-1]).hits == 0
        finally:
            process.stdin.close()
