# SPDX-License-Identifier: AGPL-3.0-or-later
"""The walls around the process that looks at a hostile file: it puts them up around itself before the first byte is parsed.

Rules of this file: limits of memory, time and files hold everywhere. Where the kernel has Landlock (Linux 5.13 and later), the process can open no
file and no TCP connection any more; where it lets it, the process has a network of its own with nothing in it. Nothing here is undone.

Source: landlock(7), setrlimit(2), unshare(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from typing import Final

_CREATE_RULESET: Final = 444
_RESTRICT_SELF: Final = 446
_NO_NEW_PRIVILEGES: Final = 38
_NEW_USER_AND_NETWORK: Final = 0x1000_0000 | 0x4000_0000
_ALL_OF_FILES: Final = (1 << 13) - 1
"""Every access to files that the first Landlock knew."""
_ALL_OF_TCP: Final = 3
_WITH_TCP: Final = 4
"""The Landlock that knows TCP."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64))


def confine(memory: int, seconds: int) -> bool:
    """Take from this process all that it does not need; say whether the kernel has closed the file system to it.

    Args:
        memory: bytes of address space.
        seconds: of processor time; then it is killed.
    """
    os.umask(0o077)
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(what, (most, most))
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    library.unshare(_NEW_USER_AND_NETWORK)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    version = library.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    rules = _Ruleset(_ALL_OF_FILES, _ALL_OF_TCP if version >= _WITH_TCP else 0)
    size = ctypes.sizeof(rules) if version >= _WITH_TCP else ctypes.sizeof(ctypes.c_uint64)
    descriptor = library.syscall(_CREATE_RULESET, ctypes.byref(rules), size, 0)
    if descriptor < 0:
        return False
    closed = library.syscall(_RESTRICT_SELF, descriptor, 0) == 0
    os.close(descriptor)
    return closed
