# SPDX-License-Identifier: Apache-2.0
"""Cases of cosignature.md, signed by another library, and a checkpoint of a public log that four public witnesses have cosigned.

Source of the public one: a head of the certificate transparency log arche2025h1 (staging), as served with cosignatures by
witness.stagemole.eu, transparency.dev, witness1.smartit.nu and remora.n621.de; their keys as their operators publish them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from checkpoint import TEXT
from organisation import Case, key, note, public
from receipt import LOG

if TYPE_CHECKING:
    from collections.abc import Iterator

TIME = 1_764_028_800
NAMES = {"one": "witness.example/one", "two": "witness.example/two", "three": "witness.example/three"}
PUBLIC_ORIGIN = "arche2025h1.staging.ct.transparency.dev"
GARDEN = "transparency.dev/DEV:witness-little-garden"
PUBLIC = f"""{PUBLIC_ORIGIN}
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

\u2014 {PUBLIC_ORIGIN} zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
\u2014 {PUBLIC_ORIGIN} ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
\u2014 {GARDEN} 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
\u2014 witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
\u2014 remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
\u2014 witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""
PUBLIC_TIME = 1_779_573_024
PUBLIC_KEYS = {
    GARDEN: "BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1": "BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de": "BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu": "BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
}


def line(label: str, text: str = TEXT, time: int = TIME, **said: Any) -> str:
    """Return a cosignature by another library; `said` puts other things in their places."""
    name = said.get("name", NAMES[label])
    key_id = hashlib.sha256(name.encode() + b"\n" + said.get("algorithm", b"\x04") + public(label)).digest()[:4]
    raw = (
        key_id + said.get("told", time).to_bytes(8, "big") + key(label).sign(f"cosignature/v1\ntime {time}\n{text}".encode()) + said.get("more", b"")
    )
    return f"\u2014 {name} {base64.b64encode(raw).decode()}\n"


def keys(*labels: str) -> list[dict[str, str]]:
    """Return witnesses as cases name them."""
    return [{"name": NAMES[label], "public_hex": public(label).hex()} for label in labels]


def read(what: str, failure: str | None, raw: str, expected: list[str] | None = None) -> dict[str, Any]:
    """Return a case of `cosignatures` by witnesses one and two."""
    case: dict[str, Any] = {"what": what, "do": "cosignatures", "failure": failure, "note_text": raw, "witnesses": keys("one", "two")}
    return case if failure else case | {"expected": [{"name": name, "time": TIME} for name in expected or []]}


def reading() -> Iterator[Case]:
    """Checkpoints with lines below."""
    head = note(TEXT, (LOG, "log"))
    one, two = NAMES["one"], NAMES["two"]
    yield "none", read("nobody has cosigned", None, head)
    yield "both", read("both have", None, head + line("two") + line("one"), [two, one])
    yield "stranger", read("a stranger's is passed over", None, head + line("three") + line("one"), [one])
    yield (
        "other_algorithm",
        read("a line of a known name and another algorithm is passed over", None, head + line("one", algorithm=b"\x06") + line("two"), [two]),
    )
    yield (
        "not_of_us",
        read(
            "a head without a day line",
            None,
            note(TEXT.replace("day 2026-11-25\n", ""), (LOG, "log")) + line("one", TEXT.replace("day 2026-11-25\n", "")),
            [one],
        ),
    )
    yield "twice", read("one witness twice", "note", head + line("one") + line("one"))
    yield "other_text", read("a cosignature of another head", "signature", head + line("one", TEXT.replace("128", "129")))
    yield "other_time", read("the time that is told is not the one that was signed", "signature", head + line("one", told=TIME + 1))
    yield "long", read("a byte more than a cosignature has", "signature", head + line("one", more=b"x"))
    yield "time_huge", read("a time of 2^63", "signature", head + line("one", time=2**63))
    yield "no_checkpoint", read("a note that is no checkpoint", "note", note("hello\n", (LOG, "log")) + line("one", "hello\n"))
    plain = key("one").sign(TEXT.encode())
    key_id = hashlib.sha256(one.encode() + b"\n\x04" + public("one")).digest()[:4]
    bare = f"\u2014 {one} {base64.b64encode(key_id + TIME.to_bytes(8, 'big') + plain).decode()}\n"
    yield "not_for_this", read("a signature over the text alone", "signature", head + bare)


