// SPDX-License-Identifier: Apache-2.0
/**
 * How a file is read for cleaning: through a window that moves, into a plan of edits.
 *
 * Rules of this file: memory is bounded by constants below, whatever the file says of itself. A reader of a format makes one plan: what it found, and
 * which ranges must be replaced. A file is clean when its plan has no edits: so the copy is checked by the code that made it, from its first byte on.
 */
import { FileError, Failure } from "../errors";
import type { Choice, Piece, Progress, Shown, Source, Tell } from "./source";

/** How many ranges of one file may be replaced: beyond this it is not cleaned, so that a hostile file cannot fill memory. */
export const MAX_EDITS = 200_000;

const MAX_HELD = 16_777_216;
const WINDOW = 262_144;
const MAX_READ = 4_194_304;
/** How often a file may be read through, on the average: one that makes its reader jump about is given up. */
const MAX_PASSES = 8;
const MAX_SHOWN = 16;
const MAX_TEXT = 64;
const ZEROS = new Uint8Array(1_048_576);

/** The file is not a whole file of its kind. */
export function broken(detail: string): FileError {
  return new FileError(Failure.ARCHIVE, `file: ${detail}`);
}

/** The file is whole, and holds what this code does not know how to clean. */
export class Uncleanable extends FileError {
  constructor(detail: string) {
    super(Failure.ARCHIVE, `file: it cannot be made clean: ${detail}`);
  }
}

/** A moving window over a source: small reads near each other cost one read of the file. */
export class Window {
  private start = 0;
  private bytes: Uint8Array = new Uint8Array();

  constructor(
    private readonly source: Source,
    private readonly onProgress?: Progress,
    private readonly ahead = WINDOW,
    private readonly budget = { left: MAX_PASSES * source.size + MAX_READ * 16 },
  ) {}

  get size(): number {
    return this.source.size;
  }

  /** Another window over the same source, for reading in two places at once. */
  another(ahead = WINDOW): Window {
    return new Window(this.source, this.onProgress, ahead, this.budget);
  }

  /** The bytes from `at`, `length` of them (at most 4 MiB). @throws FileError `archive` when the file ends before that. */
  async read(at: number, length: number): Promise<Uint8Array> {
    if (!Number.isSafeInteger(at + length) || at < 0 || length < 0 || at + length > this.size) throw broken("it breaks off");
    if (length > MAX_READ) throw broken("a part of it that should be short is very long");
    if (at < this.start || at + length > this.start + this.bytes.length) {
      const end = Math.min(this.size, at + Math.max(length, this.ahead));
      if ((this.budget.left -= end - at) < 0) throw new Uncleanable("its parts lie too far from each other");
      this.start = at;
      this.bytes = await this.source.read(at, end);
      this.onProgress?.(at, this.size);
    }
    return this.bytes.subarray(at - this.start, at - this.start + length);
  }

  /** As much as is at hand from `at`, at most a window; empty at the end of the file. */
  async some(at: number, end: number): Promise<Uint8Array> {
    return this.read(at, Math.max(0, Math.min(WINDOW, end - at)));
  }

  /** Say whether all bytes of a range are zero. */
  async isZero(start: number, end: number): Promise<boolean> {
    for (let at = start; at < end; ) {
      const part = await this.some(at, end);
      if (!allZero(part)) return false;
      at += part.length;
    }
    return true;
  }
}

interface Edit {
  readonly start: number;
  readonly end: number;
  /** Bytes to stand there instead, of any length; or zeros, as many as there were. */
  readonly to: Uint8Array | "zeros";
}

/** What a reader found in a file, and what must change in it. */
export class Plan {
  readonly tells = new Set<Tell>();
  readonly shown: Shown[] = [];
  private readonly edits: Edit[] = [];
  private held = 0;

  constructor(readonly choice: Exclude<Choice, "keep">) {}

  get isEmpty(): boolean {
    return this.edits.length === 0;
  }

  /** Note that the file tells something, and perhaps how it reads. */
  tell(tell: Tell, text = ""): void {
    this.tells.add(tell);
    if (text === "" || this.shown.length >= MAX_SHOWN) return;
    const plain = text.slice(0, 4 * MAX_TEXT).replace(/[\p{C}\p{Zl}\p{Zp}\uFFFD]+/gu, " ").trim().slice(0, MAX_TEXT).replace(/\p{Cs}$/u, "");
    const known = this.shown.some((one) => one.tell === tell && one.text === plain);
    if (plain !== "" && !known) this.shown.push({ tell, text: plain });
  }

  /** Put `to` where the range is now. */
  replace(start: number, end: number, to: Uint8Array | "zeros"): void {
    if (this.edits.length >= MAX_EDITS) throw new Uncleanable("it has too many parts that would have to go");
    if (end > start || (to !== "zeros" && to.length > 0)) this.edits.push({ start, end, to });
  }

