// SPDX-License-Identifier: AGPL-3.0-or-later
/** Looking into a file, and making what is sent of it: both by slices, whatever its size. */
import type { Choice, Source, Telling } from "@corncrake/core/media/source";
import { LineError } from "../transport/server";
import { hashFile } from "./hashing";

/** Told how far it is, in bytes. */
export type OnProgress = (done: number, total: number) => void;

/** What leaves of a file: how it is read, its hash in hex, and what was removed. */
export interface Prepared {
  readonly source: Source;
  readonly sha256: string;
  readonly removed: readonly string[];
}

/** What looks into files, fetched when the first is there. */
function media(): Promise<typeof import("@corncrake/core/media/source")> {
  return import("@corncrake/core/media/source").catch(() => { throw new LineError("media"); });
}

/** Each slice is read anew; a DOMException when the file was changed or taken away since it was chosen. */
function sourceOf(file: Blob): Source {
  return { size: file.size, read: async (start, end) => new Uint8Array(await file.slice(start, end).arrayBuffer()) };
}

/** Say what a file tells. Throws a DOMException when it cannot be read; LineError when what looks into it does not come. */
export async function lookInto(file: Blob, onProgress: OnProgress): Promise<Telling> {
  const { inspect } = await media();
  return inspect(sourceOf(file), onProgress);
}

async function cleanCopy(original: Source, choice: "strip" | "partial", onProgress: OnProgress): Promise<{ source: Source; removed: readonly string[] }> {
  const { clean, copyOf } = await media();
  const { pieces, removed } = await clean(original, choice, onProgress);
  return { source: copyOf(original, pieces), removed };
}

/**
 * Make what is sent of a file after the reporter's choice, and hash it.
 *
 * @throws FileError when it cannot be cleaned; a DOMException when it cannot be read; LineError when what cleans it does not come.
 */
export async function prepareFile(file: Blob, choice: Choice, onProgress: OnProgress): Promise<Prepared> {
  const original = sourceOf(file);
  const { source, removed } = choice === "keep" ? { source: original, removed: [] } : await cleanCopy(original, choice, onProgress);
  const sha256 = await hashFile(source, (done) => { onProgress(done, source.size); });
  return { source, sha256, removed };
}
