// SPDX-License-Identifier: Apache-2.0
/**
 * JPEG pictures: what they say about whoever took them, and a copy that does not say it.
 *
 * Rules of this file: an allow-list. A segment is kept only if the picture cannot be drawn without it; all else goes, known or unknown. Whether a
 * picture must be turned is kept, in an Exif block that this file writes itself. The copy is parsed again before it is called clean.
 *
 * Source: ITU-T T.81 annex B (segments); JFIF 1.02; Exif 2.32 §4.7.
 */
import { FileError, Failure } from "./errors";
import { readExif, type Tell } from "./exif";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP14 = 0xee;
const COMMENT = 0xfe;

/** Bytes of the Exif block that says nothing but how the picture is turned; the orientation stands at `TURNED_AT`. */
const TURNED = [
  0xff, 0xe1, 0x00, 0x22, 0x45, 0x78, 0x69, 0x66, 0x00, 0x00, 0x4d, 0x4d, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x08, 0x00, 0x01, 0x01, 0x12, 0x00, 0x03,
  0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
];
const TURNED_AT = 29;

/** A plain JFIF header: version 1.01, no density, no thumbnail. */
const JFIF = [0xff, 0xe0, 0x00, 0x10, 0x4a, 0x46, 0x49, 0x46, 0x00, 0x01, 0x01, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00];

interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** What a picture tells, as kinds; and its copy without it. */
export interface CleanPicture {
  readonly bytes: Uint8Array;
  readonly removed: readonly Tell[];
}

/** Say whether the bytes begin as a JPEG picture does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes.length > 3 && bytes[0] === 0xff && bytes[1] === SOI && bytes[2] === 0xff;
}

function broken(detail: string): FileError {
  return new FileError(Failure.ARCHIVE, `picture: ${detail}`);
}

/** Whether a marker belongs to drawing the picture: frames, tables, restarts, lines. */
function draws(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) || (marker >= 0xdb && marker <= 0xdf && marker !== 0xde) || marker === SOS;
}

/** End of the entropy-coded data that starts at `at`: the next marker that is neither stuffing nor a restart. */
function scanEnd(bytes: Uint8Array, at: number): number {
  let place = at;
  for (;;) {
    place = bytes.indexOf(0xff, place);
    if (place < 0 || place + 1 >= bytes.length) throw broken("it breaks off");
    const next = bytes[place + 1] ?? 0;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return place;
    place += next === 0xff ? 1 : 2;
  }
}

/** Cut a picture into its segments; the last is EOI. A scan's segment includes its data. */
function segments(bytes: Uint8Array): Segment[] {
  if (!isJpeg(bytes)) throw broken("not a JPEG");
  const found: Segment[] = [];
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1;
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw broken("a segment does not start where it must");
    if (marker === EOI) {
      found.push({ marker, start: at, end: at + 2 });
      return found;
    }
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const headerEnd = at + 2 + length;
    if (length < 2 || headerEnd > bytes.length || marker === SOI || marker < 0xc0) throw broken("a segment has no sensible length");
    const end = marker === SOS ? scanEnd(bytes, headerEnd) : headerEnd;
    found.push({ marker, start: at, end });
    at = end;
  }
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** What one segment tells; empty for what draws the picture. */
function tellsOf(bytes: Uint8Array, segment: Segment): Iterable<Tell> {
  const body = segment.start + 4;
  if (draws(segment.marker) || segment.marker === EOI) return [];
  if (segment.marker === COMMENT) return ["text"];
  if (segment.marker === APP0 && startsWith(bytes, body, "JFIF\0")) return segment.end - segment.start > 18 ? ["thumbnail"] : [];
  if (segment.marker === APP14 && startsWith(bytes, body, "Adobe") && segment.end - segment.start === 16) return [];
  if (segment.marker === APP1 && startsWith(bytes, body, "Exif\0\0")) return readExif(bytes.subarray(body + 6, segment.end)).tells;
  return ["other"];
}

function orientationOf(bytes: Uint8Array, all: readonly Segment[]): number {
  for (const one of all) {
    if (one.marker === APP1 && startsWith(bytes, one.start + 4, "Exif\0\0")) {
      return readExif(bytes.subarray(one.start + 10, one.end)).orientation;
    }
  }
  return 1;
}

function tellsOfAll(bytes: Uint8Array, all: readonly Segment[]): Tell[] {
  const tells = new Set<Tell>();
  for (const one of all) for (const tell of tellsOf(bytes, one)) tells.add(tell);
  const last = all[all.length - 1];
  if (last !== undefined && last.end < bytes.length) tells.add("trailer");
  return [...tells].sort();
}

/**
 * Say what a JPEG picture tells about whoever took it, as kinds in alphabetical order.
 *
 * @throws FileError `archive` when the bytes are not a whole JPEG picture.
 */
export function readPicture(bytes: Uint8Array): Tell[] {
  return tellsOfAll(bytes, segments(bytes));
}

/**
 * Make a copy of a JPEG picture that holds what draws it and how it is turned, and nothing else.
 *
 * @returns the copy and the kinds of things that were removed.
 * @throws FileError `archive` when the bytes are not a whole JPEG picture, or when the copy would still tell something.
 */
export function cleanPicture(bytes: Uint8Array): CleanPicture {
  const all = segments(bytes);
  const removed = tellsOfAll(bytes, all);
  const parts: Uint8Array[] = [Uint8Array.of(0xff, SOI)];
  if (all.some((one) => one.marker === APP0)) parts.push(Uint8Array.from(JFIF));
  const orientation = orientationOf(bytes, all);
  if (orientation !== 1) {
    const turned = Uint8Array.from(TURNED);
    turned[TURNED_AT] = orientation;
    parts.push(turned);
  }
  for (const one of all) {
    if (draws(one.marker) || one.marker === EOI) parts.push(bytes.subarray(one.start, one.end));
    if (one.marker === APP14 && startsWith(bytes, one.start + 4, "Adobe") && one.end - one.start === 16) parts.push(bytes.subarray(one.start, one.end));
  }
  const clean = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    clean.set(part, at);
    at += part.length;
  }
  if (readPicture(clean).length > 0) throw broken("the copy still tells something");
  return { bytes: clean, removed };
}
