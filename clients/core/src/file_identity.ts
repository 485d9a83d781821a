// SPDX-License-Identifier: Apache-2.0
/**
 * The two secrets of one attached file: the identity that opens its blocks, and the key that names them.
 *
 * Rules of this file: a device makes both, seals them in a report, and forgets them: what it sent it cannot open.
 *
 * Source: crypto/spec/file_identity.md.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { b64url, concat } from "./encoding";
import { Identity } from "./identities";
import { utf8 } from "./platform";
import { randomBytes, type RandomSource } from "./randomness";
import type { Recipient } from "./recipients";

const TAG_LENGTH = 16;
const SECRET_LENGTH = 32;

/** The secrets of one file: `text` is `AGE-SECRET-KEY-PQ-1…`, `blockKey` 32 bytes; `recipient` is what its blocks are sealed to. */
export interface FileIdentity {
  readonly text: string;
  readonly blockKey: Uint8Array;
  readonly recipient: Recipient;
}

/** Return new secrets. */
export function generateFileIdentity(random: RandomSource = randomBytes): FileIdentity {
  const identity = Identity.fromSeed(random(SECRET_LENGTH));
  return { text: identity.text, blockKey: random(SECRET_LENGTH), recipient: identity.recipient };
}

/**
 * Return what names a file inside its blocks: base64url of SHA-256("corncrake.org/file/v1\\n" ‖ recipient)[:16].
 *
 * Source: crypto/spec/file_identity.md §2.
 */
export function fileTag(recipient: Recipient): string {
  return b64url(sha256(concat(utf8("corncrake.org/file/v1\n"), recipient.raw)).slice(0, TAG_LENGTH));
}
