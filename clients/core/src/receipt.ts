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
import { addDays } from "./encoding";
import { openNote, readDocument, sha256Hex } from "./note";
import { utf8 } from "./platform";
import { day, hash, id, logOrigin, object, type Decoded } from "./schema";

const KIND = "receipt";
const MAX_RECEIPT = 4_096;
const DAYS_AHEAD = 2;
const LEAF = "corncrake.org/leaf/v1\n";

const receipt = object({ id: hash, desk: id, log: logOrigin, day, salt: hash });

/** What the log of origin line `log` promised: report `id` for `desk`, taken on `day`; `salt` opens its commitment. */
export type Receipt = Decoded<typeof receipt>;

/** What a receipt must be: of which log, by which 32-byte key, for which report (hex) and desk. */
export interface ReceiptExpected {
  readonly origin: string;
  readonly key: Uint8Array;
  readonly id?: string;
  readonly desk?: string;
  /** The day by which it must have been taken, two days aside. */
  readonly today?: string;
}

/** Return the id of a sealed report: the SHA-256 of its ciphertext, lower-case hex. */
export function reportId(sealed: Uint8Array): string {
  return sha256Hex(sealed);
}

/**
 * Verify a receipt.
 *
 * @throws FileError `note`, `kind`, `json`, `not-canonical`; PeerError `signature`; `origin`, when it is of another log under the same key; `desk`, when it is for another desk; `altered`, for another report;
 *   `not-yet-valid`, when it is of a later day.
 *
 * Source: crypto/spec/receipt.md §2.
 */
export function openReceipt(raw: Uint8Array, expected: ReceiptExpected): Receipt {
  const text = openNote(raw, [{ name: expected.origin, key: expected.key }], { limit: MAX_RECEIPT });
  const value = readDocument(text, KIND, receipt);
  if (value.log !== expected.origin) throw new PeerError(Failure.ORIGIN, "the receipt is of another log");
  if (expected.desk !== undefined && value.desk !== expected.desk) throw new PeerError(Failure.DESK, "the receipt is for another desk");
  if (expected.id !== undefined && value.id !== expected.id) throw new PeerError(Failure.ALTERED, "the receipt is for other bytes than were sent");
  if (expected.today !== undefined && value.day > addDays(expected.today, DAYS_AHEAD)) throw new PeerError(Failure.NOT_YET_VALID, "the receipt is of a day that has not come");
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
