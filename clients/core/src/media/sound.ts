// SPDX-License-Identifier: Apache-2.0
/**
 * Words of encoders inside AAC sound: filler and data that stand before the first channel of a frame.
 *
 * Rules of this file: what decoders skip becomes zero, bit by bit; the length stays. Only the first frames are looked at, where encoders sign.
 *
 * Source: ISO/IEC 14496-3 §4.4.2.1 (data stream and fill elements), §1.6.2.1 (kinds of sound).
 */
import { same, type Plan, type Window } from "./plan";
import { words } from "./units";

const FILL = 6;
const DATA = 4;
const MAX_FRAME = 1_024;
const MAX_ELEMENTS = 8;
/** Kinds of sound whose frames are built of these elements: AAC, with and without its extensions. */
const KINDS = [1, 2, 3, 4, 5, 29];
const FIRST = 32;

/** How many frames of a track of sound are still to be looked at. */
export interface Frames {
  left: number;
}

/** The frames to look at of a track with this configuration; none for other kinds of sound. */
export function framesOf(configuration: Uint8Array): Frames {
  return { left: KINDS.includes((configuration[0] ?? 0) >> 3) ? FIRST : 0 };
}

function bits(raw: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let bit = at; bit < at + count; bit += 1) value = value * 2 + (((raw[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return value;
}

/** Where the filler or data of the element at a bit start and end; undefined for other elements. */
function skipped(raw: Uint8Array, at: number): { start: number; end: number; plain: boolean } | undefined {
  const kind = bits(raw, at, 3);
  if (kind === FILL) {
    const short = bits(raw, at + 3, 4);
    const start = short === 15 ? at + 15 : at + 7;
    const length = short === 15 ? 14 + bits(raw, at + 7, 8) : short;
    // Other kinds of filler say how loud it is, or extend the sound.
    return { start, end: start + length * 8, plain: length === 0 || bits(raw, start, 4) <= 2 };
  }
  if (kind !== DATA) return undefined;
  const short = bits(raw, at + 8, 8);
  const after = short === 255 ? at + 24 : at + 16;
  const start = bits(raw, at + 7, 1) === 1 ? Math.ceil(after / 8) * 8 : after;
  return { start, end: start + (short === 255 ? short + bits(raw, at + 16, 8) : short) * 8, plain: true };
}

/** Look at a frame of sound, and make zero what decoders skip before its first channel. */
export async function planFrame(plan: Plan, window: Window, frames: Frames, start: number, end: number): Promise<void> {
  if (frames.left <= 0) return;
  frames.left -= 1;
  const raw = await window.read(start, Math.max(0, Math.min(end - start, MAX_FRAME, window.size - start)));
  const clean = raw.slice();
  let at = 0;
  for (let count = 0; count < MAX_ELEMENTS; count += 1) {
    const element = skipped(raw, at);
    if (element === undefined || element.end > raw.length * 8) break;
    for (let bit = element.start; bit < element.end && element.plain; bit += 1) clean[bit >> 3] = (clean[bit >> 3] ?? 0) & ~(0x80 >> (bit & 7));
    at = element.end;
  }
  if (same(raw, clean)) return;
  const length = Math.ceil(at / 8);
  plan.tell("software", words(raw.subarray(0, length)));
  plan.replace(start, start + length, clean.subarray(0, length));
}
