# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree is what the documents say it is: twins, licences, lock files, words."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.splitlines()
    if (ROOT / line).is_file()
]

# Which of the four twins a noun lacks, and why. Every other noun has all four.
LACKS: dict[str, tuple[set[str], str]] = {
    "errors": ({"vectors"}, "every vector of every noun names one of its words"),
    "randomness": ({"spec", "vectors"}, "it has no format"),
    "stream": ({"spec", "vectors"}, "the chunks of an age file: spec and vectors of age_format, seal and unseal cover them"),
    "fields": ({"spec", "vectors", "ts"}, "the types of fields that several nouns share"),
    "armor": ({"ts"}, "armor never crosses the wire; only the age command reads it"),
    "tiles": ({"ts"}, "a page verifies a proof; log, vault and terminal read tiles"),
    "parcel": ({"ts"}, "a reporter makes no parcels"),
    "charter_change": ({"ts"}, "clients remember no charter to compare with"),
    "cosignature": ({"ts"}, "a page reads no head of the log; vault, terminal, server and monitor do"),
    "checked_tiles": ({"spec", "vectors", "ts"}, "how tiles.md §5 is read by those who follow a log: another reader of the same files"),
    "acknowledgement": ({"ts"}, "it goes from vault to server"),
    "page_release": ({"ts"}, "a page cannot check itself: servers, vaults and monitors do"),
    "deletion": ({"ts"}, "servers and vaults decide it"),
    "legal_hold": ({"ts"}, "it goes from vault to server"),
    "canary": ({"ts"}, "it goes from vault to courier"),
    "request_signature": ({"ts"}, "only couriers sign requests"),
}
TYPESCRIPT_ALONE = {"platform", "schema", "signatures"}


def nouns() -> list[str]:
    return sorted(path.stem for path in (ROOT / "crypto" / "corncrake_crypto").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("noun", nouns())
def test_a_noun_has_its_four_twins(noun: str) -> None:
    twins = {
        "spec": ROOT / "crypto" / "spec" / f"{noun}.md",
        "ts": ROOT / "clients" / "core" / "src" / f"{noun}.ts",
        "vectors": ROOT / "crypto" / "vectors" / noun,
    }
    lacking = {name for name, path in twins.items() if not path.exists()}
    assert lacking == LACKS.get(noun, (set[str](), ""))[0]


def test_no_twin_stands_alone() -> None:
    known = set(nouns())
    assert {path.stem for path in (ROOT / "clients" / "core" / "src").glob("*.ts")} - TYPESCRIPT_ALONE <= known
    assert {path.stem for path in (ROOT / "crypto" / "spec").glob("*.md")} - {"README"} <= known


def licence_of(path: Path) -> str:
    inside = path.relative_to(ROOT).as_posix()
    return "Apache-2.0" if inside.startswith(("crypto/", "clients/core/")) else "AGPL-3.0-or-later"


def test_every_source_file_names_its_licence() -> None:
    sources = [path for path in TRACKED if path.suffix in {".py", ".ts", ".tsx", ".css", ".sh"} or path.name in {"dev", "run"}]
    assert len(sources) > 50
    wrong: list[str] = []
    for path in sources:
        head = path.read_text().splitlines()[:2]
        if head and not any(f"SPDX-License-Identifier: {licence_of(path)}" in line for line in head):
            wrong.append(str(path.relative_to(ROOT)))
    assert not wrong


def test_lock_files_name_no_place_that_packages_came_from() -> None:
    names = {path.name for path in TRACKED}
    assert {"requirements.lock", "package-lock.json"} <= names
    assert not names & {"uv.lock", "pylock.toml"}
    assert "://" not in (ROOT / "requirements.lock").read_text()
    assert '"resolved": "http' not in (ROOT / "clients" / "package-lock.json").read_text()


def test_every_locked_requirement_has_a_hash() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert len(re.findall(r"^[a-z].*==", text, re.MULTILINE)) == len(re.findall(r"==[^\n]*\\\n\s+--hash=sha256:[0-9a-f]{64}", text))


def test_licence_texts_are_there() -> None:
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text()
    for folder in ("crypto", "clients/core"):
        assert "Apache License" in (ROOT / folder / "LICENSE").read_text()
