# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on evidence: previews, clean; and how a file is shown.

Rules of this file: as `commands`. What a reporter wrote goes through `terminal.plain` before a person's terminal sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.errors import Failure, UsageError
from corncrake_vault.evidence.content import files_of
from corncrake_vault.evidence.copies import write_out
from corncrake_vault.evidence.custody import RIGHT, UNSIGNED
from corncrake_vault.evidence.derivatives import keep_derivative
from corncrake_vault.evidence.likeness import make_previews
from corncrake_vault.terminal import Outcome
from corncrake_vault.threads.names import safe_name
from corncrake_vault.threads.opening import runs_text
from corncrake_vault.threads.reading import find_thread

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_vault.vault import Vault


def file_lines(file: dict[str, Any]) -> list[str]:
    """Return what `show` says of one file."""
    # On one line, whatever the name says: it must not look like a line of ours.
    size = "length not known" if file["size"] is None else f"{file['size']} bytes"
    named = f"{file['name']} ({file['type']}, {size})".replace("\n", " ")
    missing = [(first - 1, end) for first, end in file["missing"]]
    lines = [f"file {file['number']}: {named}{f', blocks not here: {runs_text(missing)}' if missing else ''}"]
    if file["note"] is not None:
        lines.append(f"    {file['note']}")
    if (custody := file["custody"]) is not None:
        found = {RIGHT: "as its reporter signed", UNSIGNED: "no hash was signed"}.get(custody["found"], "NOT what its reporter signed")
        lines.append(f"    whole since {custody['day']}, sha256 {custody['sha256']}, {found}")
    cleaned = [made for made in file["derivatives"] if made["kind"] == "cleaned"]
    lines += [f"    cleaned copy by {made['tool']} {made['version']} of {made['day']}, sha256 {made['sha256']}" for made in cleaned]
    for other in file["may_be_the_same"]:
        how = "the same bytes as" if other["how"] == "same" else f"it may show the same ({other['distance']} of 64 bits differ) as"
        lines.append(f"    {how} file {other['file']} of thread {other['thread']}, report {other['report'][:12]}…")
    return lines


def _previews(vault: Vault, _said: argparse.Namespace, _: TextIO) -> Outcome:
    made, refused = make_previews(vault)
    line = f"Made {made} previews; {refused} files are nothing that a preview can be made of."
    return Outcome(line, next="show NUMBER", data={"made": made, "refused": refused})


def _clean(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    refs = files_of(vault, find_thread(vault.store, said.thread))
    number: int = said.file
    if not 1 <= number <= len(refs):
        raise UsageError(Failure.MISUSE, f"this thread has {len(refs)} files")
    ref = refs[number - 1]
    made = keep_derivative(vault, ref.message, ref.place, "cleaned")
    path = write_out(made.open(vault), said.folder, safe_name(ref.number, ref.name), made.type)
    data = {"path": str(path), "sha256": made.sha256, "parent_sha256": made.parent_sha256, "tool": made.tool, "version": made.version}
    lines = [f"{path}  sha256 {made.sha256}", f"made by {made.tool} {made.version} of the original with sha256 {made.parent_sha256}"]
    needs = ["look at it before you give it on: what is in the picture or the sound itself is still there"]
    return Outcome(f"Saved a cleaned copy of file {ref.number}; the original stays sealed and untouched.", lines, needs, data=data)


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {"previews": _previews, "clean": _clean}
