// SPDX-License-Identifier: AGPL-3.0-or-later
/** Reading slices of a file, and giving memory back at once. */

/** The bytes of a file from `start` to `end`, read anew; throws a DOMException when it was changed or taken away since it was chosen. */
export async function readSlice(file: Blob, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
}

/** Give the memory of `bytes` back now, where the engine can: blocks are large, and a collector that waits would let them pile up. */
export function release(bytes: Uint8Array): void {
  const buffer = bytes.buffer as { transfer?: (length: number) => ArrayBuffer };
  buffer.transfer?.(0);
}
