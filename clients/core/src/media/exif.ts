// SPDX-License-Identifier: Apache-2.0
/**
 * Exif blocks: what one says about whoever took the picture, and a block of ours that says less.
 *
 * Rules of this file: every offset is checked before it is followed; every directory is visited once; nothing is thrown for a broken block, since the
 * answer to 'broken' is that of 'unknown': remove it, and say so. What is kept is written anew from checked values, so that a block may stay in a
 * clean file only if it is, byte for byte, what this file writes.
 *
 * Source: Exif 2.32 §4.6 (tags), TIFF 6.0 §2 (directories).
 */
import { ascii, latin1, viewOf, type Plan } from "./plan";
import type { Tell } from "./source";

const TAGS: ReadonlyMap<number, Tell> = new Map<number, Tell>([
  [0x010e, "text"], [0x010f, "device"], [0x0110, "device"], [0x0131, "software"], [0x0132, "time"], [0x013b, "owner"], [0x013c, "device"], [0x8298, "owner"],
  [0x9003, "time"], [0x9004, "time"], [0x9010, "time"], [0x9011, "time"], [0x9012, "time"], [0x9286, "text"], [0x927c, "other"], [0xa420, "serial"],
  [0xa430, "owner"], [0xa431, "serial"], [0xa433, "device"], [0xa434, "device"], [0xa435, "serial"], [0x9c9b, "text"], [0x9c9c, "text"], [0x9c9d, "owner"],
  [0x0201, "thumbnail"],
]); // prettier-ignore

/** Tags that say how samples are stored or drawn, and nothing about a person. */
const PLAIN = new Set([0x0112, 0x011a, 0x011b, 0x0128, 0x0213, 0x8769, 0x8825, 0xa001, 0xa002, 0xa003, 0x9000, 0x9101, 0xa000, 0x0202, 0x0103]);

const EXIF_DIRECTORY = 0x8769;
const GPS_DIRECTORY = 0x8825;
const ORIENTATION = 0x0112;
const TAKEN = 0x9003;
const DIGITIZED = 0x9004;
const CHANGED = 0x0132;
const MAX_DIRECTORIES = 8;
const MAX_ENTRIES = 512;
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
/** No value that is kept or shown is longer; of longer ones the beginning is read, since a block may name the same bytes thousands of times. */
const MAX_VALUE = 256;
const RATIONAL = 5;
const ASCII = 2;

/** One value of a directory. */
interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly value: Uint8Array;
}

type Check = (text: string, count: number) => boolean;
const text =
  (pattern: RegExp): Check =>
  (value) =>
    pattern.test(value);
const rationals =
  (wanted: number): Check =>
  (_, count) =>
    count === wanted;

/** What may be kept of the directory of the place: tag, type, and what it must look like. */
const KEPT_GPS: ReadonlyMap<number, readonly [number, Check]> = new Map<number, readonly [number, Check]>([
  [1, [ASCII, text(/^[NS]\0$/)]], [2, [RATIONAL, rationals(3)]], [3, [ASCII, text(/^[EW]\0$/)]], [4, [RATIONAL, rationals(3)]],
  [5, [1, text(/^[\0\x01]$/)]], [6, [RATIONAL, rationals(1)]], [7, [RATIONAL, rationals(3)]],
  [16, [ASCII, text(/^[TM]\0$/)]], [17, [RATIONAL, rationals(1)]], [29, [ASCII, text(/^\d{4}:\d\d:\d\d\0$/)]],
]); // prettier-ignore

const KEPT_EXIF: ReadonlyMap<number, readonly [number, Check]> = new Map<number, readonly [number, Check]>([
  [TAKEN, [ASCII, text(/^\d{4}:\d\d:\d\d \d\d:\d\d:\d\d\0$/)]],
  [0x9011, [ASCII, text(/^[+-]\d\d:\d\d\0$/)]],
]);

/** What one Exif block holds that may be kept, little end first; and how the picture is turned (1 to 8; 1 when not said). */
export interface ExifFacts {
  readonly orientation: number;
  readonly gps: readonly Entry[];
  readonly times: readonly Entry[];
}

const NOTHING: ExifFacts = { orientation: 1, gps: [], times: [] };

function littleEndFirst(raw: Uint8Array, unit: number, little: boolean): Uint8Array {
  const value = raw.slice();
  if (!little) for (let at = 0; at < value.length; at += unit) value.subarray(at, at + unit).reverse();
  return value;
}

