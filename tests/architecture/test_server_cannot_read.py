# SPDX-License-Identifier: AGPL-3.0-or-later
"""The server cannot open anything: not by its own imports, and not by those of what it imports."""

import ast
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = [
    "corncrake_crypto.seal",
    "corncrake_crypto.unseal",
    "corncrake_crypto.identities",
    "cryptography.hazmat.primitives.hpke",
]
FORBIDDEN_DIRECTLY = ("nacl.public", "nacl.secret", "cryptography.hazmat.primitives.hpke")
LOAD = """
import importlib, json, pkgutil, sys
names = sys.argv[1:]
for name in names:
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), name + "."):
        if not found.name.endswith("__main__") and ".migrations." not in found.name:
            importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(*names: str) -> set[str]:
    """The modules of a fresh interpreter that has loaded all of the named packages."""
    answer = subprocess.run([sys.executable, "-c", LOAD, *names], check=True, capture_output=True, text=True, cwd=ROOT)
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_an_interpreter_with_the_whole_server_has_nothing_that_opens() -> None:
    modules = loaded_by("corncrake_server")
    assert "corncrake_server.app" in modules
    assert not modules.intersection(FORBIDDEN)


def test_the_probe_finds_what_opens_where_it_is() -> None:
    modules = loaded_by("corncrake_server", "corncrake_crypto.unseal", "corncrake_crypto.seal", "corncrake_crypto.identities")
    assert set(FORBIDDEN) <= modules


def imports_of(source: str) -> set[str]:
    """Every dotted name that a source file imports, `from a import b` as both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_file_of_the_server_names_public_key_encryption() -> None:
    files = sorted((ROOT / "server" / "corncrake_server").rglob("*.py"))
    assert len(files) > 5
    broken = [
        f"{path}: {name}"
        for path in files
        for name in imports_of(path.read_text())
        if name.startswith((*FORBIDDEN_DIRECTLY, *FORBIDDEN))
        or (name.startswith("corncrake_crypto.") and name.split(".")[1] in {"seal", "unseal", "identities"})
    ]
    assert not broken


def test_the_reader_of_imports_sees_both_forms() -> None:
    assert imports_of("import nacl.public\nfrom nacl import secret\n") >= {"nacl.public", "nacl.secret"}
