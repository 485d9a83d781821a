# SPDX-License-Identifier: AGPL-3.0-or-later
"""Threads as a reviewer sees them: listed, shown, marked, answered.

Rules of this file: what a reporter wrote is shown as text and nothing else; the terminal gets no control character (canonical
JSON has none but the newline). Message order is the log's, and what is not in the log yet comes last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from corncrake_crypto.encoding import canonical, decode_canonical, repair_text
from corncrake_crypto.errors import Failure, UsageError
from corncrake_crypto.form import Form
from corncrake_crypto.report import Report
from corncrake_vault.evidence.custody import custody_of
from corncrake_vault.evidence.derivatives import derivatives_of
from corncrake_vault.evidence.likeness import suggestions
from corncrake_vault.threads.blocks import block_states, not_here
from corncrake_vault.threads.files import note_on
from corncrake_vault.threads.opening import FileOnShelf, number_in_thread

if TYPE_CHECKING:
    from corncrake_crypto.report import File
    from corncrake_vault.store.database import Store
    from corncrake_vault.vault import Vault

STATES: Final = ("new", "open", "verified", "doubtful", "referred", "closed")
"""What a reviewer can mark a thread as. Casework gives each its meaning."""
MAX_REPLY: Final = 11_000
"""Bytes of one reply as JSON: what four parts hold even when the first is full of acknowledgements."""

_IN_ORDER: Final = (
    "SELECT m.number, m.report, m.message, m.day, m.body, e.position FROM messages m LEFT JOIN expected e ON e.report = m.report"
    " WHERE m.thread = ? ORDER BY e.position IS NULL, e.position, m.number"
)


def find_thread(store: Store, name: str) -> int:
    """Return the number of the thread that a person named: its number, or the start of a thread's or report's id.

    Raises:
        UsageError: `thread`: there is none, or more than one.
    """
    if name.isdecimal() and len(name) < 10:  # noqa: PLR2004 - a number, not the start of an id of digits only
        rows = store.rows("SELECT number FROM threads WHERE number = ?", (int(name),))
    else:
        rows = store.rows(
            "SELECT number FROM threads WHERE substr(thread, 1, ?) = ? UNION SELECT thread FROM messages WHERE substr(report, 1, ?) = ?",
            (len(name), name, len(name), name),
        )
    if len(rows) != 1 or not name:
        raise UsageError(Failure.THREAD, f"{'no' if not rows else 'more than one'} thread is called that; 'list' shows all")
    return int(rows[0][0])


def list_threads(vault: Vault) -> list[dict[str, Any]]:
    """Return every thread, the newest first: number, desk, state, days, counts, and the beginning of what was said."""
    listed: list[dict[str, Any]] = []
    for number, thread, desk, state, language, last in vault.store.rows(
        "SELECT number, thread, desk, state, language, last_day FROM threads WHERE state <> 'cover' ORDER BY number DESC"
    ):
        bodies = [decode_canonical(bytes(row[4]), Report) for row in vault.store.rows(_IN_ORDER, (number,))]
        replies = vault.store.row("SELECT count(*) FROM replies WHERE thread = ?", (number,)) or (0,)
        waiting, missing = not_here(vault.store, number)
        said = next((answer.text for body in bodies for answer in body.answers if answer.text), "")
        listed.append(
            {
                "number": number,
                "thread": thread,
                "desk": desk,
                "state": state,
                "language": language,
                "day": bodies[0].day.isoformat() if bodies else last,
                "messages": len(bodies),
                "files": sum(len(body.files) for body in bodies),
                "blocks_waiting": waiting,
                "blocks_missing": missing,
                "replies": replies[0],
                "begins": said[:80].replace("\n", " "),
            }
        )
    return listed


def list_aside(vault: Vault) -> list[dict[str, Any]]:
    """Return the reports that did not open or are not ours: id, desk, day, failure."""
    rows = vault.store.rows("SELECT id, desk, day, failure FROM reports WHERE failure IS NOT NULL ORDER BY day, id")
    return [{"report": row[0], "desk": row[1], "day": row[2], "failure": row[3]} for row in rows]


def show_thread(vault: Vault, number: int) -> dict[str, Any]:
    """Return a thread whole: its messages with questions and answers in words, its files, and the replies."""
    store = vault.store
    row = store.row("SELECT thread, desk, state, language FROM threads WHERE number = ?", (number,))
    if row is None:
        raise UsageError(Failure.THREAD, "there is no such thread")
    messages: list[dict[str, Any]] = []
    for message, report, message_id, day, body, position in store.rows(_IN_ORDER, (number,)):
        content = decode_canonical(bytes(body), Report)
        messages.append(
            {
                "report": report,
                "message": message_id,
                "kind": content.kind,
                "day": day,
                "leaf": position,
                "answers": _answers(store, content),
                "left_out": list(content.left_out),
                "files": [_file(store, message, place, file) for place, file in enumerate(content.files)],
            }
        )
    waiting, missing = not_here(store, number)
    replies = store.rows("SELECT day, text FROM replies WHERE thread = ? ORDER BY number", (number,))
    return {
        "number": number,
        "thread": row[0],
        "desk": row[1],
        "state": row[2],
        "language": row[3],
        "messages": messages,
        "blocks_waiting": waiting,
        "blocks_missing": missing,
        "replies": [{"day": day, "text": text} for day, text in replies],
    }


def _file(store: Store, message: int, place: int, file: File) -> dict[str, Any]:
    shelf = FileOnShelf(store, message, place)
    return {
        "number": number_in_thread(store, message, place)[1],
        "name": file.name,
        "type": file.type,
        "size": shelf.size,
        "live": shelf.live,
        "ended": shelf.ended,
        "note": note_on(shelf),
        "cleaning": file.cleaning,
        "removed": list(file.removed or ()),
        "blocks": block_states(store, message, place),
        "missing": [[first + 1, end] for first, end in shelf.missing()],
        "custody": custody_of(store, message, place),
        "derivatives": [
            {
                "kind": made.kind,
                "page": made.page,
                "type": made.type,
                "size": made.size,
                "sha256": made.sha256,
                "parent_sha256": made.parent_sha256,
                "tool": made.tool,
                "version": made.version,
                "day": made.day,
            }
            for made in derivatives_of(store, message, place)
        ],
        "may_be_the_same": suggestions(store, message, place),
    }


def _answers(store: Store, content: Report) -> list[dict[str, Any]]:
    """Put each answer beside its question in the words of the form, as far as this vault knows the form."""
    row = store.row("SELECT raw FROM forms WHERE sha256 = ?", (content.form,))
    form = decode_canonical(bytes(row[0]), Form) if row else None
    questions = {question.id: question for question in (*form.questions, *form.consent)} if form else {}
    said: list[dict[str, Any]] = []
    for answer in content.answers:
        question = questions.get(answer.question)
        entry: dict[str, Any] = {"question": answer.question}
        if question is not None:
            entry["label"] = _in_words(question.label, content.language)
        labels = {option.id: _in_words(option.label, content.language) for option in (question.options or ())} if question else {}
        if answer.text is not None:
            entry["text"] = answer.text
        entry |= {name: value.isoformat() for name, value in (("day", answer.day), ("until", answer.until)) if value is not None}
        if answer.choices is not None:
            entry["choices"] = [labels.get(choice, choice) for choice in answer.choices]
        entry |= {name: True for name, said_so in (("about", answer.about), ("unknown", answer.unknown)) if said_so}
        said.append(entry)
    return said


def _in_words(label: dict[str, str], language: str) -> str:
    return label.get(language) or label.get("en") or next(iter(label.values()), "")


def mark_thread(vault: Vault, number: int, state: str) -> None:
    """Set the state of a thread.

    Raises:
        UsageError: `misuse`, when there is no such state.
    """
    if state not in STATES:
        raise UsageError(Failure.MISUSE, f"a thread is marked one of: {', '.join(STATES)}")
    with vault.store.transaction():
        vault.store.run("UPDATE threads SET state = ? WHERE number = ?", (state, number))


def reply_to(vault: Vault, number: int, text: str) -> None:
    """Keep a reply; the next export publishes it.

    Raises:
        UsageError: `size`: it is empty or longer than `MAX_REPLY` bytes.
    """
    text = repair_text(text).strip()
    if not text or len(canonical(text)) > MAX_REPLY:
        raise UsageError(Failure.SIZE, f"a reply has 1 to {MAX_REPLY} bytes of text")
    with vault.store.transaction():
        vault.store.run("INSERT INTO replies (thread, day, text) VALUES (?, ?, ?)", (number, vault.today.isoformat(), text))
        vault.store.run("UPDATE threads SET last_day = ? WHERE number = ?", (vault.today.isoformat(), number))
