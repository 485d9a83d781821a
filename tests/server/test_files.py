# SPDX-License-Identifier: AGPL-3.0-or-later
"""Small files that are replaced whole."""

from pathlib import Path

from corncrake_server.storage.files import write_private


def test_a_private_file_is_replaced_whole_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"one")
    write_private(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
