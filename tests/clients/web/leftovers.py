# SPDX-License-Identifier: AGPL-3.0-or-later
"""What exiftool may still see in a clean file: how it is drawn or played, and nothing else. Every other tag is a leftover."""

from __future__ import annotations

import re
from typing import Final

DRAWN: Final[dict[str, str]] = {
    "File": """
        FileType FileTypeExtension MIMEType ImageWidth ImageHeight EncodingProcess BitsPerSample ColorComponents YCbCrSubSampling
        ExifByteOrder
    """,
    "GIF": """
        GIFVersion ImageWidth ImageHeight HasColorMap ColorResolutionDepth BitsPerPixel BackgroundColor AnimationIterations
        TransparentColor FrameCount Duration
    """,
    "JFIF": "JFIFVersion ResolutionUnit XResolution YResolution",
    "IFD0": "Orientation",
    "Adobe": "DCTEncodeVersion APP14Flags0 APP14Flags1 ColorTransform",
    "PNG": """
        ImageWidth ImageHeight BitDepth ColorType Compression Filter Interlace AnimationFrames AnimationPlays
    """,
    "RIFF": """
        WebP_Flags ImageWidth ImageHeight VP8Version HorizontalScale VerticalScale BackgroundColor AnimationLoopCount Duration
    """,
    "QuickTime": """
        MajorBrand MinorVersion CompatibleBrands MovieHeaderVersion CreateDate ModifyDate TimeScale Duration PreferredRate
        PreferredVolume MatrixStructure PreviewTime PreviewDuration PosterTime SelectionTime SelectionDuration CurrentTime
        NextTrackID Unknown_free Free Wide MediaDataSize MediaDataOffset MediaData Unknown_mvex MovieFragmentSequence Unknown_tfhd
        Unknown_tfdt Unknown_trun
    """,
    "Track": """
        TrackHeaderVersion TrackCreateDate TrackModifyDate TrackID TrackDuration TrackLayer TrackVolume MatrixStructure
        Unknown_edts Unknown_free MediaHeaderVersion MediaCreateDate MediaModifyDate MediaTimeScale MediaDuration
        MediaLanguageCode HandlerType HandlerClass Balance AudioFormat AudioChannels AudioBitsPerSample AudioSampleRate
        Unknown_esds TimeToSampleTable SampleToChunk SampleSizes ChunkOffset SampleGroupDescription SampleToGroup ImageWidth
        ImageHeight GraphicsMode OpColor CompressorID SourceImageWidth SourceImageHeight XResolution YResolution BitDepth
        AVCConfiguration VideoFrameRate SyncSampleTable CompositionTimeToSample BufferSize MaxBitrate AverageBitrate Unknown_av1C
        Unknown_hvcC Unknown_dOps Unknown_btrt Unknown_mp4a PurchaseFileFormat IdependentAndDisposableSamples LayoutFlags
        QuickTime_ChannelLayout_0x0008 QuickTime_ChannelLayout_0x000c TrackNumber TrackUID TrackLacing TrackLanguage TrackDefault
        CodecID TrackType DisplayUnit MaxBlockAdditionID CodecPrivate Matroska_0x16aa Matroska_0x16bb
    """,
    "Matroska": """
        EBMLVersion EBMLReadVersion EBMLMaxIDLength EBMLMaxSizeLength DocType DocTypeVersion DocTypeReadVersion SeekID
        SeekPosition TimecodeScale MuxingApp WritingApp Duration TimeCode CueTime CueTrack CueClusterPosition BlockDuration
        Matroska_0x0070 Matroska_0x35a2 Matroska_0x0032
    """,
}
BLANK: Final[tuple[tuple[str, str], ...]] = (
    (r"(Create|Modify)Date$", r"0000:00:00 00:00:00"),
    (r"(Muxing|Writing)App$", r"x*"),
    (r"MinorVersion$", r"0\.0\.0"),
    (r"(LanguageCode|TrackLanguage)$", r"und"),
)
"""Tags that must be there, with what they must say."""

EVENT: Final[dict[str, str]] = {
    "File": "ExifByteOrder",
    "GPS": """
        GPSVersionID GPSLatitudeRef GPSLatitude GPSLongitudeRef GPSLongitude GPSAltitudeRef GPSAltitude GPSImgDirectionRef
        GPSImgDirection GPSTimeStamp GPSDateStamp
    """,
    "ExifIFD": "DateTimeOriginal OffsetTimeOriginal",
    "UserData": "GPSCoordinates",
    "Info": "DateTimeOriginal",
    "Matroska": "DateTimeOriginal",
}
"""What may stay besides, where place and time are kept."""

NOT_OF_THE_FILE: Final = ("System", "ExifTool", "Composite")


def leftovers(tags: dict[str, str], *, event: bool = False) -> list[str]:
    """The tags that a clean file may not have, with their values; with `event`, one whose place and time were kept."""
    left: list[str] = []
    for name, value in tags.items():
        group, tag = name.split(":", 1)
        kind = re.sub(r"^Track\d+$", "Track", group)
        if kind in NOT_OF_THE_FILE or (event and tag in EVENT.get(kind, "").split()):
            continue
        wanted = next((text for pattern, text in BLANK if re.search(pattern, tag)), None)
        blank = wanted is None or re.fullmatch(wanted, value) or (event and tag.endswith("Date"))
        if tag not in DRAWN.get(kind, "").split() or not blank:
            left.append(f"{name} = {value[:40]}")
    return left