/** One directory's entries; undefined when it breaks off. Values that lie outside of the block have no bytes. */
function directory(tiff: Uint8Array, start: number, little: boolean): { entries: Entry[]; next: number } | undefined {
  const view = viewOf(tiff);
  if (start + 2 > tiff.length) return undefined;
  const count = view.getUint16(start, little);
  const end = start + 2 + count * 12;
  if (count > MAX_ENTRIES || end > tiff.length) return undefined;
  const entries: Entry[] = [];
  for (let at = start + 2; at < end; at += 12) {
    const type = view.getUint16(at + 2, little);
    const unit = SIZES[type] ?? 0;
    const length = unit * view.getUint32(at + 4, little);
    const from = length <= 4 ? at + 8 : view.getUint32(at + 8, little);
    const raw = from + length <= tiff.length ? tiff.subarray(from, from + Math.min(length, MAX_VALUE)) : new Uint8Array();
    entries.push({ tag: view.getUint16(at, little), type, value: littleEndFirst(raw, type === RATIONAL ? 4 : unit || 1, little) });
  }
  return { entries, next: end + 4 <= tiff.length ? view.getUint32(end, little) : 0 };
}

function numberOf(entry: Entry | undefined): number {
  const value = entry?.value ?? new Uint8Array();
  if (value.length === 2) return viewOf(value).getUint16(0, true);
  return value.length >= 4 ? viewOf(value).getUint32(0, true) : 0;
}

function kept(entries: readonly Entry[], rules: typeof KEPT_GPS): Entry[] {
  const seen = new Map<number, Entry>();
  for (const entry of entries) {
    const rule = rules.get(entry.tag);
    const count = entry.value.length / (SIZES[entry.type] ?? 1);
    if (entry.type === rule?.[0] && rule[1](latin1(entry.value), count)) seen.set(entry.tag, entry);
  }
  return [...seen.values()].sort((a, b) => a.tag - b.tag);
}

/** When the picture was taken: as its block says, or, where it does not, when it was made a file or last changed. */
function timesOf(entries: readonly Entry[]): Entry[] {
  const times = kept(entries, KEPT_EXIF);
  if (times.some((one) => one.tag === TAKEN)) return times;
  for (const tag of [DIGITIZED, CHANGED]) {
    const [other] = kept(entries.flatMap((one) => (one.tag === tag ? [{ ...one, tag: TAKEN }] : [])), KEPT_EXIF);
    if (other !== undefined) return [other, ...times];
  }
  return times;
}

