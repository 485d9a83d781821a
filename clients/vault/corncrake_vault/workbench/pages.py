# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the viewer: the list of a thread's files, and one page for each.

Rules of this file: it decides nothing and reads nothing. Every link is relative. No form, no script, nothing that moves by itself. What a
stranger wrote stands in `theirs` or `lines`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from corncrake_vault.workbench.markup import Html, element, join, lines, page, theirs

if TYPE_CHECKING:
    from corncrake_vault.evidence.confined import Made
    from corncrake_vault.evidence.kinds import Kind
    from corncrake_vault.workbench.exhibits import Exhibit

_CLEANING: Final = {
    "strip": "its reporter's program took out what it said about the reporter",
    "partial": "its reporter's program took out a part of what it said, and kept the rest",
    "keep": "nothing: it was sent as it was",
}
PAGES_MAX: Final = 100_000
"""Pages of a document that are looked for."""
_LINE: Final = 16
_UNITS: Final = ("bytes", "KiB", "MiB", "GiB")
_STEP: Final = 1_024


def list_page(thread: int, files: list[Exhibit]) -> bytes:
    """Return the page with all files of a thread."""
    items = [
        element(
            "li",
            element("h2", element("a", f"File {file.number}", href=f"{file.number}"), " ", theirs(file.name)),
            element("p", f"{amount(file.size)}. ", _state(file)),
            element("p", "Its reporter calls it ", theirs(file.type), "."),
            element("p", f"Taken out before it was sent: {_taken(file)}", *_removed(file)),
        )
        for file in files
    ]
    body = element("ol", *items, class_="files") if items else element("p", "This thread has no files.")
    note = "Nothing of what is shown here is written to a disk by the viewer. Press Ctrl-C in its terminal when you are done."
    return page(f"Thread {thread}", "style.css", element("h1", f"Thread {thread}: {_count(len(files), 'file')}"), body, element("p", note))


def file_page(thread: int, file: Exhibit, kind: Kind | None, shown: Html, base: str = "") -> bytes:
    """Return the page of one file.

    Args:
        thread: its number.
        file: what is known of it.
        kind: by its first bytes.
        shown: what there is to see or hear.
        base: the way from this page to the list's folder.
    """
    facts: list[tuple[str, Html | str]] = [
        ("Its reporter's name for it", theirs(file.name)),
        ("Its reporter's word for its kind", theirs(file.type)),
        ("By its first bytes", kind.name if kind else "nothing that this viewer knows"),
        ("Size", amount(file.size)),
        ("State", _state(file)),
        ("Taken out before it was sent", join(_taken(file), *_removed(file))),
    ]
    told = element("dl", *(join(element("dt", name), element("dd", value)) for name, value in facts))
    back = element("nav", element("a", f"All files of thread {thread}", href=base or "./"), aria_label="Back")
    return page(f"File {file.number} of thread {thread}", f"{base}style.css", back, element("h1", f"File {file.number}"), shown, told)


def picture(file: Exhibit, painted: Made, source: str, *, large: bool) -> Html:
    """Return a painted picture with what is said of it."""
    size = f"{painted.original_width} by {painted.original_height} points"
    shown = element("img", src=source, alt=f"File {file.number}, a picture of {size}; there are no words for what it shows.")
    said = f"A fresh picture, painted from the file: the file itself has {size}."
    if painted.several:
        said += " It holds several pictures; this is the first."
    if large:
        frame = element("div", shown, class_="frame", tabindex="0", role="region", aria_label=f"File {file.number}, large")
        return join(frame, element("p", said, " ", element("a", "Smaller", href=f"../{file.number}")))
    return join(element("figure", shown), element("p", said, " ", element("a", "Larger", href=f"{file.number}/large")))


def document(file: Exhibit, painted: Made, number: int, base: str) -> Html:
    """Return one painted page of a document, from 1, and the ways to the others."""
    last = painted.pages or 1
    of = f"Page {number} of {last}"
    places = {
        "First page": 1,
        "Ten back": number - 10,
        "Page before": number - 1,
        "Next page": number + 1,
        "Ten on": number + 10,
        "Last page": last,
    }
    ways = [
        element("li", element("a", name, href=f"{base}{file.number}/pages/{place}"))
        for name, place in places.items()
        if 1 <= place <= last and place != number
    ]
    shown = element("img", src=f"{base}{file.number}/pages/{number}/picture", alt=f"{of}; its text, if it has any, stands below.")
    text = (
        element("details", element("summary", "Text of this page"), lines(painted.text))
        if painted.text.strip()
        else element("p", "This page has no text that can be read out.")
    )
    nav = element("nav", element("ul", *ways, class_="ways"), aria_label="Pages") if ways else join()
    return join(
        element("p", element("strong", of), ". Links, buttons and programs of the document do nothing here."), nav, element("figure", shown), text
    )


def player(file: Exhibit, kind: Kind, source: str) -> Html:
    """Return a player for video or sound."""
    name = "video" if kind.way == "video" else "audio"
    shown = element(name, src=source, controls="", preload="metadata", aria_label=f"File {file.number}, {kind.name}")
    return join(element("figure", shown), element("p", "If it does not play, this browser does not know its kind: `save` keeps the file."))


def not_shown(thread: int, *, looked: bool) -> Html:
    """Return what is said of a file that no picture could be made of; `looked`: a process has looked at it."""
    machine = "Nothing has looked at it: this machine cannot shut off a program that does (Linux with seccomp, on x86_64 or aarch64, can). "
    why = "It is damaged, too large for one look, or made to harm whoever opens it. " if looked else machine
    return join(element("p", element("strong", "This file could not be shown safely. Nothing is lost.")), element("p", why, *_save(thread)))


def unknown(thread: int, head: bytes) -> Html:
    """Return the first bytes of a file that is of no kind that is shown."""
    rows = [head[at : at + _LINE] for at in range(0, len(head), _LINE)]
    dump = "\n".join(f"{at * _LINE:04x}  {row.hex(' '):<47}  {_ascii(row)}" for at, row in enumerate(rows))
    region = element("div", lines(dump), class_="frame", tabindex="0", role="region", aria_label="First bytes")
    return join(element("p", "This kind of file is not shown. ", *_save(thread)), element("h2", "Its first bytes"), region)


def amount(size: int) -> str:
    """Return a number of bytes for a person."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{size} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]} ({size} bytes)"


def _save(thread: int) -> tuple[Html | str, ...]:
    return (element("code", f"corncrake-vault save {thread} FOLDER"), " keeps it as it is; open it on a machine that you can lose.")


def _state(file: Exhibit) -> Html:
    return element("strong", f"{file.state[:1].upper()}{file.state[1:]}.", class_="whole" if file.good else "short")


def _taken(file: Exhibit) -> str:
    return _CLEANING.get(file.cleaning or "", "its reporter's program does not say") + "."


def _removed(file: Exhibit) -> list[Html | str]:
    """Return what was taken out, by its names."""
    return [" Named: ", *(part for name in file.removed for part in (theirs(name), " "))] if file.removed else []


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _ascii(row: bytes) -> str:
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004 - what ASCII can show
