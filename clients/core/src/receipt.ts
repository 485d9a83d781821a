// SPDX-License-Identifier: Apache-2.0
/**
 * Receipts: the log's signed promise that a report will stand in it; and what of the report stands there.
 *
 * Rules of this file: a commitment says nothing to whoever has not its salt.
 *
 * Source: crypto/spec/receipt.md.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { Failure, PeerError } from "./errors";
import { openNote, readDocument, sha256Hex } from "./note";
import { utf8 } from "./platform";
import { day, hash, id, object, type Decoded } from "./schema";

const KIND = "receipt";
const MAX_RECEIPT = 4_096;
const LEAF = "corncrake.org/leaf/v1\n";

const receipt = object({ id: hash, desk: id, day, salt: hash });

/** What the log promised: report `id` for `desk`, taken on `day`; `salt` opens its commitment. */
export type Receipt = Decoded<typeof receipt>;

/** What a receipt must be: of which log, by which 32-byte key, for which report (hex) and desk. */
export interface ReceiptExpected {
  readonly origin: string;
  readonly key: Uint8Array;
  readonly id?: string;
  readonly desk?: string;
}

/** Return the id of a sealed report: the SHA-256 of its ciphertext, lower-case hex. */
export function reportId(sealed: Uint8Array): string {
  return sha256Hex(sealed);
}

/**
 * Verify a receipt.
 *
 * @throws FileError `note`, `kind`, `json`, `not-canonical`; PeerError `signature`; `desk`, when it is for another desk; `altered`, for another report.
 *
 * Source: crypto/spec/receipt.md §2.
 */
export function openReceipt(raw: Uint8Array, expected: ReceiptExpected): Receipt {
  const text = openNote(raw, [{ name: expected.origin, key: expected.key }], { limit: MAX_RECEIPT });
  const value = readDocument(text, KIND, receipt);
  if (expected.desk !== undefined && value.desk !== expected.desk) throw new PeerError(Failure.DESK, "the receipt is for another desk");
  if (expected.id !== undefined && value.id !== expected.id) throw new PeerError(Failure.ALTERED, "the receipt is for other bytes than were sent");
  return value;
}

/** Return the 32 bytes that the log has promised to include. Source: crypto/spec/receipt.md §3. */
export function commitment(value: Receipt): Uint8Array {
  return sha256(utf8(`${LEAF}report\n${value.desk}\n${value.day}\n${value.id}\n${value.salt}\n`));
}

/** Return the 32 bytes that stand in the log for nothing; `salt` is 64 characters of hex. Source: crypto/spec/receipt.md §3. */
export function dummyCommitment(onDay: string, salt: string): Uint8Array {
  return sha256(utf8(`${LEAF}dummy\n${onDay}\n${salt}\n`));
}
