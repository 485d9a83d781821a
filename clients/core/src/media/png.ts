// SPDX-License-Identifier: Apache-2.0
/**
 * PNG pictures, moving ones too.
 *
 * Rules of this file: an allow-list. A chunk stays if it draws the picture and has the length that it must have; one that may stand once stands once.
 * Checksums of what stays are checked.
 *
 * Source: PNG third edition §11 (chunks), annex D (CRC); §11.3.2 (colour), §11.3.5 (moving pictures).
 */
import { readExif, writeExif } from "./exif";
import { ascii, broken, latin1, same, Uncleanable, viewOf, type Plan, type Window } from "./plan";
import { tellText } from "./text";

const MAX_CHUNKS = 200_000;
const ANY = 0x7fffffff;

/** Chunks that draw: least and greatest length, and whether there may be several. */
const DRAWS: ReadonlyMap<string, readonly [number, number, boolean]> = new Map<string, readonly [number, number, boolean]>([
  ["IHDR", [13, 13, false]], ["PLTE", [3, 768, false]], ["tRNS", [1, 256, false]], ["IDAT", [0, ANY, true]], ["IEND", [0, 0, false]],
  ["gAMA", [4, 4, false]], ["cHRM", [32, 32, false]], ["sRGB", [1, 1, false]], ["cICP", [4, 4, false]], ["pHYs", [9, 9, false]],
  ["acTL", [8, 8, false]], ["fcTL", [26, 26, true]], ["fdAT", [4, ANY, true]],
]); // prettier-ignore

const CRCS = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function crcOf(bytes: Uint8Array, before = 0): number {
  let value = ~before >>> 0;
  for (const byte of bytes) value = (CRCS[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return ~value >>> 0;
}

async function crcOfRange(window: Window, start: number, end: number): Promise<number> {
  let value = 0;
  for (let at = start; at < end; ) {
    const part = await window.some(at, end);
    value = crcOf(part, value);
    at += part.length;
  }
  return value;
}

function chunkOf(name: string, body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(body.length + 12);
  const view = viewOf(whole);
  view.setUint32(0, body.length);
  whole.set(ascii(name), 4);
  whole.set(body, 8);
  view.setUint32(body.length + 8, crcOf(whole.subarray(4, body.length + 8)));
  return whole;
}

/** Tell what a chunk that goes says. */
async function tellChunk(window: Window, plan: Plan, name: string, body: number, length: number): Promise<void> {
  const head = await window.read(body, Math.min(length, 65_536));
  if (["tEXt", "zTXt", "iTXt"].includes(name)) {
    const text = latin1(head);
    if (/^(XML:com\.adobe\.xmp|Raw profile type)/.test(text)) tellText(plan, head);
    else if (/^(Author|Copyright)\0/.test(text)) plan.tell("owner", name === "tEXt" ? text.slice(text.indexOf("\0") + 1) : "");
    else if (text.startsWith("Software\0")) plan.tell("software", name === "tEXt" ? text.slice(text.indexOf("\0") + 1) : "");
    else if (text.startsWith("Creation Time\0")) plan.tell("time");
    else plan.tell("text", name === "tEXt" ? text.slice(text.indexOf("\0") + 1) : "");
  } else if (name === "tIME") plan.tell("time");
  else if (name === "iCCP") plan.tell("colours");
  else plan.tell("other");
}

/** What stands in a clean copy where the Exif chunk was. */
async function planExif(window: Window, plan: Plan, start: number, length: number): Promise<void> {
  const raw = (await window.read(start, length + 12)).slice();
  const tiff = writeExif(readExif(raw.subarray(8, length + 8), plan), plan.choice);
  const instead = tiff === undefined ? new Uint8Array() : chunkOf("eXIf", tiff);
  if (!same(raw, instead)) plan.replace(start, start + length + 12, instead);
}

/** Plan the cleaning of a PNG picture. @throws FileError `archive` when it is not whole. */
export async function planPng(window: Window, plan: Plan): Promise<void> {
  const seen = new Set<string>();
  let at = 8;
  let last = "";
  let drawn = false;
  for (let count = 0; !seen.has("IEND"); count += 1) {
    if (count > MAX_CHUNKS) throw broken("it has too many chunks");
    const head = await window.read(at, 8);
    const length = viewOf(head).getUint32(0);
    const name = latin1(head.subarray(4));
    const end = at + 12 + length;
    if (end > window.size || (count === 0) !== (name === "IHDR")) throw broken("a chunk is not where it must be");
    const rule = DRAWS.get(name);
    // Frames of a moving picture stay where the picture says that it moves, and their data where a frame has begun.
    const moves = name === "fdAT" ? seen.has("fcTL") && seen.has("IDAT") : name !== "fcTL" || seen.has("acTL");
    const stays = moves && rule !== undefined && length >= rule[0] && length <= rule[1] && (rule[2] || !seen.has(name));
    if (stays) {
      if ((await crcOfRange(window, at + 4, end - 4)) !== viewOf(await window.read(end - 4, 4)).getUint32(0)) throw broken("a chunk is damaged");
    } else if (name === "eXIf" && !seen.has(name)) {
      await planExif(window, plan, at, length);
    } else {
      await tellChunk(window, plan, name, at + 8, length);
      plan.remove(at, end);
    }
    if (stays || name === "eXIf") seen.add(name);
    // What draws stands in one run: data behind another chunk belong to no picture.
    if (name === "IDAT" && last !== "IDAT" && drawn) throw new Uncleanable("its picture is in several parts");
    drawn ||= name === "IDAT";
    last = name;
    at = end;
  }
  if (!seen.has("IDAT")) throw broken("it holds no picture");
  if (at < window.size) {
    plan.tell("trailer");
    plan.remove(at, window.size);
  }
}
