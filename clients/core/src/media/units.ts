// SPDX-License-Identifier: Apache-2.0
/**
 * Units of H.264 and H.265: the cuts of a sample, of which some show the picture and some hold words.
 *
 * Rules of this file: an allow-list of units, and of messages in supplemental units. Any other unit, or one with any other message, becomes a supplemental
 * unit of filler of the same length, which every decoder skips. With it go hints of timing, captions and what Dolby adds to colours.
 *
 * Source: ITU-T H.264 §7.3.2, table 7-1, annex D; H.265 table 7-1, annex D.
 */
import { latin1, Uncleanable, viewOf, type Plan, type Window } from "./plan";

const MAX_UNITS = 4_096;
/** In one track: so many are looked at in some seconds. */
const MAX_ALL_UNITS = 20_000_000;
const MAX_UNIT = 65_536;
const MAX_SHARED = 1_024;
const FILLER = 3;
/** A message that says from where on the picture can be shown; its length in bytes at most. */
const RECOVERY = 6;
const MAX_RECOVERY = 4;

/** Take out the bytes that keep three zeros from following each other. */
function unescaped(raw: Uint8Array): Uint8Array {
  const plain: number[] = [];
  let zeros = 0;
  for (const byte of raw) {
    if (zeros >= 2 && byte === 3) zeros = 0;
    else {
      plain.push(byte);
      zeros = byte === 0 ? zeros + 1 : 0;
    }
  }
  return Uint8Array.from(plain);
}

/** Say whether the body of a supplemental unit (after the unit's head) holds more than filler and points of entry, or cannot be read to its end. */
export function saysMore(raw: Uint8Array): boolean {
  const body = unescaped(raw);
  const number = (): number => {
    let sum = 0;
    for (; body[at] === 0xff; at += 1) sum += 255;
    sum += body[at] ?? 0;
    at += 1;
    return sum;
  };
  let at = 0;
  // A unit ends with one bit and zeros: 0x80.
  let end = body.length;
  while (end > 0 && body[end - 1] === 0) end -= 1;
  while (at < end && !(at === end - 1 && body[at] === 0x80)) {
    const type = number();
    const length = number();
    if (at + length > end) return true;
    const empty = type === FILLER && body.subarray(at, at + length).every((byte) => byte === 0xff);
    if (!empty && !(type === RECOVERY && length <= MAX_RECOVERY)) return true;
    at += length;
  }
  return false;
}

/** A body of a supplemental unit, `length` bytes long, that holds filler only. */
export function filler(length: number): Uint8Array {
  const body = new Uint8Array(length).fill(0xff);
  if (length < 3) return body.fill(0x80, 0, 1).fill(0, 1);
  let at = 0;
  let left = length - 1;
  // A message of n bytes needs 1 + ⌊n/255⌋ + 1 more; where no n fits exactly, an empty message comes first.
  const lengthBytes = (all: number): number => Math.floor((all - 2) / 256) + 1;
  let sizes = lengthBytes(left);
  if (Math.floor((left - 1 - sizes) / 255) + 1 !== sizes) {
    body.set([FILLER, 0]);
    at = 2;
    left -= 2;
    sizes = lengthBytes(left);
  }
  body[at] = FILLER;
  body[at + sizes] = (left - 1 - sizes) % 255;
  body[length - 1] = 0x80;
  return body;
}

/** How the samples of a track are cut into units: bytes of a unit's length, by which standard they are numbered, and how many may still be looked at. */
export interface Units {
  readonly lengthBytes: number;
  readonly hevc: boolean;
  left: number;
}

/** Units of a track that has not been looked at. */
export function unitsOf(lengthBytes: number, hevc: boolean): Units {
  return { lengthBytes, hevc, left: MAX_ALL_UNITS };
}

/** The longest run of readable characters, if it is one that a person would call words. */
export function words(raw: Uint8Array): string {
  return /[\x20-\x7e]{8,}/.exec(latin1(raw))?.[0] ?? "";
}

/** What is done with a unit of a kind. */
type Kept = "picture" | "stays" | "mark" | "messages" | "filler" | "goes";

function kindOf(type: number, hevc: boolean): Kept {
  if (hevc) {
    if (type <= 9 || (type >= 16 && type <= 21)) return "picture";
    if (type >= 32 && type <= 34) return "stays";
    if (type >= 35 && type <= 37) return "mark";
    return type === 39 || type === 40 ? "messages" : type === 38 ? "filler" : "goes";
  }
  if (type >= 1 && type <= 5) return "picture";
  if (type === 7 || type === 8) return "stays";
  if (type >= 9 && type <= 11) return "mark";
  return type === 6 ? "messages" : type === 12 ? "filler" : "goes";
}

/** Say whether the body of a unit may stay as it is. */
async function mayStay(window: Window, kind: Kept, body: number, end: number): Promise<boolean> {
  if (kind === "picture" || kind === "stays") return true;
  if (kind === "mark") return end - body <= 1;
  if (kind === "goes" || end - body > MAX_UNIT) return false;
  const raw = await window.read(body, end - body);
  if (kind === "messages") return !saysMore(raw);
  return raw.every((byte, index) => byte === (index === raw.length - 1 ? 0x80 : 0xff));
}

/** Short bodies of filler, each once: a film may need a hundred thousand. */
const SHORT = new Map<number, Uint8Array>();

function sharedFiller(plan: Plan, length: number): Uint8Array {
  if (length > MAX_SHARED) {
    plan.hold(length);
    return filler(length);
  }
  const body = SHORT.get(length) ?? filler(length);
  SHORT.set(length, body);
  return body;
}

/** Look at every unit of one sample, and make filler of those that are not known, or hold words. @throws Uncleanable when it is cut otherwise than it says. */
export async function planUnits(plan: Plan, window: Window, units: Units, start: number, end: number): Promise<void> {
  const { lengthBytes, hevc } = units;
  const headBytes = hevc ? 2 : 1;
  let drawn = false;
  let at = start;
  for (let count = 0; at < end; count += 1) {
    if (count >= MAX_UNITS || (units.left -= 1) < 0) throw new Uncleanable("its samples are cut into too many units");
    const head = viewOf((await window.read(at, Math.min(lengthBytes + headBytes, end - at))).slice());
    let length = 0;
    for (let index = 0; index < lengthBytes && index < head.byteLength; index += 1) length = length * 256 + head.getUint8(index);
    const first = at + lengthBytes;
    at = first + length;
    if (at > end) throw new Uncleanable("a sample is cut otherwise than it says");
    if (length === 0) continue;
    if (length < headBytes) throw new Uncleanable("a sample is cut otherwise than it says");
    const byte = head.getUint8(lengthBytes);
    const type = hevc ? (byte >> 1) & 0x3f : byte & 0x1f;
    const kind = kindOf(type, hevc);
    drawn ||= kind === "picture";
    const body = first + headBytes;
    if (await mayStay(window, kind, body, at)) continue;
    plan.tell("software", words(await window.read(body, Math.min(at - body, MAX_UNIT))));
    if (kind !== "messages") plan.replace(first, body, hevc ? Uint8Array.of((drawn ? 40 : 39) << 1, 1) : Uint8Array.of(6));
    plan.replace(body, at, sharedFiller(plan, at - body));
  }
}