def counting() -> Iterator[Case]:
    """Checkpoints against charters that demand cosignatures."""
    head = note(TEXT, (LOG, "log"))
    cases: list[tuple[str, str, str | None, int | None, str]] = [
        ("demands_none", "a charter without witnesses", None, None, head),
        ("one_of_two", "one of two, and one is enough", None, 1, head + line("two")),
        ("two_of_two", "two of two", None, 2, head + line("one") + line("two")),
        ("one_too_few", "one of two, and two are needed", "too-few", 2, head + line("one") + line("three")),
        ("nobody", "none at all", "too-few", 1, head),
        ("log_is_no_witness", "the log's own signature is none", "too-few", 1, note(TEXT, (LOG, "log"), (NAMES["one"], "one"))),
    ]
    for name, what, failure, threshold, raw in cases:
        case: dict[str, Any] = {
            "what": what,
            "do": "check_cosigned",
            "failure": failure,
            "note_text": raw,
            "threshold": threshold,
            "witnesses": keys("one", "two"),
        }
        yield f"check_{name}", case


def asking() -> Iterator[Case]:
    """Answers of a witness."""
    head = note(TEXT, (LOG, "log"))
    wanted = line("one")
    cases: list[tuple[str, str, str | None, str, str]] = [
        ("kept", "an answer", None, head, wanted),
        ("strangers", "an answer with lines of others", None, head, line("three") + wanted),
        ("nothing", "an answer without this witness's line", "signature", head, line("three")),
        ("wrong", "a cosignature of another head", "signature", head, line("one", TEXT.replace("128", "129"))),
        ("text", "an answer that is no signature lines", "note", head, "thank you\n"),
        ("empty", "an empty answer", "note", head, ""),
    ]
    for name, what, failure, raw, answer in cases:
        case: dict[str, Any] = {
            "what": what,
            "do": "add_cosignatures",
            "failure": failure,
            "note_text": raw,
            "answer_text": answer,
            "witnesses": keys("one"),
        }
        yield f"answer_{name}", case if failure else case | {"expected_text": head + wanted}


PUBLIC_ASKED = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""


def requests() -> Iterator[Case]:
    """Requests to a witness."""
    head = note(TEXT, (LOG, "log"))
    hashed = base64.b64encode(bytes(32)).decode() + "\n"
    cases: list[tuple[str, str, str | None, str]] = [
        ("first", "the first time", None, f"old 0\n\n{head}"),
        ("c2sp_example", "the example of tlog-witness.md", None, PUBLIC_ASKED),
        ("longest", "63 hashes", None, f"old 7\n{hashed * 63}\n{head}"),
        ("too_long", "64 hashes", "note", f"old 7\n{hashed * 64}\n{head}"),
        ("zeros", "a size with leading zeros", "note", f"old 07\n\n{head}"),
        ("huge", "a size of 2^53", "note", f"old {2**53}\n\n{head}"),
        ("no_old", "no size", "note", f"{hashed}\n{head}"),
        ("unpadded", "a hash without padding", "note", f"old 7\n{hashed.replace('=', '')}\n{head}"),
        ("no_gap", "no empty line before the checkpoint", "note", f"old 7\n{hashed}"),
        ("no_note", "something else than a checkpoint", "note", "old 7\n\nhello\n"),
    ]
    for name, what, failure, raw in cases:
        case: dict[str, Any] = {"what": what, "do": "read_asked", "failure": failure, "asked_text": raw}
        lines = raw.split("\n\n", 1)[0].split("\n")
        expected = {} if failure else {"expected_old": int(lines[0].split(" ")[1]), "expected_path_base64": lines[1:]}
        yield f"asked_{name}", case | expected


def cases() -> Iterator[Case]:
    """Yield all cases."""
    yield from reading()
    yield from counting()
    yield from asking()
    yield from requests()
    yield (
        "cosign",
        {
            "what": "a witness cosigns",
            "do": "cosign",
            "failure": None,
            "text": TEXT,
            "name": NAMES["one"],
            "seed_hex": key("one").private_bytes_raw().hex(),
            "time": TIME,
            "expected_text": line("one"),
        },
    )
    known = [{"name": name, "public_hex": base64.b64decode(raw)[1:].hex()} for name, raw in PUBLIC_KEYS.items()]
    yield (
        "public_log",
        {
            "what": "a checkpoint of a public log with the cosignatures of four public witnesses, made by other implementations",
            "do": "cosignatures",
            "failure": None,
            "note_text": PUBLIC,
            "witnesses": known,
            "expected": [{"name": name, "time": PUBLIC_TIME} for name in PUBLIC_KEYS],
        },
    )
