# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page's own cleaning, run by the locked Node over files on disk; and what other programs see in a file."""

from __future__ import annotations

import json
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
from PIL import Image, ImageSequence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from av.video.plane import VideoPlane

ROOT: Final = Path(__file__).resolve().parents[3]
NODE: Final = ROOT / ".venv" / "bin" / "node"
PATIENCE_S: Final = 240
# The source is bundled as the page's is, by the page's own tool.
BUNDLE: Final = """
import { build } from "vite";
const lib = { entry: "core/src/media/source.ts", formats: ["es"], fileName: () => "media.mjs" };
await build({ configFile: false, logLevel: "error", build: { lib, outDir: process.argv[1], emptyOutDir: false } });
"""


@dataclass(frozen=True)
class Answer:
    """What the page says of one file, and what became of it."""

    telling: dict[str, Any]
    removed: list[str] | None
    size: int | None
    refused: str | None
    read: int
    """Bytes read in all."""
    longest: int
    """Bytes of the longest read."""
    held: int
    """Bytes of memory in use at most, after what was not in use had been collected."""

    @property
    def tells(self) -> set[str]:
        """All that the file is said to tell."""
        return {*self.telling["you"], *self.telling["event"]}


def bundle(folder: Path) -> Path:
    """Bundle the page's cleaning into a folder."""
    subprocess.run([NODE, "--input-type=module", "-e", BUNDLE, folder], check=True, cwd=ROOT / "clients", capture_output=True)
    return folder / "media.mjs"


def clean_all(media: Path, jobs: Sequence[tuple[Path, str, Path | None]]) -> list[Answer]:
    """Inspect and clean files (path, choice, where to write the copy), one after the other in one process.

    Raises:
        AssertionError: the process ended, or did not end in time: nothing that is in a file may do that.
    """
    lines = [json.dumps({"path": str(path), "choice": choice, **({"to": str(to)} if to else {})}) for path, choice, to in jobs]
    script = Path(__file__).with_name("cleaning.mjs")
    done = subprocess.run(
        [NODE, "--expose-gc", "--max-old-space-size=256", script, media],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{jobs[len(said)][0]}: {done.stderr}"
    assert len(said) == len(jobs)
    return [
        Answer(one["telling"], one.get("removed"), one.get("size"), one.get("refused"), one["bytes"], one["longest"], one["held"]) for one in said
    ]


def exiftool(paths: Sequence[Path]) -> dict[Path, dict[str, str]]:
    """All tags that exiftool finds, unknown and embedded ones too: `Group:Tag` to value."""
    done = subprocess.run(["exiftool", "-a", "-G1", "-ee", "-U", "-j", *paths], capture_output=True, text=True, check=False)
    return {Path(one["SourceFile"]): {key: str(value) for key, value in one.items() if ":" in key} for one in json.loads(done.stdout)}


def pictures_of(path: Path) -> list[tuple[bytes, object]]:
    """Each frame of a picture as pixels, and how long it stands."""
    # Pillow warns of a list of second pictures that lacks what it needs: one of the samples.
    with warnings.catch_warnings(action="ignore", category=UserWarning), Image.open(path) as opened:
        return [(frame.convert("RGBA").tobytes(), frame.info.get("duration")) for frame in ImageSequence.Iterator(opened)]


def frames_of(path: Path) -> list[tuple[str, int | None, bytes]]:
    """Each frame of picture and sound of a film, decoded: its kind, its time, its bytes."""
    found: list[tuple[str, int | None, bytes]] = []
    with av.open(str(path)) as film:
        for frame in film.decode(*film.streams.video, *film.streams.audio):
            if isinstance(frame, av.VideoFrame):
                found.append(("picture", frame.pts, b"".join(_lines(plane) for plane in frame.planes)))
            elif isinstance(frame, av.AudioFrame):
                found.append(("sound", frame.pts, b"".join(bytes(plane) for plane in frame.planes)))
    return found


def _lines(plane: VideoPlane) -> bytes:
    """The lines of a plane without what fills them up in memory, which differs from run to run."""
    raw = bytes(plane)
    each = plane.line_size
    return b"".join(raw[at * each : at * each + plane.width] for at in range(plane.height))
