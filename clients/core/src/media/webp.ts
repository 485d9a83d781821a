// SPDX-License-Identifier: Apache-2.0
/**
 * WebP pictures, moving ones too.
 *
 * Rules of this file: an allow-list of chunks, in the file and in each frame. Flags that name what went are cleared, lengths are written anew, and
 * padding is zero.
 *
 * Source: RFC 9649 §2.
 */
import { readExif, writeExif } from "./exif";
import { ascii, broken, latin1, same, viewOf, type Plan, type Window } from "./plan";
import { tellText } from "./text";

const MAX_CHUNKS = 200_000;
const ANIMATION = 0x02;
const EXIF = 0x08;
const ALPHA = 0x10;
const FRAME_HEAD = 16;

interface Chunk {
  readonly name: string;
  readonly start: number;
  readonly body: number;
  /** Where its data end; one byte of padding may follow. */
  readonly dataEnd: number;
  readonly end: number;
}

/** What a picture still needs: is there an Exif block in the copy, and where stand the flags that say so. */
interface State {
  left: number;
  flags?: Chunk;
  exif: boolean;
  drawn: boolean;
  readonly once: Set<string>;
}

async function chunkAt(window: Window, at: number, limit: number): Promise<Chunk> {
  const head = await window.read(at, 8);
  const dataEnd = at + 8 + viewOf(head).getUint32(4, true);
  const end = dataEnd + (dataEnd - at) % 2;
  // Writers that forget the last byte of padding are common; the copy has it neither.
  if (dataEnd > limit) throw broken("a chunk is longer than the picture");
  return { name: latin1(head.subarray(0, 4)), start: at, body: at + 8, dataEnd, end: Math.min(end, limit) };
}

async function pad(window: Window, plan: Plan, chunk: Chunk): Promise<void> {
  if (chunk.end > chunk.dataEnd) await plan.write(window, chunk.dataEnd, Uint8Array.of(0));
}

function length(value: number): Uint8Array {
  const raw = new Uint8Array(4);
  viewOf(raw).setUint32(0, value, true);
  return raw;
}

async function remove(window: Window, plan: Plan, chunk: Chunk): Promise<number> {
  const head = await window.read(chunk.body, Math.min(chunk.dataEnd - chunk.body, 65_536));
  if (chunk.name === "EXIF") readExif(head.subarray(latin1(head.subarray(0, 6)) === "Exif\0\0" ? 6 : 0), plan);
  else if (chunk.name === "XMP ") tellText(plan, head);
  else plan.tell(chunk.name === "ICCP" ? "colours" : "other");
  plan.remove(chunk.start, chunk.end);
  return chunk.start - chunk.end;
}

/** The block of ours in place of the first Exif chunk. Gives back by how much the picture grows. */
async function planExif(window: Window, plan: Plan, chunk: Chunk, state: State): Promise<number> {
  const raw = (await window.read(chunk.start, chunk.end - chunk.start)).slice();
  const body = raw.subarray(8, chunk.dataEnd - chunk.start);
  const tiff = writeExif(readExif(body.subarray(latin1(body.subarray(0, 6)) === "Exif\0\0" ? 6 : 0), plan), plan.choice);
  const instead = tiff === undefined ? new Uint8Array() : Uint8Array.of(...ascii("EXIF"), ...length(tiff.length), ...tiff, ...(tiff.length % 2 ? [0] : []));
  state.exif = tiff !== undefined;
  if (!same(raw, instead)) plan.replace(chunk.start, chunk.end, instead);
  return instead.length - raw.length;
}

/** One frame has one picture, and one transparency before it; empty for chunks that are neither. */
function groupOf(name: string): "picture" | "transparency" | "" {
  if (name === "ALPH") return "transparency";
  return name === "VP8 " || name === "VP8L" ? "picture" : "";
}

/** One frame of a moving picture. Gives back by how much it grows. */
async function planFrame(window: Window, plan: Plan, frame: Chunk, state: State): Promise<number> {
  let grown = 0;
  const found = new Set<string>();
  for (let at = frame.body + FRAME_HEAD; at < frame.dataEnd; ) {
    const chunk = await chunkAt(window, at, frame.dataEnd);
    if ((state.left -= 1) < 0) throw broken("it has too many chunks");
    const group = groupOf(chunk.name);
    const room = group !== "" && !found.has(group) && !found.has("picture");
    found.add(group);
    if (room) await pad(window, plan, chunk);
    else grown += await remove(window, plan, chunk);
    at = chunk.end;
  }
  if (grown !== 0) plan.replace(frame.start + 4, frame.body, length(frame.dataEnd - frame.body + grown));
  await pad(window, plan, frame);
  return grown;
}

async function planChunk(window: Window, plan: Plan, chunk: Chunk, state: State): Promise<number> {
  const size = chunk.dataEnd - chunk.body;
  const name = groupOf(chunk.name) || chunk.name;
  const again = state.once.has(name) || (name === "transparency" && state.drawn);
  state.once.add(name);
  if (chunk.name === "ANMF") {
    state.drawn = true;
    return planFrame(window, plan, chunk, state);
  }
  if (chunk.name === "EXIF" && !again && state.flags !== undefined) return planExif(window, plan, chunk, state);
  if (again) return remove(window, plan, chunk);
  if (chunk.name === "VP8X" && size === 10) state.flags = chunk;
  else if (chunk.name === "VP8 " || chunk.name === "VP8L") state.drawn = true;
  else if (chunk.name !== "ALPH" && !(chunk.name === "ANIM" && size === 6)) return remove(window, plan, chunk);
  await pad(window, plan, chunk);
  return 0;
}

/** Plan the cleaning of a WebP picture. @throws FileError `archive` when it is not whole. */
export async function planWebp(window: Window, plan: Plan): Promise<void> {
  const said = viewOf(await window.read(4, 4)).getUint32(0, true);
  const end = said + 8;
  if (end > window.size) throw broken("it breaks off");
  const state: State = { left: MAX_CHUNKS, exif: false, drawn: false, once: new Set() };
  let grown = 0;
  for (let at = 12; at < end; ) {
    const chunk = await chunkAt(window, at, end);
    if ((state.left -= 1) < 0) throw broken("it has too many chunks");
    grown += await planChunk(window, plan, chunk, state);
    at = chunk.end;
  }
  if (!state.drawn) throw broken("it holds no picture");
  if (grown !== 0) plan.replace(4, 8, length(said + grown));
  if (state.flags !== undefined) {
    const was = (await window.read(state.flags.body, 1))[0] ?? 0;
    const flags = (was & (ANIMATION | ALPHA)) | (state.exif ? EXIF : 0);
    await plan.write(window, state.flags.body, Uint8Array.of(flags, 0, 0, 0));
  }
  if (end < window.size) {
    plan.tell("trailer");
    plan.remove(end, window.size);
  }
}
