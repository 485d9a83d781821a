// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Giving back what the browser holds for us, and does not count.
 *
 * Rules of this file: it asks for nothing but what costs nothing.
 */

/** Bytes that the collector is told of for each byte that the browser may still hold: 128 MiB for a large block. */
const WEIGHT = 32;
/** Reminders that are held: one that goes at once is found by a small collection, which does not look where bodies are. */
const HELD = 3;
const held: ArrayBuffer[] = [];

/**
 * Remind the collector of `bytes` bytes that were given to the browser and that nobody needs any more: the body of a request, a slice that was read.
 *
 * The browser keeps them until the collector runs, and the collector does not count them, so that it sees no reason to run: in Chromium a film that had left stood in
 * memory whole. What it counts is arrays, written to or not; one that is not written to costs nothing.
 */
export function remind(bytes: number): void {
  try {
    held.push(new ArrayBuffer(bytes * WEIGHT));
  } catch {
    // There is not even that much to promise: the collector has run before this was refused.
    held.length = 0;
  }
  if (held.length > HELD) held.shift();
}
