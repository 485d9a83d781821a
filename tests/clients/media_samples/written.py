# SPDX-License-Identifier: AGPL-3.0-or-later
"""What exiftool writes into files: the carriers that cameras, phones and editors use, as another program than ours lays them out."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

from tests.clients.media_samples.bytes_of import SECRET

if TYPE_CHECKING:
    from pathlib import Path

_PLACE: Final = ("-GPSLatitude=52.5", "-GPSLatitudeRef=N", "-GPSLongitude=13.4", "-GPSLongitudeRef=E", "-GPSImgDirection=90", "-GPSImgDirectionRef=T")
_TIMES: Final = ("-DateTimeOriginal=2026:06:01 03:14:15", "-OffsetTimeOriginal=+02:00")
_FILM: Final[dict[str, tuple[tuple[str, ...], set[str]]]] = {
    "iTunes atoms": (
        (f"-ItemList:Artist={SECRET}", f"-ItemList:Comment={SECRET}", "-ItemList:ContentCreateDate=2026:06:01 03:14:15+02:00"),
        {"owner", "text", "time"},
    ),
    "place in user data": (("-UserData:GPSCoordinates=52.5, 13.4, 30", f"-UserData:Model={SECRET}"), {"place", "device"}),
    "place in keys": (("-Keys:GPSCoordinates=52.5, 13.4, 30", f"-Keys:Make={SECRET}"), {"place", "device"}),
    "XMP": ((f"-XMP-dc:Creator={SECRET}", "-XMP-exif:GPSLatitude=52.5"), {"owner", "place"}),
    "creation times": (
        ("-QuickTime:CreateDate=2026:06:01 03:14:15", "-TrackCreateDate=2026:06:01 03:14:15", "-MediaModifyDate=2026:06:01 03:14:15"),
        {"time"},
    ),
}

WRITTEN: Final[dict[tuple[str, str], tuple[tuple[str, ...], set[str]]]] = {
    **{
        (kind, "Exif place, direction, time"): ((*_PLACE, *_TIMES, f"-Artist={SECRET}"), {"place", "direction", "time", "owner"})
        for kind in ("jpeg", "jpeg progressive", "png", "webp", "webp moving")
    },
    **{
        (kind, "Exif owner, serial, lens"): (
            (f"-OwnerName={SECRET}", f"-SerialNumber={SECRET}", f"-LensModel={SECRET}"),
            {"owner", "serial", "device"},
        )
        for kind in ("jpeg", "png", "webp")
    },
    **{(kind, "XMP"): ((f"-XMP-dc:Creator={SECRET}", "-XMP-exif:GPSLatitude=52.5"), {"owner", "place"}) for kind in ("jpeg", "png", "webp", "gif")},
    **{(kind, "IPTC"): ((f"-IPTC:By-line={SECRET}", f"-IPTC:City={SECRET}"), set[str]()) for kind in ("jpeg", "png")},
    ("jpeg", "thumbnail in Exif"): (("-ThumbnailImage<=THUMB", f"-ImageDescription={SECRET}"), {"thumbnail"}),
    ("jpeg", "Photoshop"): ((f"-Photoshop:URL=http://{SECRET}",), {"text"}),
    **{(kind, carrier): said for kind in ("mp4", "mov", "m4a") for carrier, said in _FILM.items()},
}
"""By kind and carrier: what exiftool is told to write, and what at least must be told of it."""


def write(jobs: list[tuple[Path, tuple[str, ...]]], thumbnail: Path) -> None:
    """Write tags into each file, in place, by one run of exiftool."""
    lines: list[str] = []
    for path, arguments in jobs:
        lines += [one.replace("THUMB", str(thumbnail)) for one in arguments] + ["-overwrite_original", "-q", str(path), "-execute"]
    done = subprocess.run(["exiftool", "-@", "-"], input="\n".join(lines), text=True, check=True, capture_output=True)
    assert "Error" not in done.stderr, done.stderr
