// SPDX-License-Identifier: Apache-2.0
/**
 * Size classes: how long a sealed object's plaintext may be, and how long it is then on the wire.
 *
 * Rules of this file: a class is a length of plaintext in bytes, a multiple of 512. Every constant about sizes stands here and nowhere else.
 *
 * Source: crypto/spec/padding.md; C2SP age.md.
 */
import { Failure, FileError, UsageError } from "./errors";

export const REPORT_CLASSES: readonly number[] = [12_288, 61_440, 258_048];
export const REPLY_CLASS = 6_144;
export const BLOCK_CLASS = 260_096;
export const LARGE_BLOCK_CLASS = 4_190_208;
export const MAX_RECIPIENTS = 16;
export const NONCE_LENGTH = 16;
export const CHUNK_LENGTH = 65_536;
export const TAG_LENGTH = 16;
const HEADER_FRAME = 70;
const STANZA_LENGTH = 1_557;

/**
 * Return the length in bytes of the age file that seals `plaintext` bytes to `recipients` hybrid recipients.
 *
 * @throws UsageError `misuse`, when either number is out of its range.
 *
 * Source: crypto/spec/padding.md §2.
 */
export function wireSize(recipients: number, plaintext: number): number {
  if (!(recipients >= 1 && recipients <= MAX_RECIPIENTS)) throw new UsageError(Failure.MISUSE, "a sealed object has 1 to 16 recipients");
  if (plaintext < 0) throw new UsageError(Failure.MISUSE, "a length is not negative");
  const chunks = Math.max(1, Math.ceil(plaintext / CHUNK_LENGTH));
  return HEADER_FRAME + STANZA_LENGTH * recipients + NONCE_LENGTH + plaintext + TAG_LENGTH * chunks;
}

/**
 * Return the smallest class that holds `contentLength` bytes, closing zeros included.
 *
 * @throws UsageError `size`, when none is large enough.
 *
 * Source: crypto/spec/padding.md §1.
 */
export function classFor(contentLength: number, classes: readonly number[]): number {
  const found = classes.find((size) => contentLength <= size);
  if (found === undefined) throw new UsageError(Failure.SIZE, `${String(contentLength)} bytes do not fit into the largest class`);
  return found;
}

/**
 * Return the class whose sealed form for `recipients` is exactly `wireLength` bytes.
 *
 * @throws FileError `size`, when there is none.
 *
 * Source: crypto/spec/padding.md §2.
 */
export function plaintextClassOf(wireLength: number, recipients: number, classes: readonly number[]): number {
  const found = classes.find((size) => wireSize(recipients, size) === wireLength);
  if (found === undefined) throw new FileError(Failure.SIZE, `${String(wireLength)} bytes are no class of a sealed object`);
  return found;
}
