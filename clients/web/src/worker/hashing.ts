// SPDX-License-Identifier: AGPL-3.0-or-later
/** The SHA-256 of a file of any size, by slices. */
import type { Source } from "@corncrake/core/media/source";
import { GrowingHash } from "@corncrake/core/note";
import { giveBack } from "@corncrake/core/platform";
import { remind } from "../transport/reminder";

const SLICE = 1024 * 1024;

/** Return the SHA-256 of a file in hex; `onProgress` is told how many bytes were read. Throws a DOMException when the file cannot be read. */
export async function hashFile(file: Source, onProgress: (done: number) => void): Promise<string> {
  const hash = new GrowingHash();
  for (let at = 0; at < file.size; at += SLICE) {
    const end = Math.min(at + SLICE, file.size);
    const piece = await file.read(at, end);
    hash.update(piece);
    onProgress(end);
    giveBack(piece);
    remind(end - at);
  }
  return hash.hex();
}
