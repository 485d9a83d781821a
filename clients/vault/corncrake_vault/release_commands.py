# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on page releases: make the key, sign what was built, put the signatures together.

Rules of this file: as in `commands.py`. Whoever signs sees first what changed, and says yes to that.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.encoding import b64url
from corncrake_crypto.errors import Failure, FileError, PeerError, UsageError
from corncrake_crypto.page_release import MAX_RELEASE, signatures_needed
from corncrake_vault.keys.fingerprint import words_of
from corncrake_vault.reading_input import agrees, read_small
from corncrake_vault.release.folder import page_files
from corncrake_vault.release.signing import create_release_key, join, propose, sign
from corncrake_vault.store.folders import write_whole
from corncrake_vault.terminal import Outcome

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_vault.release.signing import Proposal
    from corncrake_vault.vault import Vault


def _key(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    with vault.store.transaction():
        key = create_release_key(vault)
    data = {"key": b64url(key.public), "words": words_of(key.public, said.language)}
    lines = [f"Release key: {data['key']}", f"In words:    {data['words']}"]
    return Outcome(
        "Made a release key.", lines, next="give it to the organisation for 'release_keys' of the charter, and read it the words", data=data
    )


def _lines(proposal: Proposal) -> list[str]:
    release, changes = proposal
    lines = [f"Release {release.number} of {release.day.isoformat()}: {len(release.files)} files, as they were built here."]
    lines.append(f"The one-file edition, {release.saved}: {release.saved_file.sha256}")
    if changes is None:
        return [*lines, "It is the first release: there is nothing to compare it with."]
    named = (("New", changes.added), ("Gone", changes.removed), ("Changed", changes.changed))
    return lines + [f"{what}: {path}" for what, paths in named for path in paths] + ([] if changes else ["No file changed."])


def _sign(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    last = None if said.last is None else read_small(said.last, MAX_RELEASE)
    proposal = propose(vault, read_small(said.manifest, MAX_RELEASE), page_files(said.page), last)
    lines = _lines(proposal)
    if not said.yes:
        sys.stderr.write("".join(f"{line}\n" for line in [*lines, "Look into the source for what changed. Sign this? yes/no"]))
        agrees(stdin)
    with vault.store.transaction():
        note = sign(vault, proposal.release)
    write_whole(said.out, note)
    changes = proposal.changes
    needed = signatures_needed(vault.charter().charter)
    data: dict[str, Any] = {"number": proposal.release.number, "saved_sha256": proposal.release.saved_file.sha256, "needed": needed}
    data |= {"changes": None if changes is None else {name: list(paths) for name, paths in changes._asdict().items()}, "file": str(said.out)}
    following = "corncrake-server release FILE" if needed == 1 else f"'release join', when {needed} have signed"
    return Outcome(f"Signed release {proposal.release.number} into {said.out}.", lines, next=following, data=data)


def _join(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    note, opened = join(vault, [read_small(path, MAX_RELEASE) for path in said.notes])
    write_whole(said.out, note)
    data = {"number": opened.release.number, "sha256": opened.sha256, "file": str(said.out)}
    return Outcome(f"Release {opened.release.number} is signed by enough, and lies in {said.out}.", next="corncrake-server release FILE", data=data)


_STEPS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {"key": _key, "sign": _sign, "join": _join}


def _release(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    try:
        return _STEPS[said.step](vault, said, stdin)
    except (FileError, PeerError) as error:
        if error.failure is Failure.EXPIRED:
            raise
        # What is said of parcels would not help here: the sentence says all.
        raise UsageError(error.failure, f"{error.detail}; nothing was signed") from error


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {"release": _release}
