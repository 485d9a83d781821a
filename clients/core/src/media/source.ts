// SPDX-License-Identifier: Apache-2.0
/**
 * What a file says about whoever made it, and a copy that does not say it: the words that pages and format readers share.
 *
 * Rules of this file: types and two lists. A file may be larger than memory, so it is read through `Source`, and a copy is a list of pieces.
 *
 * Source: crypto/spec/report.md §1 (`cleaning`, `removed`).
 */

export { clean, inspect } from "./clean";
export { sourceOf as copyOf } from "./plan";

/** Random access to a file that is not in memory. `read` gives exactly `end - start` bytes; 0 ≤ start ≤ end ≤ size. */
export interface Source {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/**
 * A range of the original, or bytes of ours. A copy is a list of these, in order: nothing is copied. `copyOf(original, pieces)` reads it like a file.
 * Long runs of zeros are the same `Uint8Array` object again and again.
 */
export type Piece = { readonly start: number; readonly end: number } | Uint8Array;

/** The kinds of files that are told apart, by their first bytes and never by their names. */
export type FileKind = "jpeg" | "png" | "webp" | "gif" | "mp4" | "mov" | "m4a" | "webm" | "heic" | "pdf" | "unknown";

/** What a file tells about the event: what `partial` keeps where it can be written anew. */
export const EVENT_TELLS = ["place", "time", "direction"] as const;

/** What a file tells about the reporter. `colours` is a colour profile, `track` a hidden track (positions, time codes), `trailer` what follows the end. */
export const YOU_TELLS = [
  "owner", "names", "device", "serial", "software", "text", "thumbnail", "subtitle", "track", "colours", "trailer", "other",
] as const; // prettier-ignore

/** Every kind of thing that a file tells. A page has a sentence for each. */
export const TELLS = [...EVENT_TELLS, ...YOU_TELLS] as const;

/** A kind of thing that a file tells. */
export type Tell = (typeof TELLS)[number];

/** One thing to show: at most 64 characters, no control characters. */
export interface Shown {
  readonly tell: Tell;
  readonly text: string;
}

/** What a file says. `broken`: it is not a whole file of its kind. `cleanable`: `clean` can make a copy that says nothing. */
export interface Telling {
  readonly kind: FileKind;
  readonly broken: boolean;
  readonly cleanable: boolean;
  readonly you: readonly Tell[];
  readonly event: readonly Tell[];
  /** What of `event` a copy that keeps place and time really keeps; the rest goes with what is told of the reporter. */
  readonly kept: readonly Tell[];
  /** At most 16. */
  readonly shown: readonly Shown[];
}

/** What is done about it: remove everything; keep place and time, remove what points to the reporter; leave it untouched. */
export type Choice = "strip" | "partial" | "keep";

/** A clean copy: its pieces, its length in bytes, and the kinds of things that were removed. */
export interface Cleaned {
  readonly pieces: readonly Piece[];
  readonly size: number;
  /** At most 64 entries of at most 64 characters, for the report. */
  readonly removed: readonly string[];
}

/** Told how far reading has come, in bytes. It may begin anew: `clean` reads twice, the second time to check the copy. */
export type Progress = (done: number, total: number) => void;
