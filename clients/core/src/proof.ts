// SPDX-License-Identifier: Apache-2.0
/**
 * Inclusion proofs as files: an index, the path, and the checkpoint that they lead to.
 *
 * Rules of this file: the text is that of C2SP tlog-proof. Extra data are carried, never trusted.
 *
 * Source: crypto/spec/proof.md; C2SP tlog-proof.md.
 */
import { MAX_CHECKPOINT, openCheckpoint, type Checkpoint } from "./checkpoint";
import { unb64std } from "./encoding";
import { CorncrakeError, Failure, FileError } from "./errors";
import { leafHash, verifyInclusion } from "./merkle";
import { fromUtf8 } from "./platform";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
const MAX_PROOF = 131_072;
const MAX_EXTRA = 65_536;
const MAX_PATH = 63;
const LF = 0x0a;

/** A parsed proof, nothing of it verified. */
export interface Proof {
  readonly index: number;
  readonly path: readonly Uint8Array[];
  readonly checkpoint: Uint8Array;
  readonly extra: Uint8Array | undefined;
}

function refused(detail: string): FileError {
  return new FileError(Failure.PROOF, detail);
}

function base64(text: string, length?: number): Uint8Array {
  try {
    return unb64std(text, length);
  } catch (error) {
    if (error instanceof CorncrakeError) throw refused("a line of a proof is not base64 of the right length");
    throw error;
  }
}

/**
 * Return what a proof says; at most 128 KiB.
 *
 * @throws FileError `proof`.
 *
 * Source: crypto/spec/proof.md §1; C2SP tlog-proof.md.
 */
export function readProof(raw: Uint8Array): Proof {
  const gap = raw.findIndex((byte, at) => byte === LF && raw[at + 1] === LF);
  if (raw.length > MAX_PROOF || gap < 0 || raw.subarray(0, gap).some((byte) => byte > 0x7f)) throw refused("a proof is lines, an empty line, and a checkpoint");
  const checkpoint = raw.slice(gap + 2);
  const [first, ...lines] = fromUtf8(raw.subarray(0, gap)).split("\n");
  if (first !== FIRST_LINE || checkpoint.length > MAX_CHECKPOINT) throw refused("this is no proof");
  const extra = lines[0]?.startsWith("extra ") === true ? base64((lines.shift() ?? "").slice("extra ".length)) : undefined;
  const [, index] = /^index (0|[1-9][0-9]{0,15})$/.exec(lines[0] ?? "") ?? [];
  if (index === undefined || Number(index) >= Number.MAX_SAFE_INTEGER || lines.length - 1 > MAX_PATH) throw refused("a proof has an index and at most 63 hashes");
  if (extra !== undefined && extra.length > MAX_EXTRA) throw refused("extra has at most 64 KiB");
  return { index: Number(index), path: lines.slice(1).map((line) => base64(line, 32)), checkpoint, extra };
}

/**
 * Verify that `entry` stands in the log, and return the checkpoint that says so.
 *
 * @throws FileError `proof`, `note`; PeerError `signature`, `origin`, of the checkpoint; `proof`, when the path does not lead to its root.
 *
 * Source: crypto/spec/proof.md §2.
 */
export function verifyProof(raw: Uint8Array, entry: Uint8Array, origin: string, key: Uint8Array): Checkpoint {
  const proof = readProof(raw);
  const checkpoint = openCheckpoint(proof.checkpoint, origin, key);
  verifyInclusion(proof.index, checkpoint.size, leafHash(entry), proof.path, checkpoint.root);
  return checkpoint;
}
