// SPDX-License-Identifier: Apache-2.0
/**
 * The payload of an age file: chunks of 64 KiB, each encrypted by itself, the last one marked.
 *
 * Rules of this file: ChaCha20-Poly1305 by WebCrypto where it has it, else by noble; which one is found out once. Nothing is given out unverified.
 *
 * Source: crypto/spec/age_format.md §5; C2SP age.md.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Failure, FileError } from "./errors";
import { CHUNK_LENGTH, TAG_LENGTH } from "./padding";
import { giveBack, subtle, utf8, type Subtle } from "./platform";

const ALGORITHM = "ChaCha20-Poly1305";
const SEALED_CHUNK = CHUNK_LENGTH + TAG_LENGTH;
/** Chunks that are sealed at a time: WebCrypto works beside the script, and waiting for each one alone takes longer than sealing it. */
const AT_ONCE = 32;

/** Encrypts and decrypts one chunk under one key; `decrypt` gives undefined for what was altered. */
interface ChunkCipher {
  encrypt(nonce: Uint8Array, chunk: Uint8Array): Promise<Uint8Array>;
  decrypt(nonce: Uint8Array, chunk: Uint8Array): Promise<Uint8Array | undefined>;
}

function nobleCipher(key: Uint8Array): ChunkCipher {
  return {
    encrypt: (nonce, chunk) => Promise.resolve(chacha20poly1305(key, nonce).encrypt(chunk)),
    decrypt: (nonce, chunk) => {
      try {
        return Promise.resolve(chacha20poly1305(key, nonce).decrypt(chunk));
      } catch {
        return Promise.resolve(undefined);
      }
    },
  };
}

async function webCipher(key: Uint8Array, crypto: Subtle): Promise<ChunkCipher> {
  const imported = await crypto.importKey("raw-secret", key, ALGORITHM, false, ["encrypt", "decrypt"]);
  return {
    encrypt: async (nonce, chunk) => new Uint8Array(await crypto.encrypt({ name: ALGORITHM, iv: nonce }, imported, chunk)),
    decrypt: async (nonce, chunk) => {
      try {
        return new Uint8Array(await crypto.decrypt({ name: ALGORITHM, iv: nonce }, imported, chunk));
      } catch {
        return undefined;
      }
    },
  };
}

async function chunkCipher(key: Uint8Array): Promise<ChunkCipher> {
  const crypto = subtle();
  if (crypto === undefined) return nobleCipher(key);
  try {
    return await webCipher(key, crypto);
  } catch {
    return nobleCipher(key);
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
}

function chunkNonce(number: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, number);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

function refused(detail: string): FileError {
  return new FileError(Failure.PAYLOAD, detail);
}

/** Encrypt `plaintext` into `target`, which has the exact length of the chunks with their tags. Source: crypto/spec/age_format.md §5. */
export async function sealChunks(fileKey: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, target: Uint8Array): Promise<void> {
  const cipher = await chunkCipher(payloadKey(fileKey, nonce));
  const chunks = Math.max(1, Math.ceil(plaintext.length / CHUNK_LENGTH));
  const sealOne = async (number: number): Promise<void> => {
    const chunk = plaintext.subarray(number * CHUNK_LENGTH, (number + 1) * CHUNK_LENGTH);
    const sealed = await cipher.encrypt(chunkNonce(number, number === chunks - 1), chunk);
    target.set(sealed, number * SEALED_CHUNK);
    giveBack(sealed);
  };
  for (let start = 0; start < chunks; start += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, chunks - start) }, (_, index) => sealOne(start + index)));
  }
}

/**
 * Yield the verified chunks of a payload.
 *
 * @throws FileError `payload`: a chunk is altered, cut, out of place or missing, or something follows the last one. What was yielded before stands as it was sent, but
 *   is not the whole.
 *
 * Source: crypto/spec/age_format.md §5.
 */
export async function* openChunks(fileKey: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): AsyncGenerator<Uint8Array> {
  const cipher = await chunkCipher(payloadKey(fileKey, nonce));
  const chunks = Math.max(1, Math.ceil(sealed.length / SEALED_CHUNK));
  for (let number = 0; number < chunks; number += 1) {
    const piece = sealed.subarray(number * SEALED_CHUNK, (number + 1) * SEALED_CHUNK);
    const last = number === chunks - 1;
    if (piece.length < TAG_LENGTH) throw refused("a chunk is cut, or there is none");
    const chunk = await cipher.decrypt(chunkNonce(number, last), piece);
    if (chunk === undefined) {
      // Whole, but marked otherwise: something is missing or too much after it. It was sent, so it is given out before that is said.
      const other = piece.length === SEALED_CHUNK ? await cipher.decrypt(chunkNonce(number, !last), piece) : undefined;
      if (other === undefined) throw refused(`chunk ${String(number)} is altered or out of place`);
      yield other;
      throw refused(last ? "the last chunk is missing" : "something follows the last chunk");
    }
    if (chunk.length === 0 && number > 0) throw refused("the last chunk is empty");
    yield chunk;
  }
}
