// SPDX-License-Identifier: Apache-2.0
/**
 * Opening: an age v1 file and identities in, verified bytes out.
 *
 * Rules of this file: nothing is given out before its chunk was verified. A file of ours has hybrid stanzas only, at most 16; `strict` false is for files of others.
 *
 * Source: crypto/spec/unseal.md; C2SP age.md.
 */
import { checkMac, parseHeader, type Header } from "./age_format";
import { concat } from "./encoding";
import { Failure, FileError } from "./errors";
import type { Identity } from "./identities";
import { MAX_RECIPIENTS, NONCE_LENGTH } from "./padding";
import { openChunks } from "./stream";

const FILE_KEY_LENGTH = 16;

/** Return the 16-byte file key of a file, the header's MAC verified. Source: crypto/spec/unseal.md §1. */
export function openFileKey(header: Header, identities: readonly Identity[], strict = true): Uint8Array {
  if (strict && (header.stanzas.length > MAX_RECIPIENTS || header.hybrid.includes(undefined))) {
    throw new FileError(Failure.HEADER, "a sealed object has hybrid stanzas only, at most 16");
  }
  for (const identity of identities) {
    for (const wrapped of header.hybrid) {
      const fileKey = wrapped === undefined ? undefined : identity.unwrap(wrapped);
      if (fileKey === undefined) continue;
      if (fileKey.length !== FILE_KEY_LENGTH) throw new FileError(Failure.HEADER, "a file key has 16 bytes");
      checkMac(header, fileKey);
      return fileKey;
    }
  }
  throw new FileError(Failure.NO_MATCH, "none of the stanzas is for these identities");
}

/**
 * Yield the plaintext of a sealed object chunk by chunk, each verified. It is the whole only when the iterator ends without throwing.
 *
 * @throws FileError `header`, `no-match`, `hmac` or `payload`.
 */
export async function* unsealChunks(sealed: Uint8Array, identities: readonly Identity[], strict = true): AsyncGenerator<Uint8Array> {
  const header = parseHeader(sealed);
  const fileKey = openFileKey(header, identities, strict);
  const nonce = sealed.subarray(header.length, header.length + NONCE_LENGTH);
  if (nonce.length !== NONCE_LENGTH) throw new FileError(Failure.HEADER, "the file ends before its payload");
  yield* openChunks(fileKey, nonce, sealed.subarray(header.length + NONCE_LENGTH));
}

/**
 * Return the plaintext of a sealed object.
 *
 * @param sealed the whole age file, hybrid stanzas only.
 * @param identities the likeliest first.
 * @throws FileError `header`, `no-match`, `hmac` or `payload`.
 *
 * Source: crypto/spec/unseal.md §1.
 */
export async function unseal(sealed: Uint8Array, identities: readonly Identity[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of unsealChunks(sealed, identities)) parts.push(part);
  return concat(...parts);
}