/** A place as text, in degrees; empty when it is not whole. */
function placeOf(gps: readonly Entry[]): string {
  const degrees = (tag: number): number => {
    const value = gps.find((one) => one.tag === tag)?.value ?? new Uint8Array();
    const view = viewOf(value);
    let sum = value.length === 24 ? 0 : NaN;
    for (let i = 0; i < value.length / 8; i += 1) sum += view.getUint32(i * 8, true) / (view.getUint32(i * 8 + 4, true) || 1) / 60 ** i;
    const side = latin1(gps.find((one) => one.tag === tag - 1)?.value ?? new Uint8Array());
    return side.startsWith("S") || side.startsWith("W") ? -sum : sum;
  };
  const [latitude, longitude] = [degrees(2), degrees(4)];
  return Number.isFinite(latitude + longitude) ? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}` : "";
}

function tellOf(entry: Entry, plan: Plan): void {
  const tell = TAGS.get(entry.tag);
  if (tell !== undefined) plan.tell(tell, entry.type === ASCII && tell !== "thumbnail" ? latin1(entry.value.subarray(0, 128)) : "");
  else if (!PLAIN.has(entry.tag)) plan.tell("other");
}

/** Read a TIFF structure (the part of an Exif segment after `Exif\0\0`): tell the plan what it says, give back what may be kept. Never throws. */
export function readExif(tiff: Uint8Array, plan: Plan): ExifFacts {
  const view = viewOf(tiff);
  const order = tiff.length >= 8 ? view.getUint16(0) : 0;
  const little = order === 0x4949;
  if (!little && order !== 0x4d4d) {
    plan.tell("other");
    return NOTHING;
  }
  const waiting: { start: number; gps: boolean }[] = [{ start: view.getUint32(4, little), gps: false }];
  const seen = new Set<number>();
  const all: Record<"plain" | "gps", Entry[]> = { plain: [], gps: [] };
  for (let next = waiting.shift(); next !== undefined && seen.size < MAX_DIRECTORIES; next = waiting.shift()) {
    if (next.start === 0 || seen.has(next.start)) continue;
    seen.add(next.start);
    const found = directory(tiff, next.start, little);
    if (found === undefined) plan.tell("other");
    for (const entry of found?.entries ?? []) {
      if (!next.gps) tellOf(entry, plan);
      if (entry.tag === EXIF_DIRECTORY || entry.tag === GPS_DIRECTORY) waiting.push({ start: numberOf(entry), gps: entry.tag === GPS_DIRECTORY });
      all[next.gps ? "gps" : "plain"].push(entry);
    }
    waiting.push({ start: found?.next ?? 0, gps: false });
  }
  const orientation = numberOf(all.plain.find((one) => one.tag === ORIENTATION));
  const facts = { orientation: orientation >= 1 && orientation <= 8 ? orientation : 1, gps: kept(all.gps, KEPT_GPS), times: timesOf(all.plain) };
  if (all.gps.length > 0 || all.plain.some((one) => one.tag === GPS_DIRECTORY)) plan.tell("place", placeOf(facts.gps));
  if (all.gps.some((one) => one.tag === 16 || one.tag === 17)) plan.tell("direction");
  return facts;
}

function entryOf(tag: number, type: number, value: Uint8Array): Entry {
  return { tag, type, value };
}

function number(value: number, bytes: 2 | 4): Uint8Array {
  const raw = new Uint8Array(bytes);
  if (bytes === 2) viewOf(raw).setUint16(0, value, true);
  else viewOf(raw).setUint32(0, value, true);
  return raw;
}

function writeDirectory(at: number, entries: readonly Entry[]): Uint8Array {
  const head = 2 + entries.length * 12 + 4;
  const outside = entries.filter((one) => one.value.length > 4);
  const whole = new Uint8Array(head + outside.reduce((sum, one) => sum + one.value.length + (one.value.length % 2), 0));
  const view = viewOf(whole);
  view.setUint16(0, entries.length, true);
  let free = head;
  entries.forEach((entry, index) => {
    const place = 2 + index * 12;
    view.setUint16(place, entry.tag, true);
    view.setUint16(place + 2, entry.type, true);
    view.setUint32(place + 4, entry.value.length / (SIZES[entry.type] ?? 1), true);
    if (entry.value.length <= 4) whole.set(entry.value, place + 8);
    else {
      view.setUint32(place + 8, at + free, true);
      whole.set(entry.value, free);
      free += entry.value.length + (entry.value.length % 2);
    }
  });
  return whole;
}

/** The TIFF structure that says what is in `facts` and nothing else; undefined when that is nothing. */
export function writeExif(facts: ExifFacts, choice: "strip" | "partial"): Uint8Array | undefined {
  const gps = choice === "partial" ? facts.gps : [];
  const times = choice === "partial" ? facts.times : [];
  const first: Entry[] = facts.orientation === 1 ? [] : [entryOf(ORIENTATION, 3, number(facts.orientation, 2))];
  const pointers = (times.length > 0 ? 1 : 0) + (gps.length > 0 ? 1 : 0);
  if (first.length + pointers === 0) return undefined;
  const timesAt = 8 + 2 + (first.length + pointers) * 12 + 4;
  const timesPart = times.length > 0 ? writeDirectory(timesAt, times) : new Uint8Array();
  const gpsAt = timesAt + timesPart.length;
  // The version comes first, as byte values; readers expect it.
  const gpsPart = gps.length > 0 ? writeDirectory(gpsAt, [entryOf(0, 1, Uint8Array.of(2, 3, 0, 0)), ...gps]) : new Uint8Array();
  if (times.length > 0) first.push(entryOf(EXIF_DIRECTORY, 4, number(timesAt, 4)));
  if (gps.length > 0) first.push(entryOf(GPS_DIRECTORY, 4, number(gpsAt, 4)));
  const parts = [ascii("II*\0\x08\0\0\0"), writeDirectory(8, first), timesPart, gpsPart];
  const whole = new Uint8Array(gpsAt + gpsPart.length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
