// SPDX-License-Identifier: AGPL-3.0-or-later
/** Looking into a file, and making what is sent of it: both by slices, whatever its size. */
import type { Choice, Source, Telling } from "@corncrake/core/media/source";
import { hashFile } from "./hashing";
import { readSlice } from "./memory";
import type { PreparedFile } from "./orders";

/** Told how far it is, in bytes. */
export type OnProgress = (done: number, total: number) => void;

function sourceOf(file: Blob): Source {
  return { size: file.size, read: (start, end) => readSlice(file, start, end) };
}

/** Say what a file tells. Throws a DOMException when it cannot be read. */
export async function lookInto(file: Blob, onProgress: OnProgress): Promise<Telling> {
  const { inspect } = await import("@corncrake/core/media/source");
  return inspect(sourceOf(file), onProgress);
}

async function cleanCopy(file: Blob, choice: "strip" | "partial", onProgress: OnProgress): Promise<{ blob: Blob; removed: readonly string[] }> {
  const { clean } = await import("@corncrake/core/media/source");
  const { pieces, removed } = await clean(sourceOf(file), choice, onProgress);
  // The same bytes may stand in many places of the copy: the browser holds them once.
  const ours = new Map<Uint8Array, Blob>();
  const parts = pieces.map((piece) => {
    if (!(piece instanceof Uint8Array)) return file.slice(piece.start, piece.end);
    const blob = ours.get(piece) ?? new Blob([piece as BlobPart]);
    ours.set(piece, blob);
    return blob;
  });
  return { blob: new Blob(parts), removed };
}

/**
 * Make what is sent of a file after the reporter's choice, and hash it.
 *
 * @throws FileError when it cannot be cleaned; a DOMException when it cannot be read.
 */
export async function prepareFile(file: Blob, choice: Choice, onProgress: OnProgress): Promise<PreparedFile> {
  const { blob, removed } = choice === "keep" ? { blob: file, removed: [] } : await cleanCopy(file, choice, onProgress);
  const sha256 = await hashFile(blob, (done) => { onProgress(done, blob.size); });
  return { blob, sha256, removed };
}
