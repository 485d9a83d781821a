# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-monitor verify-page`: is this file, or this server's page, what the organisation's release keys have signed?

Rules of this file: everything follows from the root, which comes from elsewhere than the page: from paper, a person, another site. Charter and
release may come from files, so that it works without a line, or from the server, which is believed in nothing. A file is read once and bounded.
Signed is not yet known to others: with a line, the release must stand in the log, as the newest.
"""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.charter import open_charter
from corncrake_crypto.encoding import day_text, parse_root
from corncrake_crypto.errors import Failure, PeerError, UsageError
from corncrake_crypto.note import MAX_NOTE
from corncrake_crypto.page_release import MAX_RELEASE, open_page_release
from corncrake_monitor.evidence import keep_answer
from corncrake_monitor.page import compare_page, fetch_note
from corncrake_monitor.server import Server
from corncrake_monitor.standing import check_standing

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import date

    from corncrake_crypto.charter import OpenedCharter
    from corncrake_crypto.page_release import OpenedRelease, PageRelease

_PIECE: Final = 1 << 16


def on_verify_page(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("file", type=Path, nargs="?", help="the page that was saved; without it, what the server serves is looked at")
    parser.add_argument("--root", required=True, help="the organisation's root, 52 characters, from elsewhere than the page")
    parser.add_argument("--charter", type=Path, help="the organisation's charter, a file; else the server is asked")
    parser.add_argument("--release", type=Path, help="the page release, a file; else the server is asked")
    parser.add_argument("--server", metavar="ADDRESS", help="https://host: its page is compared, file by file, as several visitors get it")
    parser.add_argument("--uds", help="reach the server by this Unix socket")
    parser.add_argument("--evidence", type=Path, metavar="FOLDER", help="where the first answer that differs is kept, as it came")


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{path.name} cannot be read: {error.strerror}") from error
    if len(raw) > most:
        raise UsageError(Failure.SIZE, f"{path.name} has more than {most} bytes")
    return raw


def _note(file: Path | None, said: argparse.Namespace, path: str, most: int) -> bytes:
    if file is not None:
        return _read(file, most)
    if said.server is None:
        raise UsageError(Failure.MISUSE, "give --charter and --release as files, or --server to ask it for them")
    return fetch_note(said.server, path, most, uds=said.uds)


def _opened(said: argparse.Namespace, today: date) -> tuple[OpenedCharter, OpenedRelease]:
    """Return charter and release, verified from the root on.

    Raises:
        FileError, PeerError: as `open_charter` and `open_page_release`.   UsageError, StoreError: nothing could be read.
    """
    charter = open_charter(_note(said.charter, said, "/v1/charter", MAX_NOTE), root=parse_root(said.root), origin=said.server, today=today)
    return charter, open_page_release(_note(said.release, said, "/v1/page-release", MAX_RELEASE), charter.charter)


def check_saved(file: Path, release: PageRelease) -> None:
    """Check that a file is the one-file edition of a release.

    Raises:
        PeerError: `altered`: it is not.   UsageError: `misuse`: it cannot be read.
    """
    wanted, found, size = release.saved_file, hashlib.sha256(), 0
    try:
        with file.open("rb") as opened:
            while size <= wanted.size and (piece := opened.read(_PIECE)):
                found.update(piece)
                size += len(piece)
    except OSError as error:
        raise UsageError(Failure.MISUSE, f"{file.name} cannot be read: {error.strerror}") from error
    if (size, found.hexdigest()) != (wanted.size, wanted.sha256):
        raise PeerError(
            Failure.ALTERED,
            f"{file.name} is not the page of release {release.number}: somebody changed it, or it is of another release. Do not use it; get it anew",
        )


def verify_page(said: argparse.Namespace, today: date, progress: Callable[[str], None]) -> list[str]:
    """Carry out the command; return the lines for a person. `progress` is told how far it is.

    Raises:
        CorncrakeError: the file or the server's page is not what was signed, or that could not be found out.
    """
    if said.file is None and said.server is None:
        raise UsageError(Failure.MISUSE, "name a file to look at, or --server, or both")
    charter, opened = _opened(said, today)
    release = opened.release
    lines = [f"Release {release.number} of {day_text(release.day)} is signed by enough of the organisation's release keys."]
    if said.file is not None:
        check_saved(said.file, release)
        lines.append(f"{said.file.name} is its one-file edition, byte for byte.")
    if said.server is None:
        lines.append("Whether it stands in the log, and is the newest there, was not looked at: that takes --server, or 'watch'.")
    else:
        with Server(said.server, uds=said.uds) as server:
            lines.append(check_standing(server, charter, opened, today, progress))
        found = compare_page(said.server, release, uds=said.uds)
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            name = keep_answer(said.evidence, found[0].came) if said.evidence is not None else None
            kept = (
                "--evidence FOLDER keeps what comes" if said.evidence is None else f"keep {said.evidence / name}" if name else "it could not be kept"
            )
            raise PeerError(Failure.ALTERED, f"the server does not serve what was signed: {found[0]}{more}. Tell the organisation; {kept}")
        lines.append("The server serves its files, byte for byte, to each of the visitors that asked.")
    wanted = release.saved_file
    by_hand = f'echo "{wanted.sha256}  FILE" | sha256sum -c' if said.file is None else f"sha256sum {shlex.quote(str(said.file))}"
    return [*lines, f"Without this program, on any machine: {by_hand}", f"    must show {wanted.sha256}" if said.file else "    must say OK"]
