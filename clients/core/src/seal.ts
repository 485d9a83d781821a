// SPDX-License-Identifier: Apache-2.0
/**
 * Sealing: bytes and recipients in, an age v1 file out.
 *
 * Rules of this file: hybrid stanzas only, one for each recipient in the order given, 1 to 16 of them. A file key and a nonce are made for one file and never used
 * again.
 *
 * Source: crypto/spec/seal.md; C2SP age.md; RFC 9180 §6.1.
 */
import { encodeHeader, HYBRID, type Stanza } from "./age_format";
import { b64stdNopad } from "./encoding";
import { Failure, UsageError } from "./errors";
import { ENCAPSULATED_LENGTH, wrapFileKey } from "./identities";
import { MAX_RECIPIENTS, NONCE_LENGTH, wireSize } from "./padding";
import { randomBytes, type RandomSource } from "./randomness";
import type { Recipient } from "./recipients";
import { sealChunks } from "./stream";

const FILE_KEY_LENGTH = 16;

function stanza(fileKey: Uint8Array, recipient: Recipient): Stanza {
  const wrapped = wrapFileKey(fileKey, recipient);
  return { type: HYBRID, args: [b64stdNopad(wrapped.subarray(0, ENCAPSULATED_LENGTH))], body: wrapped.slice(ENCAPSULATED_LENGTH) };
}

/**
 * Return the age file that seals `plaintext` to `recipients`, `wireSize(recipients.length, plaintext.length)` bytes long.
 *
 * @param plaintext usually an archive filled to its class; the caller pads.
 * @param recipients 1 to 16, in the order of their stanzas.
 * @throws UsageError `misuse`: no recipient, or more than 16.
 *
 * Source: crypto/spec/seal.md §1.
 */
export async function seal(plaintext: Uint8Array, recipients: readonly Recipient[], random: RandomSource = randomBytes): Promise<Uint8Array> {
  if (recipients.length < 1 || recipients.length > MAX_RECIPIENTS) throw new UsageError(Failure.MISUSE, "a sealed object has 1 to 16 recipients");
  const fileKey = random(FILE_KEY_LENGTH);
  const nonce = random(NONCE_LENGTH);
  if (fileKey.length !== FILE_KEY_LENGTH || nonce.length !== NONCE_LENGTH) throw new UsageError(Failure.MISUSE, "a file key and a nonce have 16 bytes");
  const header = encodeHeader(recipients.map((recipient) => stanza(fileKey, recipient)), fileKey);
  const sealed = new Uint8Array(wireSize(recipients.length, plaintext.length));
  sealed.set(header);
  sealed.set(nonce, header.length);
  await sealChunks(fileKey, nonce, plaintext, sealed.subarray(header.length + NONCE_LENGTH));
  return sealed;
}
