// SPDX-License-Identifier: Apache-2.0
/**
 * What can go wrong, and whose fault it is.
 *
 * Rules of this file: an error has one type, which says at whose door the fault lies, and one `failure`, a word of the closed set below. The word is
 * the same in TypeScript, in Python and in the vectors; callers branch on it and never on message text.
 *
 * Source: crypto/spec/errors.md.
 */

/** The closed set of failure classes; each value is the word that vectors and servers write. */
export const Failure = {
  // An age file. The words are those of the public age test suite (C2SP CCTV).
  ARMOR: "armor",
  HEADER: "header",
  HMAC: "hmac",
  NO_MATCH: "no-match",
  PAYLOAD: "payload",
  // Any encoding.
  ENCODING: "encoding",
  JSON: "json",
  NOT_CANONICAL: "not-canonical",
  ARCHIVE: "archive",
  SIZE: "size",
  KIND: "kind",
  // Notes and their signatures.
  NOTE: "note",
  SIGNATURE: "signature",
  // Charter and prekeys.
  ROOT: "root",
  SUCCESSION: "succession",
  ORIGIN: "origin",
  DESK: "desk",
  ROLLBACK: "rollback",
  EXPIRED: "expired",
  NOT_YET_VALID: "not-yet-valid",
  EQUIVOCATION: "equivocation",
  EPOCH: "epoch",
  TOO_FEW: "too-few",
  CHARTER: "charter",
  // Words of a codename.
  WORD: "word",
  CHECKSUM: "checksum",
  // The log.
  PROOF: "proof",
  SHRUNKEN: "shrunken",
  FORK: "fork",
  FROZEN: "frozen",
  WITHHELD: "withheld",
  // Replies and editions.
  THREAD: "thread",
  EDITION: "edition",
  // Files and blocks.
  BLOCK: "block",
  INCOMPLETE: "incomplete",
  // Parcels.
  ALTERED: "altered",
  REPEATED: "repeated",
  SHORTENED: "shortened",
  RANGE: "range",
  // Ours, and the store's.
  MISUSE: "misuse",
  STORE: "store",
} as const;

/** One word of the closed set. */
export type Failure = (typeof Failure)[keyof typeof Failure];

/** The base of every error of this package. `detail` is one sentence for a person or a log; never a secret, never content. */
export class CorncrakeError extends Error {
  constructor(
    readonly failure: Failure,
    readonly detail: string,
  ) {
    super(`${failure}: ${detail}`);
    this.name = new.target.name;
  }
}

/** The bytes are not what they must be: cut, damaged, or not the one encoding. */
export class FileError extends CorncrakeError {}

/** The bytes are well formed, but whoever made or carried them has broken the protocol. */
export class PeerError extends CorncrakeError {}

/** The caller, or the person before the screen, asked for what cannot be. */
export class UsageError extends CorncrakeError {}

/** Disk or database did not do what was asked of it. */
export class StoreError extends CorncrakeError {}
