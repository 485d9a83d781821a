# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names for files on this machine, made out of what a reporter called them.

Rules of this file: a reporter's name is a hint for a person, never a path. What is made of it has ASCII letters, digits, dash,
underscore and dots inside, does not begin with a dot or dash, is no device name of any system, and is at most 80 characters.
A number goes first, so that no two files of a thread collide and none is hidden.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

NAME_MAX: Final = 80
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9._-]+")
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def safe_name(number: int, said: str) -> str:
    """Return the name under which file `number` (from 1) of a thread is saved.

    Args:
        number: goes first, three digits.
        said: the reporter's name for it; anything.
    """
    plain = unicodedata.normalize("NFKD", said.replace("\\", "/").rsplit("/", 1)[-1]).encode("ascii", "ignore").decode()
    plain = re.sub(r"\.{2,}", ".", _FOREIGN.sub("_", plain)).strip("._-")
    ending = match[0].lower() if (match := _ENDING.search(plain)) else ""
    stem = plain[: len(plain) - len(ending)].strip("._-") or "file"
    return f"{number:03d}-{stem[: NAME_MAX - 4 - len(ending)]}{ending}"
