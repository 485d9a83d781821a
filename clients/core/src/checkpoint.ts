// SPDX-License-Identifier: Apache-2.0
/**
 * Checkpoints: a signed word of the log on how long it is, what is in it, and which day it was.
 *
 * Rules of this file: the text is that of C2SP tlog-checkpoint; the fourth line of ours is `day YYYY-MM-DD`. Further lines are passed over.
 *
 * Source: crypto/spec/checkpoint.md; C2SP tlog-checkpoint.md.
 */
import { dayNumber, unb64std, type Day } from "./encoding";
import { CorncrakeError, Failure, FileError, PeerError } from "./errors";
import { openNote } from "./note";

/** Bytes of a checkpoint. */
export const MAX_CHECKPOINT = 16_384;
const ROOT_LENGTH = 32;
const DAY_LINE = "day ";

/** What any log's checkpoint says: origin, size in leaves, 32-byte root, and extension lines. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly extensions: readonly string[];
}

/** A head of our log. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly day: Day;
}

function refused(detail: string): FileError {
  return new FileError(Failure.NOTE, detail);
}

function inNote<T>(read: () => T, detail: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused(detail);
    throw error;
  }
}

/**
 * Return what the text of a checkpoint says.
 *
 * @throws FileError `note`.
 *
 * Source: crypto/spec/checkpoint.md §1; C2SP tlog-checkpoint.md.
 */
export function parseCheckpointText(text: string): TreeHead {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.pop() !== "" || lines.some((line) => line === "")) throw refused("a checkpoint is three lines or more, none of them empty");
  const [origin = "", size = "", root = "", ...extensions] = lines;
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw refused("the size of a tree is a decimal number without leading zeros");
  }
  return { origin, size: Number(size), root: inNote(() => unb64std(root, ROOT_LENGTH), "the root of a tree is 32 bytes in base64"), extensions };
}

/**
 * Return a checkpoint of ours, verified.
 *
 * @param raw the note.
 * @param origin the log's origin line, from the charter.
 * @param key the log's 32-byte public key, from the charter.
 * @throws FileError `note`; PeerError `signature`; `origin`, when the key has signed a head of another log.
 *
 * Source: crypto/spec/checkpoint.md §2.
 */
export function openCheckpoint(raw: Uint8Array, origin: string, key: Uint8Array): Checkpoint {
  const head = parseCheckpointText(openNote(raw, [{ name: origin, key }], { limit: MAX_CHECKPOINT }));
  if (head.origin !== origin) throw new PeerError(Failure.ORIGIN, "the checkpoint is of another log");
  const [line = ""] = head.extensions;
  if (!line.startsWith(DAY_LINE)) throw refused("the fourth line of a checkpoint says the day");
  const day = line.slice(DAY_LINE.length);
  inNote(() => dayNumber(day), "the fourth line of a checkpoint says the day");
  return { origin, size: head.size, root: head.root, day };
}
