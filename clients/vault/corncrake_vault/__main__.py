# SPDX-License-Identifier: AGPL-3.0-or-later
"""`corncrake-vault`: the program of the air-gapped machine.

Rules of this file: it reads arguments and the passphrase, and hands over. It opens no socket.
"""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused, 2 wrong usage."""
    # A crash must not write what is in memory to this machine's disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["age"]:
        from corncrake_vault.age.command import run as age  # noqa: PLC0415 - a break-glass tool that needs nothing of the vault

        return age(words[1:], sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer)
    from corncrake_vault.command import run  # noqa: PLC0415 - so that `age` starts without a database

    try:
        return run(words, sys.stdin, sys.stdout, sys.stderr)
    except KeyboardInterrupt:
        print("Stopped. What was not finished has changed nothing; run it again.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
