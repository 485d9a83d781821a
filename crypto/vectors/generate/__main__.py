# SPDX-License-Identifier: Apache-2.0
"""Writes the test vectors: `python crypto/vectors/generate [NOUN…]`.

Rules of this folder: one module for each noun, named like it, with `cases()`, which yields a file name without its end and the
case. A module whose cases are random reads what it wrote before, by `written.stored`. Running it twice changes nothing.

Source: crypto/vectors/README.md.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
SHARED = {"__main__", "edwards", "oracle", "organisation", "written"}
"""Modules that are no nouns."""


def write(noun: str) -> int:
    """Write the cases of one noun and return how many there are."""
    folder = HERE.parent / noun
    folder.mkdir(exist_ok=True)
    written: set[str] = set()
    for name, case in importlib.import_module(noun).cases():
        if name in written:
            sys.exit(f"{noun}/{name}: two cases have this name")
        text = json.dumps(case, ensure_ascii=True, indent=1) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="ascii")
        written.add(name)
    left_over = {path.stem for path in folder.glob("*.json")} - written
    if left_over:
        sys.exit(f"{noun}: no longer made, delete by hand: {', '.join(sorted(left_over))}")
    return len(written)


def main() -> None:
    """Write the nouns named, or all."""
    nouns = sys.argv[1:] or sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SHARED)
    for noun in nouns:
        print(f"{noun}: {write(noun)} cases")


if __name__ == "__main__":
    main()
