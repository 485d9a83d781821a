# SPDX-License-Identifier: Apache-2.0
"""Cases of padding.md, counted by hand from the parts of an age file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = [12288, 61440, 258048]


def on_the_wire(recipients: int, plaintext: int) -> int:
    """Add up what C2SP age.md says, part by part."""
    version, last = len("age-encryption.org/v1\n"), len("--- ") + 43 + 1
    stanza = len("-> mlkem768x25519 ") + 1494 + 1 + 43 + 1
    full, rest = divmod(plaintext, 65536)
    chunks = full + (1 if rest or not full else 0)
    return version + stanza * recipients + last + 16 + plaintext + 16 * chunks


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all cases."""
    for recipients, plaintext in ((1, 0), (1, 12288), (2, 61440), (5, 258048), (1, 6144), (1, 260096), (16, 65536), (1, 65537)):
        yield (
            f"wire_{recipients}_{plaintext}",
            {
                "what": f"{plaintext} bytes sealed to {recipients}",
                "do": "wire_size",
                "failure": None,
                "recipients": recipients,
                "plaintext": plaintext,
                "expected": on_the_wire(recipients, plaintext),
            },
        )
    for recipients in (0, 17):
        yield (
            f"wire_{recipients}_recipients",
            {"what": f"{recipients} recipients", "do": "wire_size", "failure": "misuse", "recipients": recipients, "plaintext": 512},
        )
    for content, expected in ((2048, 12288), (12288, 12288), (12289, 61440), (258048, 258048)):
        yield (
            f"class_for_{content}",
            {
                "what": f"the class for {content} bytes",
                "do": "class_for",
                "failure": None,
                "content_length": content,
                "classes": REPORT,
                "expected": expected,
            },
        )
    yield (
        "class_for_too_much",
        {"what": "one byte more than the largest class", "do": "class_for", "failure": "size", "content_length": 258049, "classes": REPORT},
    )
    length = on_the_wire(3, 61440)
    yield (
        "class_of_wire",
        {
            "what": "the class of a wire length",
            "do": "plaintext_class_of",
            "failure": None,
            "wire_length": length,
            "recipients": 3,
            "classes": REPORT,
            "expected": 61440,
        },
    )
    for name, wrong, recipients in (("short", length - 1, 3), ("long", length + 1, 3), ("recipients", length, 2)):
        yield (
            f"class_of_wire_{name}",
            {
                "what": "a length that is no class for this number of recipients",
                "do": "plaintext_class_of",
                "failure": "size",
                "wire_length": wrong,
                "recipients": recipients,
                "classes": REPORT,
            },
        )
