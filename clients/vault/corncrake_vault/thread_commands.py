# SPDX-License-Identifier: AGPL-3.0-or-later
"""The commands on threads: list, show, save, view, reply, ask, mark.

Rules of this file: as `commands`. What a reporter wrote goes through `terminal.plain` before a person's terminal sees it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, TextIO

from corncrake_crypto.errors import Failure
from corncrake_vault.evidence.custody import faults_of
from corncrake_vault.evidence.likeness import without_preview
from corncrake_vault.evidence_commands import file_lines
from corncrake_vault.inbox.promises import Fault
from corncrake_vault.terminal import Outcome
from corncrake_vault.threads.blocks import ask_again
from corncrake_vault.threads.expected import not_closing
from corncrake_vault.threads.files import Saved, save_files
from corncrake_vault.threads.reading import MAX_REPLY, find_thread, list_aside, list_threads, mark_thread, reply_to, show_thread
from corncrake_vault.threads.sealed import save_sealed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from corncrake_vault.vault import Vault

_WAITING: Final = "waiting for {} blocks: export, push, pull, import"
_GIVEN_UP: Final = "{} blocks are missing: they were asked for three times and did not come; 'ask {}' asks again"


def _list(vault: Vault, _said: argparse.Namespace, _: TextIO) -> Outcome:
    threads, aside = list_threads(vault), list_aside(vault)
    lines = [
        f"{t['number']:>4}  {t['day']}  {t['desk']:<12} {t['state']:<9} {t['messages']} messages, {t['files']} files,"
        f" {t['replies']} replies  {t['begins']}"
        for t in threads
    ]
    needs = [f"report {r['report'][:12]}… of {r['day']} was kept aside: {r['failure']}" for r in aside]
    if waiting := sum(t["blocks_waiting"] for t in threads):
        needs.append(_WAITING.format(waiting))
    needs += [_GIVEN_UP.format(t["blocks_missing"], t["number"]) for t in threads if t["blocks_missing"]]
    new = sum(t["state"] == "new" for t in threads)
    return Outcome(
        f"{len(threads)} threads, {new} new.", lines, needs, next="show NUMBER" if threads else None, data={"threads": threads, "aside": aside}
    )


def _show(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    thread = show_thread(vault, find_thread(vault.store, said.thread))
    lines: list[str] = []
    for message in thread["messages"]:
        lines.append(f"-- {message['kind']}, {message['day']}, report {message['report'][:12]}…, signature checked")
        for answer in message["answers"]:
            lines.append(f"{answer.get('label', answer['question'])}")
            lines.append(f"    {_said(answer)}")
        for file in message["files"]:
            lines += file_lines(file)
    lines += ["-- reply, {}\n    {}".format(reply["day"], reply["text"].replace("\n", "\n    ")) for reply in thread["replies"]]
    number = thread["number"]
    needs = [_WAITING.format(thread["blocks_waiting"])] if thread["blocks_waiting"] else []
    needs += [_GIVEN_UP.format(thread["blocks_missing"], number)] if thread["blocks_missing"] else []
    if untried := without_preview(vault.store, number):
        needs.append(f"{untried} files have not been compared with others: 'previews' does it")
    done = f"Thread {number}, desk {thread['desk']}, {thread['state']}."
    faults = faults_of(vault.store, number) + [Fault(Failure.BLOCK, f"message {bad.message}: {bad.why}") for bad in not_closing(vault.store, number)]
    return Outcome(done, lines, needs, next=f"save {number} FOLDER, reply {number}, mark {number} STATE", data=thread, faults=faults)


def _said(answer: dict[str, Any]) -> str:
    if answer.get("unknown"):
        return "(does not know)"
    days = " to ".join(answer[name] for name in ("day", "until") if name in answer)
    parts = [answer.get("text", ""), ("about " if answer.get("about") and days else "") + days, ", ".join(answer.get("choices", ()))]
    return " ".join(part for part in parts if part).replace("\n", "\n    ")


def _save_sealed(vault: Vault, said: argparse.Namespace) -> Outcome:
    done = save_sealed(vault, find_thread(vault.store, said.thread), said.folder)
    needs = ["the keys in this folder open what is in it: keep it as you keep the vault, and remove it when you are done"]
    if done.without_key:
        needs.append(f"of {done.without_key} reports the weekly key was destroyed; they open here and nowhere else")
    line = f"Saved {done.reports} sealed reports and {done.blocks} sealed blocks with the keys that open them, for age and tar."
    return Outcome(line, needs=needs, data=done._asdict())


def _save(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    if said.sealed:
        return _save_sealed(vault, said)
    saved = save_files(vault, find_thread(vault.store, said.thread), said.folder, partial=said.partial)
    good = [file for file in saved if file.path is not None]
    whole = sum(file.signed for file in good)
    lines = [_saved_line(file) for file in good]
    data = [
        {
            "number": f.number,
            "name": f.name,
            "path": str(f.path) if f.path else None,
            "sha256": f.sha256,
            "signed": f.signed,
            "note": f.note,
            "gaps": f.gaps,
            "failure": f.failure,
            "detail": f.detail,
        }
        for f in saved
    ]
    faults = [Fault(Failure(f.failure), f"file {f.number}: {f.detail}") for f in saved if f.failure is not None]
    needs = [f"file {f.number} is not whole: the missing bytes are listed in {f.path}.gaps.txt" for f in good if f.gaps]
    needs += [f"file {f.number}: {f.note}" for f in good if f.note is not None]
    others = f", {len(good) - whole} more without" if len(good) > whole else ""
    return Outcome(
        f"Saved {len(good)} of {len(saved)} files, {whole} with the hash that the reporter signed{others}.",
        lines,
        needs,
        data={"files": data},
        faults=faults,
    )


def _saved_line(file: Saved) -> str:
    if file.sha256 is None:
        return f"{file.path}  with {len(file.gaps)} gaps, no hash"
    return f"{file.path}  sha256 {file.sha256}{'' if file.signed else ', which nobody signed'}"


def _view(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    from corncrake_vault.workbench.command import run_view  # noqa: PLC0415 - only this command loads a web server

    return run_view(vault, said)


def _reply(vault: Vault, said: argparse.Namespace, stdin: TextIO) -> Outcome:
    number = find_thread(vault.store, said.thread)
    if said.text == "-" and stdin.isatty():
        print("Write the reply; end it with Ctrl-D on a line of its own.", file=sys.stderr)
    reply_to(vault, number, stdin.read(MAX_REPLY + 1) if said.text == "-" else said.text)
    return Outcome(f"Kept the reply to thread {number}; the next export publishes it.", next="export PARCEL", data={"thread": number})


def _ask(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    number = find_thread(vault.store, said.thread)
    with vault.store.transaction():
        count = ask_again(vault.store, number)
    return Outcome(f"Asking again for {count} blocks of thread {number}.", next="export PARCEL", data={"thread": number, "blocks": count})


def _mark(vault: Vault, said: argparse.Namespace, _: TextIO) -> Outcome:
    number = find_thread(vault.store, said.thread)
    mark_thread(vault, number, said.state)
    return Outcome(f"Thread {number} is {said.state} now.", next="list", data={"thread": number, "state": said.state})


COMMANDS: Final[dict[str, Callable[[Vault, argparse.Namespace, TextIO], Outcome]]] = {
    "list": _list,
    "show": _show,
    "save": _save,
    "view": _view,
    "reply": _reply,
    "ask": _ask,
    "mark": _mark,
}
