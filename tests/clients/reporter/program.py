# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program as a process of its own, and what a reviewer finds of what it sent.

Rules of this file: nothing is taken from the program's memory; files are rebuilt from what the server has, block by block, so that large ones
need no memory.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.block import Place, block_ids, check_place, read_block
from corncrake_crypto.encoding import root_text, unb64url
from corncrake_crypto.file_identity import file_tag
from corncrake_crypto.identities import Identity
from corncrake_crypto.report import OpenedReport, open_report
from corncrake_crypto.unseal import unseal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from corncrake_crypto.report import File
    from tests.server.running import RunningServer

PATIENCE_S: Final = 300
_MEASURED: Final = """
import re, sys
from corncrake_reporter.__main__ import main
code = main()
sys.stderr.write("\\n" + re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())[1])
sys.exit(code)
"""
"""The program, which says at its very end how much memory it had: who looks from outside may miss the end."""


def start(
    server: RunningServer,
    task: str,
    *words: str | Path,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.PIPE,
    folder: Path | None = None,
    program: tuple[str, ...] = ("-m", "corncrake_reporter"),
) -> subprocess.Popen[bytes]:
    """Start the program against a server; outputs are pipes if nothing else is said. With `folder`, all that it leaves by itself lands there."""
    place = ["--server", server.origin, "--root", root_text(server.organisation.root), "--language", "en"]
    homes = {} if folder is None else {"HOME": str(folder), "TMPDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, *program, task, *place, *map(str, words)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=server.environment | homes,
        cwd=folder,
    )


def finish(process: subprocess.Popen[bytes]) -> tuple[int, str, str]:
    """Wait for it; return exit code, standard output, standard error."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait for it to succeed, and return the last JSON object that it printed."""
    code, out, err = finish(process)
    assert code == 0, err
    return last(out)


def last(out: str | bytes) -> dict[str, Any]:
    """The last JSON object that was printed; before it `send` prints one with the words."""
    return json.loads(out.splitlines()[-1])


def status_mib(process: subprocess.Popen[bytes], field: str) -> float:
    """A figure of a running process, in MiB: `VmHWM`, the most memory that it had; 0 when it has ended."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def peak_mib(server: RunningServer, task: str, *words: str | Path) -> tuple[float, str]:
    """Run the program to its good end; return the most memory that it had, and what it printed."""
    code, out, err = finish(start(server, task, *words, program=("-c", _MEASURED)))
    assert code == 0, err
    return int(err.splitlines()[-1]) / 1024, out


def opened(server: RunningServer, report: str) -> OpenedReport:
    """A report as a reviewer opens it."""
    return open_report(server.fetch(f"/v1/courier/reports/{report}").content, [server.organisation.identities["bo"]])


def reports(server: RunningServer) -> list[str]:
    """The ids of all reports, the oldest first, of a server that has not published."""
    notes: list[str] = server.fetch("/v1/courier/pending").json()["notes"]
    return [found[1] for note in notes if (found := re.search(r'"id":"([0-9a-f]{64})"', note) or re.search(r"\b([0-9a-f]{64})\b", note))]


def pieces(server: RunningServer, file: File, blocks: int | None = None) -> Iterator[bytes]:
    """The data of a file's blocks in their order, each checked to be in its place; of an open recording up to the first one that is not there."""
    identity = Identity.from_text(file.identity)
    count = blocks or file.blocks
    for index, block in enumerate(block_ids(unb64url(file.block_key), count)):
        answer = server.fetch(f"/v1/blocks/{block}")
        if count is None and answer.status_code == 404:
            return
        assert answer.status_code in {200, 206}, (index, answer.status_code)
        found = read_block(unseal(answer.content, [identity]))
        check_place(found, Place(file_tag(identity.recipient), index, count, file.class_, live=bool(file.live)))
        yield found.data


def digest(parts: Iterator[bytes]) -> str:
    """SHA-256 of all parts, hex."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part)
    return made.hexdigest()


def arrived_whole(server: RunningServer, report: str, *paths: Path) -> None:
    """Check that each file of a report is there, and is what lies at its path."""
    files = opened(server, report).report.files
    assert len(files) == len(paths)
    for file, path in zip(files, paths, strict=True):
        with path.open("rb") as source:
            expected = hashlib.file_digest(source, "sha256").hexdigest()
        assert file.sha256 == expected == digest(pieces(server, file)), path.name
