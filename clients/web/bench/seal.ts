// SPDX-License-Identifier: AGPL-3.0-or-later
/** What `./dev bench page_seal` runs inside Chromium: blocks sealed as the page does it, and the raw AEAD of the same browser on the same bytes. */
import { writeBlock } from "@corncrake/core/block";
import { fileTag, generateFileIdentity } from "@corncrake/core/file_identity";
import { CHUNK_LENGTH, LARGE_BLOCK_CLASS } from "@corncrake/core/padding";
import { seal } from "@corncrake/core/seal";

const ALGORITHM = "ChaCha20-Poly1305";
const FRAME = 2_560; // what a block's archive takes of its class

function bytesOf(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Two at a time, as the page begins: while one is with WebCrypto, the other's key is made. */
async function sealed(data: Uint8Array, blocks: number): Promise<void> {
  const { recipient } = generateFileIdentity();
  let next = 0;
  const line = async (): Promise<void> => {
    for (let index = next; index < blocks; index = next) {
      next += 1;
      await seal(writeBlock({ v: 1, file: fileTag(recipient), index }, data, LARGE_BLOCK_CLASS), [recipient]);
    }
  };
  await Promise.all([line(), line()]);
}

/** The same number of bytes in the same chunks: one after the other, or all of a block at once. */
async function raw(plaintext: Uint8Array<ArrayBuffer>, blocks: number, atOnce: boolean): Promise<void> {
  const key = await crypto.subtle.importKey("raw-secret" as "raw", bytesOf(32), ALGORITHM, false, ["encrypt"]);
  for (let block = 0; block < blocks; block += 1) {
    const running: Promise<ArrayBuffer>[] = [];
    for (let at = 0; at < plaintext.length; at += CHUNK_LENGTH) {
      const encrypting = crypto.subtle.encrypt({ name: ALGORITHM, iv: new Uint8Array(12) }, key, plaintext.subarray(at, at + CHUNK_LENGTH));
      if (atOnce) running.push(encrypting);
      else await encrypting;
    }
    await Promise.all(running);
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

/** Return how many seconds sealing takes, and how many the raw AEAD in the better of its two ways, for so many large blocks. */
async function round(blocks: number): Promise<{ ours: number; limit: number }> {
  const plaintext = bytesOf(LARGE_BLOCK_CLASS);
  const ours = await seconds(() => sealed(plaintext.subarray(FRAME), blocks));
  const oneByOne = await seconds(() => raw(plaintext, blocks, false));
  const together = await seconds(() => raw(plaintext, blocks, true));
  return { ours, limit: Math.min(oneByOne, together) };
}

Object.assign(globalThis, { corncrakeRound: round });
