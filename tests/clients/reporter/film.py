# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorder: writes a film of so many frames to standard output as it makes them; with a second number, no faster than so many a second."""

from __future__ import annotations

import sys
import time
from typing import Any

import av


def record(frames: int, rate: float) -> None:
    """Write an MPEG transport stream, which can be played from any part on."""
    # PyAV's own types are generic in ways that differ from release to release.
    container: Any = av.open(sys.stdout.buffer, "w", format="mpegts")
    with container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 240, "yuv420p", 2_000_000
        for number in range(frames):
            picture: Any = av.VideoFrame(320, 240, "rgb24")
            plane = picture.planes[0]
            row = bytes((number * 7 + at * number) & 255 for at in range(240))
            plane.update(row * (plane.buffer_size // len(row)))
            container.mux(stream.encode(picture))
            sys.stdout.flush()
            if rate:
                time.sleep(1 / rate)
        container.mux(stream.encode())


if __name__ == "__main__":
    record(int(sys.argv[1]), float(sys.argv[2]))
