# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./dev release`: the built page in a folder, and the text of its release, for whoever holds a release key to sign offline.

Rules of this file: nothing is signed here. Everybody who signs runs it for themselves, with the same words, from the same source: the text is
then the same, byte for byte.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from corncrake_crypto.encoding import parse_day, parse_root, root_text
from corncrake_crypto.errors import CorncrakeError
from corncrake_crypto.page_release import PageRelease, release_text
from corncrake_vault.release.folder import page_files

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE: Final = Path(__file__).resolve().parent.parent / "clients" / "web" / "dist"
SAVED: Final = "saved.html"
MANIFEST: Final = "page-release.txt"


def manifest(folder: Path, root: str, number: int, day: str) -> PageRelease:
    """Return the release of the page in a folder, unsigned.

    Raises:
        CorncrakeError: the folder holds no page, or root or day have not their form.
    """
    return PageRelease(root=root_text(parse_root(root)), number=number, day=parse_day(day), files=page_files(folder), saved=SAVED)


def main(words: Sequence[str]) -> int:
    """Write page and text; return the exit status."""
    parser = argparse.ArgumentParser(prog="./dev release", description="Builds the page, and writes the text of its release.")
    parser.add_argument("folder", type=Path, help="a new folder: the page goes into it, and the text beside it")
    parser.add_argument("--root", required=True, help="the organisation's root, 52 characters")
    parser.add_argument("--number", type=int, required=True, help="one more than the last release's, from 1")
    parser.add_argument("--day", default=datetime.now(UTC).date().isoformat(), help="YYYY-MM-DD; all who sign say the same")
    said = parser.parse_args(words)
    try:
        release = manifest(PAGE, said.root, said.number, said.day)
        text = release_text(release)
        said.folder.mkdir(parents=True)
        shutil.copytree(PAGE, said.folder / "page")
        (said.folder / MANIFEST).write_text(text, encoding="utf-8")
    except (CorncrakeError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{said.folder / 'page'}: {len(release.files)} files; the one-file edition is {release.saved_file.sha256}\n")
    sys.stdout.write(
        f"Offline: corncrake-vault release sign {said.folder / MANIFEST} --page {said.folder / 'page'} --last LAST.note --out MINE.note\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
