# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command on canaries: make some, list them, forget one.

Rules of this file: as `commands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.errors import Failure, UsageError
from corncrake_vault.canaries.making import make_canaries
from corncrake_vault.canaries.waiting import canaries, forget, missing
from corncrake_vault.terminal import Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_vault.vault import Vault


def _canary(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    if said.forget is not None:
        if said.desk is not None:
            raise UsageError(Failure.MISUSE, "either make canaries or forget one; nothing was changed")
        with vault.store.transaction():
            forget(vault.store, said.forget)
        return Outcome(f"Canary {said.forget} is not waited for any more.", data={"number": said.forget})
    if said.desk is None:
        return _listed(vault)
    if said.folder is None:
        raise UsageError(Failure.MISUSE, "say where the canaries go: canary DESK FOLDER")
    batch = make_canaries(vault, said.desk, said.folder, said.count, said.week)
    numbers = [one.number for one in batch.canaries]
    named = f"canary {numbers[0]}" if len(numbers) == 1 else f"canaries {numbers[0]} to {numbers[-1]}"
    data: dict[str, Any] = {
        "canaries": [{"number": one.number, "report": one.report, "file": str(one.file)} for one in batch.canaries],
        "first": batch.first.isoformat(),
        "last": batch.last.isoformat(),
    }
    return Outcome(
        f"Made {named} for the desk {said.desk}.",
        [f"Each must be posted on a day from {data['first']} to {data['last']} (UTC), with the .json beside it, once."],
        next="from another network than the courier's own: corncrake-courier canary FILE --server URL --root ROOT",
        data=data,
    )


def _listed(vault: Vault) -> Outcome:
    found = canaries(vault.store, vault.today)
    lines = [f"{one.number:>4}  {one.desk:<12} made {one.made}, posted by {one.last.isoformat()}: {one.state}" for one in found]
    counts = ", ".join(f"{sum(one.state == state for one in found)} {state}" for state in ("given", "back", "missing", "dropped"))
    data = {"canaries": [{**one._asdict(), "last": one.last.isoformat()} for one in found]}
    return Outcome(f"{len(found)} canaries: {counts}.", lines, data=data, faults=missing(vault.store, vault.today))


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {"canary": _canary}
