// SPDX-License-Identifier: AGPL-3.0-or-later
/** The SHA-256 of a file of any size, by slices. */
import { GrowingHash } from "@corncrake/core/note";
import { readSlice, release } from "./memory";

const SLICE = 1024 * 1024;

/** Return the SHA-256 of a file in hex; `onProgress` is told how many bytes were read. Throws a DOMException when the file cannot be read. */
export async function hashFile(file: Blob, onProgress: (done: number) => void): Promise<string> {
  const hash = new GrowingHash();
  for (let at = 0; at < file.size; at += SLICE) {
    const piece = await readSlice(file, at, Math.min(at + SLICE, file.size));
    hash.update(piece);
    onProgress(at + piece.length);
    release(piece);
  }
  return hash.hex();
}
