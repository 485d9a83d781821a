# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a file is, by its first bytes: never by its name, nor by what its reporter calls it.

Rules of this file: a kind is named only when its mark stands where it must. What is not in the list is not shown. SVG and HTML are not in
the list and never will be: they are programs. Marks are compared, and nothing else is read: the vault itself does this.

Source: TIFF 6.0 §2, RFC 2083, ITU T.81 annex B, ISO/IEC 14496-12 §4.3, RFC 8794, RFC 3533, WHATWG MIME Sniffing §6.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

HEAD: Final = 512
"""Bytes that are looked at."""

Way = Literal["picture", "pages", "video", "sound"]
"""How a kind is shown: painted whole, painted page by page, or played."""


class Kind(NamedTuple):
    """A kind of file: its name for a person, how it is shown, and its name for a painter or a player."""

    name: str
    way: Way
    code: str


_MARKS: Final = (
    (b"\xff\xd8\xff", Kind("JPEG picture", "picture", "jpeg")),
    (b"\x89PNG\r\n\x1a\n", Kind("PNG picture", "picture", "png")),
    (b"GIF87a", Kind("GIF picture", "picture", "gif")),
    (b"GIF89a", Kind("GIF picture", "picture", "gif")),
    (b"II*\0", Kind("TIFF picture", "picture", "tiff")),
    (b"MM\0*", Kind("TIFF picture", "picture", "tiff")),
    (b"%PDF-", Kind("PDF document", "pages", "pdf")),
    (b"fLaC", Kind("FLAC sound", "sound", "audio/flac")),
    (b"ID3", Kind("MP3 sound", "sound", "audio/mpeg")),
)
_RIFF: Final = {
    b"WEBP": Kind("WebP picture", "picture", "webp"),
    b"WAVE": Kind("WAV sound", "sound", "audio/wav"),
}
_HEIF: Final = Kind("HEIF picture", "picture", "heif")
_AVIF: Final = Kind("AVIF picture", "picture", "avif")
# A QuickTime film is read by browsers as what it nearly is.
_MP4: Final = Kind("MP4 video", "video", "video/mp4")
_M4A: Final = Kind("MP4 sound", "sound", "audio/mp4")
_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), _HEIF),
    **dict.fromkeys((b"avif", b"avis"), _AVIF),
    **dict.fromkeys((b"M4A ", b"M4B "), _M4A),
    **dict.fromkeys((b"isom", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash", b"MSNV", b"qt  ", *(b"iso%d" % n for n in range(2, 10))), _MP4),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3g2a"), _MP4),
}
_BITMAP: Final = Kind("BMP picture", "picture", "bmp")
_BITMAP_HEADS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
"""Lengths of the second head of a BMP, at byte 14: its first mark alone is two letters."""
_BRAND_AT, _BRANDS_MORE_AT = 8, 16
_OGG_AT: Final = 28
"""Where the first packet of an Ogg stream begins, when its page holds it alone."""
_OGG_SOUND: Final = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC")


def kind_of(head: bytes) -> Kind | None:
    """Return the kind of a file by its first `HEAD` bytes, or None when it is none that is shown."""
    if marked := next((kind for mark, kind in _MARKS if head.startswith(mark)), None):
        return marked
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _box_kind(head)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _matroska_kind(head)
    if head[:4] == b"OggS" and head.startswith(_OGG_SOUND, _OGG_AT):
        return Kind("Ogg sound", "sound", "audio/ogg")
    return _weakly_marked(head)


def _box_kind(head: bytes) -> Kind | None:
    """Look at the brands of an ISO base media file: its own, and whether it says to be an AVIF too."""
    kind = _BRANDS.get(head[_BRAND_AT:12])
    end = min(int.from_bytes(head[:4], "big"), len(head))
    others = {head[at : at + 4] for at in range(_BRANDS_MORE_AT, end - 3, 4)}
    return _AVIF if kind is _HEIF and b"avif" in others else kind


def _matroska_kind(head: bytes) -> Kind | None:
    """Look at the DocType: element 4282 with a length of one byte."""
    for name, kind in ((b"webm", "WebM video"), (b"matroska", "Matroska video")):
        if b"\x42\x82" + bytes([0x80 | len(name)]) + name in head[:64]:
            return Kind(kind, "video", "video/webm")
    return None


def _weakly_marked(head: bytes) -> Kind | None:
    """Look for the two heads of a BMP, and for the first frame of MP3 (layer III) or AAC (ADTS), which have no other mark."""
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BITMAP_HEADS:
        return _BITMAP
    if head[:1] != b"\xff" or len(head) < 4:  # noqa: PLR2004 - the length of a frame's head
        return None
    if head[1] & 0xF6 == 0xF0:  # noqa: PLR2004 - sync bits, layer 0
        return Kind("AAC sound", "sound", "audio/aac")
    if head[1] & 0xE6 == 0xE2:  # noqa: PLR2004 - sync bits, layer III
        return Kind("MP3 sound", "sound", "audio/mpeg")
    return None
