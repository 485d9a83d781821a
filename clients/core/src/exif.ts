// SPDX-License-Identifier: Apache-2.0
/**
 * What an Exif block says about whoever took the picture: read only, and only as far as a person needs to be told.
 *
 * Rules of this file: every offset is checked before it is followed; every directory is visited once; nothing is ever thrown for a broken block,
 * since the caller's answer to 'broken' is the same as to 'unknown': remove it, and say so.
 *
 * Source: Exif 2.32 §4.6 (tags), TIFF 6.0 §2 (directories).
 */

/** A kind of thing that a picture tells. The page has a sentence for each. */
export type Tell = "place" | "time" | "device" | "serial" | "owner" | "software" | "text" | "thumbnail" | "other" | "trailer";

const TAGS: ReadonlyMap<number, Tell> = new Map<number, Tell>([
  [0x010e, "text"],
  [0x010f, "device"],
  [0x0110, "device"],
  [0x0131, "software"],
  [0x0132, "time"],
  [0x013b, "owner"],
  [0x8298, "owner"],
  [0x9003, "time"],
  [0x9004, "time"],
  [0x9286, "text"],
  [0x927c, "other"],
  [0xa420, "serial"],
  [0xa430, "owner"],
  [0xa431, "serial"],
  [0xa433, "device"],
  [0xa434, "device"],
  [0xa435, "serial"],
  [0x9c9b, "text"],
  [0x9c9c, "text"],
  [0x9c9d, "owner"],
  [0x0201, "thumbnail"],
]);

const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;
const ORIENTATION = 0x0112;
const MAX_DIRECTORIES = 8;
const MAX_ENTRIES = 512;

/** What one Exif block holds: the kinds of things it tells, and how the picture is turned (1 to 8; 1 when not said). */
export interface ExifReading {
  readonly tells: ReadonlySet<Tell>;
  readonly orientation: number;
}

/** Read a TIFF structure (the part of an Exif segment after `Exif\0\0`). Never throws; a block that breaks off tells `other`. */
export function readExif(tiff: Uint8Array): ExifReading {
  const tells = new Set<Tell>();
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const order = tiff.length >= 8 ? view.getUint16(0) : 0;
  if (order !== 0x4949 && order !== 0x4d4d) return { tells: new Set<Tell>(["other"]), orientation: 1 };
  const little = order === 0x4949;
  const waiting: number[] = [view.getUint32(4, little)];
  const seen = new Set<number>();
  let orientation = 1;
  while (waiting.length > 0 && seen.size < MAX_DIRECTORIES) {
    const start = waiting.shift() ?? 0;
    if (start === 0 || seen.has(start)) continue;
    seen.add(start);
    if (start + 2 > tiff.length) {
      tells.add("other");
      continue;
    }
    const entries = Math.min(view.getUint16(start, little), MAX_ENTRIES);
    const end = start + 2 + entries * 12;
    if (end > tiff.length) {
      tells.add("other");
      continue;
    }
    for (let at = start + 2; at < end; at += 12) {
      const tag = view.getUint16(at, little);
      if (tag === EXIF_DIRECTORY) waiting.push(view.getUint32(at + 8, little));
      else if (tag === GPS_DIRECTORY) tells.add("place");
      else if (tag === ORIENTATION) orientation = view.getUint16(at + 8, little);
      const tell = TAGS.get(tag);
      if (tell !== undefined) tells.add(tell);
    }
    if (end + 4 <= tiff.length) waiting.push(view.getUint32(end, little));
  }
  return { tells, orientation: orientation >= 1 && orientation <= 8 ? orientation : 1 };
}