  /** So many bytes of ours will be held until the copy is made. @throws Uncleanable when they are more than a page may hold. */
  hold(bytes: number): void {
    if ((this.held += bytes) > MAX_HELD) throw new Uncleanable("it has too many parts that would have to go");
  }

  /** Take a range out. */
  remove(start: number, end: number): void {
    this.replace(start, end, new Uint8Array());
  }

  /** Make every byte of a range zero, unless all are. */
  async blank(window: Window, start: number, end: number): Promise<boolean> {
    if (await window.isZero(start, end)) return false;
    this.replace(start, end, "zeros");
    return true;
  }

  /** Put bytes of ours at a place, unless they stand there. */
  async write(window: Window, at: number, bytes: Uint8Array): Promise<boolean> {
    if (same(await window.read(at, bytes.length), bytes)) return false;
    this.replace(at, at + bytes.length, bytes);
    return true;
  }

  /** The copy as pieces of a file of `size` bytes. */
  pieces(size: number): Piece[] {
    const pieces: Piece[] = [];
    const short = new Map<number, Uint8Array>();
    let at = 0;
    for (const edit of [...this.edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
      if (edit.start < at || edit.end > size) throw broken("its parts overlap");
      if (edit.start > at) pieces.push({ start: at, end: edit.start });
      if (edit.to === "zeros") pieces.push(...zeros(edit.end - edit.start, short));
      else if (edit.to.length > 0) pieces.push(edit.to);
      at = edit.end;
    }
    if (at < size) pieces.push({ start: at, end: size });
    return pieces;
  }
}

/** Runs of zeros that are this long together; `short` remembers those of each length. */
function* zeros(length: number, short: Map<number, Uint8Array>): Iterable<Uint8Array> {
  let left = length;
  for (; left >= ZEROS.length; left -= ZEROS.length) yield ZEROS;
  const rest = short.get(left) ?? ZEROS.subarray(0, left);
  short.set(left, rest);
  if (left > 0) yield rest;
}

/** How many bytes a piece has. */
export function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.end - piece.start;
}

/** Bytes of the original that may be read for nothing, so that a run of small pieces costs one read. */
const MAX_SPARE = 1_048_576;

/**
 * Read a copy as if it were a file, without making it. A read that touches many pieces near each other reads the original once.
 *
 * @throws FileError `archive` when more is read than there is.
 */
export function sourceOf(original: Source, pieces: readonly Piece[]): Source {
  const starts: number[] = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += lengthOf(piece);
  }
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (start < 0 || start > end || end > size) throw broken("it breaks off");
    const touched: { piece: Piece; from: number; length: number; at: number }[] = [];
    for (let at = start, index = lastAtOrBefore(starts, start); at < end; index += 1) {
      const piece = pieces[index];
      const from = at - (starts[index] ?? 0);
      if (piece === undefined) throw broken("it breaks off");
      const length = Math.min(lengthOf(piece) - from, end - at);
      touched.push({ piece, from, length, at: at - start });
      at += length;
    }
    let [first, last] = [Infinity, 0];
    for (const { piece, from, length } of touched) {
      if (piece instanceof Uint8Array) continue;
      first = Math.min(first, piece.start + from);
      last = Math.max(last, piece.start + from + length);
    }
    const together = last > first && last - first <= end - start + MAX_SPARE ? await original.read(first, last) : undefined;
    const whole = new Uint8Array(end - start);
    for (const { piece, from, length, at } of touched) {
      if (piece instanceof Uint8Array) whole.set(piece.subarray(from, from + length), at);
      else if (together !== undefined) whole.set(together.subarray(piece.start + from - first, piece.start + from - first + length), at);
      else whole.set(await original.read(piece.start + from, piece.start + from + length), at);
    }
    return whole;
  };
  return { size, read };
}

/** The index of the last of the ascending numbers that is not above `value`; -1 when there is none. */
export function lastAtOrBefore(ascending: { readonly length: number; readonly [index: number]: number }, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Say whether all bytes are zero; four at a time, since gigabytes may be. */
function allZero(bytes: Uint8Array): boolean {
  const odd = bytes.byteOffset % 4 === 0 ? bytes.length % 4 : bytes.length;
  const words = new Int32Array(bytes.buffer, odd === bytes.length ? 0 : bytes.byteOffset, (bytes.length - odd) / 4);
  for (const word of words) if (word !== 0) return false;
  for (let at = bytes.length - odd; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** Say whether two byte strings are the same. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Bytes as text, one character for each. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return text;
}

/** Text of ASCII characters as bytes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A view for reading numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
