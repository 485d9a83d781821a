// SPDX-License-Identifier: Apache-2.0
/**
 * JPEG pictures.
 *
 * Rules of this file: an allow-list. A segment stays only if the picture cannot be drawn without it; all else goes, known or unknown: comments,
 * XMP, IPTC, colour profiles (the picture is then shown as sRGB), second pictures and whatever follows the end. How the picture is turned is kept, in
 * a block of ours.
 *
 * Source: ITU-T T.81 annex B (segments); JFIF 1.02; Exif 2.32 §4.7; CIPA DC-007 (second pictures).
 */
import { readExif, writeExif, type ExifFacts } from "./exif";
import { ascii, broken, latin1, same, Uncleanable, type Plan, type Window } from "./plan";
import { tellText } from "./text";

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DHT = 0xc4;
const DAC = 0xcc;
const DQT = 0xdb;
const DNL = 0xdc;
const DRI = 0xdd;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP13 = 0xed;
const APP14 = 0xee;
const COMMENT = 0xfe;
const EXIF = "Exif\0\0";
const MAX_SEGMENTS = 100_000;
const MAX_FILL = 4_096;
/** Of the part of a segment that its length counts, and its marker. */
const MAX_SEGMENT = 65_537;

/** A plain JFIF header: version 1.01, no density, no thumbnail. */
const JFIF = ascii("\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0");

interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** Whether a marker belongs to drawing the picture: frames, tables, restarts, lines. */
function draws(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) || [DQT, DNL, DRI, SOS].includes(marker);
}

/** Say whether tables, of which each says how long it is, fill a segment. */
function tablesFill(body: Uint8Array, lengthAt: (at: number) => number): boolean {
  let at = 0;
  while (at < body.length) at += lengthAt(at);
  return at === body.length;
}

/** Say whether a segment that draws (from its marker on) is exactly as long as what it says it holds, so that nothing else has room in it. */
function isExact(marker: number, raw: Uint8Array, drawn: boolean): boolean {
  const body = raw.subarray(4);
  const length = ((raw[2] ?? 0) << 8) | (raw[3] ?? 0);
  if (marker === SOS) return length === 6 + 2 * (body[0] ?? 0);
  if (marker === DRI) return length === 4;
  if (marker === DNL) return length === 4 && drawn;
  if (marker === DQT) return tablesFill(body, (at) => ((body[at] ?? 0) >= 0x10 ? 129 : 65));
  if (marker === DHT) return tablesFill(body, (at) => body.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 17));
  if (marker === DAC) return length <= 66 && length % 2 === 0;
  return length === 8 + 3 * (body[5] ?? 0);
}

/** End of the entropy-coded data that starts at `at`: the next marker that is neither stuffing nor a restart. */
async function scanEnd(window: Window, at: number): Promise<number> {
  let place = at;
  for (;;) {
    const part = await window.some(place, window.size);
    if (part.length < 2) throw broken("it breaks off");
    let found = part.indexOf(0xff);
    for (; found >= 0 && found + 1 < part.length; found = part.indexOf(0xff, found)) {
      const next = part[found + 1] ?? 0;
      if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return place + found;
      found += next === 0xff ? 1 : 2;
    }
    place += found < 0 ? part.length : found;
  }
}

/** The segment that starts at `at`, after any fill bytes. A scan's segment includes its data. */
async function segmentAt(window: Window, at: number): Promise<Segment> {
  let start = at;
  let head = await window.read(start, 2);
  while (head[0] === 0xff && head[1] === 0xff) {
    start += 1;
    if (start - at > MAX_FILL) throw broken("a segment does not start where it must");
    head = await window.read(start, 2);
  }
  const marker = head[1] ?? 0;
  if (head[0] !== 0xff) throw broken("a segment does not start where it must");
  if (marker === EOI) return { marker, start, end: start + 2 };
  const length = await window.read(start + 2, 2);
  const end = start + 2 + (((length[0] ?? 0) << 8) | (length[1] ?? 0));
  if (end < start + 4 || end > window.size || marker === SOI || marker < 0xc0) throw broken("a segment has no sensible length");
  return { marker, start, end: marker === SOS ? await scanEnd(window, end) : end };
}

/** What stands in a clean copy where an application segment was: the segment, bytes of ours, or nothing. It tells the plan what it says. */
function applicationSegment(marker: number, raw: Uint8Array, plan: Plan, exif: { facts?: ExifFacts }): Uint8Array {
  const body = raw.subarray(4);
  const name = latin1(body.subarray(0, 16));
  if (marker === APP0 && name.startsWith("JFIF\0")) {
    if (raw.length > JFIF.length) plan.tell("thumbnail");
    return JFIF;
  }
  if (marker === APP14 && name.startsWith("Adobe") && raw.length === 16) {
    // Version 100, no flags, and how colours were turned, which a decoder must know.
    return Uint8Array.of(...ascii("\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"), Math.min(raw[15] ?? 0, 2));
  }
  if (marker === APP1 && name.startsWith(EXIF)) {
    const facts = readExif(body.subarray(6), plan);
    if (exif.facts !== undefined) return new Uint8Array();
    exif.facts = facts;
    const tiff = writeExif(facts, plan.choice);
    if (tiff === undefined) return new Uint8Array();
    const length = tiff.length + 8;
    return Uint8Array.of(0xff, APP1, length >> 8, length & 0xff, ...ascii(EXIF), ...tiff);
  }
  if (marker === APP0 && name.startsWith("JFXX\0")) plan.tell("thumbnail");
  else if (marker === COMMENT) plan.tell("text", latin1(body));
  else if (marker === APP2 && name.startsWith("ICC_PROFILE")) plan.tell("colours");
  else if (marker === APP2 && name.startsWith("MPF\0")) plan.tell("thumbnail");
  else if (marker === APP13) plan.tell("text");
  else if (marker === APP1) tellText(plan, body);
  else plan.tell("other");
  return new Uint8Array();
}

/** Plan the cleaning of a JPEG picture. @throws FileError `archive` when it is not whole. */
export async function planJpeg(window: Window, plan: Plan): Promise<void> {
  const exif: { facts?: ExifFacts } = {};
  let at = 2;
  let drawn = false;
  const headers = new Set<number>();
  for (let count = 0; ; count += 1) {
    if (count > MAX_SEGMENTS) throw broken("it has too many segments");
    const { marker, start, end } = await segmentAt(window, at);
    plan.remove(at, start);
    at = end;
    if (marker === EOI) break;
    if (draws(marker)) {
      const length = Math.min(end - start, MAX_SEGMENT);
      // A decoder stops at what it does not understand: such a picture is not whole.
      if (!isExact(marker, await window.read(start, length), drawn)) throw new Uncleanable("a part that draws it holds something else");
      drawn ||= marker === SOS;
      continue;
    }
    const raw = (await window.read(start, end - start)).slice();
    let instead = applicationSegment(marker, raw, plan, exif);
    if (instead.length > 0 && headers.has(marker)) {
      // One header of each kind: a second would be a place to hide things.
      plan.tell("other");
      instead = new Uint8Array();
    }
    if (instead.length > 0) headers.add(marker);
    if (!same(raw, instead)) plan.replace(start, end, instead);
  }
  if (!drawn) throw broken("it holds no picture");
  if (at < window.size) {
    plan.tell("trailer");
    plan.remove(at, window.size);
  }
}
