// SPDX-License-Identifier: AGPL-3.0-or-later
/** Reading slices of a file, and giving memory back at once. */

/** The bytes of a file from `start` to `end`, read anew; throws a DOMException when it was changed or taken away since it was chosen. */
export async function readSlice(file: Blob, start: number, end: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, end).arrayBuffer());
}

/** Leads nowhere: its other end is closed. */
const nowhere = ((): MessagePort => {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
})();

/**
 * Give the memory of `bytes` back now: blocks are large, and a collector that waits would let them pile up.
 *
 * It is handed over to nobody. `ArrayBuffer.transfer` would not do: what the browser has made or seen it goes on holding, and the collector does not know of it any
 * more (in Chromium 200 MiB that were read by slices stayed whole; handed over they leave nothing).
 */
export function release(bytes: Uint8Array): void {
  nowhere.postMessage(undefined, [bytes.buffer as ArrayBuffer]);
}
