// SPDX-License-Identifier: Apache-2.0
/**
 * Units of H.264 and H.265 that encoders use to write their own words: supplemental user data.
 *
 * Rules of this file: a unit that holds user data becomes a unit of filler of the same length, which every decoder skips. What else stood in that one
 * unit goes with it: hints of timing that the film's own tables give as well.
 *
 * Source: ITU-T H.264 annex D, H.265 annex D (types 3, 4 and 5), H.264 §7.3.2.3.
 */
import { latin1, viewOf, type Plan, type Window } from "./plan";

const MAX_UNITS = 64;
const MAX_UNIT = 65_536;
const FILLER = 3;
const USER_DATA = [4, 5];

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

/** Say whether the body of a supplemental unit (after the unit's head) holds user data, or cannot be read to its end. */
export function holdsUserData(raw: Uint8Array): boolean {
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
    if (USER_DATA.includes(type) || at + length > end) return true;
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

/** How the samples of a track are cut into units: bytes of a unit's length, and by which standard units are numbered. */
export interface Units {
  readonly lengthBytes: number;
  readonly hevc: boolean;
}

/** The longest run of readable characters, if it is one that a person would call words. */
export function words(raw: Uint8Array): string {
  return /[\x20-\x7e]{8,}/.exec(latin1(raw))?.[0] ?? "";
}

/** Look at the units of one sample that stand before its picture, and make filler of those that hold user data. */
export async function planUnits(plan: Plan, window: Window, units: Units, start: number, end: number): Promise<void> {
  let at = start;
  for (let count = 0; count < MAX_UNITS && at + units.lengthBytes < end; count += 1) {
    const head = viewOf(await window.read(at, units.lengthBytes + 1));
    let length = 0;
    for (let index = 0; index < units.lengthBytes; index += 1) length = length * 256 + head.getUint8(index);
    const first = head.getUint8(units.lengthBytes);
    const type = units.hevc ? (first >> 1) & 0x3f : first & 0x1f;
    if (units.hevc ? type < 32 : type >= 1 && type <= 5) return;
    const body = at + units.lengthBytes + (units.hevc ? 2 : 1);
    at += units.lengthBytes + length;
    // A sample that is cut otherwise than it says cannot be played either; it is left as it is.
    if (at > end || body > at) return;
    if (type !== (units.hevc ? 39 : 6)) continue;
    const raw = await window.read(body, Math.min(at - body, MAX_UNIT));
    if (raw.length === MAX_UNIT || holdsUserData(raw)) {
      plan.tell("software", words(raw));
      plan.replace(body, at, filler(at - body));
    }
  }
}
