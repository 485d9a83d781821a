// SPDX-License-Identifier: Apache-2.0
/**
 * Blocks: a file in pieces, each sealed by itself; their names, their counts, and what is inside one.
 *
 * Rules of this file: names follow from a block key that only the report holds; to whoever has it not they are random. How many blocks a file has is a tier,
 * so that its size shows to a tenth only; dummy blocks (`fill`) make up the rest.
 *
 * Source: crypto/spec/block.md.
 */
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { checkMembers, readArchive, writeArchive } from "./archive";
import { canonical, hex } from "./encoding";
import { Failure, FileError, PeerError, UsageError } from "./errors";
import { BLOCK_CLASS, LARGE_BLOCK_CLASS } from "./padding";
import { utf8 } from "./platform";
import { bytes, decodeAs, integer, object, pattern, version, yes, type Decoded } from "./schema";

const TAR_BLOCK = 512;
const END_LENGTH = 1_024;
const FRAME = 3 * TAR_BLOCK + END_LENGTH;
const KEY_LENGTH = 32;
const ID_LENGTH = 16;
const MAX_JSON = TAR_BLOCK;
const MEMBERS = ["block.json", "data"] as const;

/** The classes of blocks, bytes of plaintext. */
export const BLOCK_CLASSES: readonly number[] = [BLOCK_CLASS, LARGE_BLOCK_CLASS];
/** Bytes of a file in one block: 257,536. */
export const BLOCK_DATA = BLOCK_CLASS - FRAME;
/** Bytes of a file in one large block: 4,187,648. */
export const LARGE_BLOCK_DATA = LARGE_BLOCK_CLASS - FRAME;
/** How many blocks of the small class a file may have. */
export const TIERS_SMALL: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56];
/** How many of the large class: four tiers to an octave, up to 16,384. */
export const TIERS_LARGE: readonly number[] = [4, 5, 6, 7, 8, ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].flatMap((octave) => [5, 6, 7, 8].map((step) => step << octave))];

/** Bytes of the largest file: 16,384 large blocks, some 64 GiB. */
export const MAX_FILE_SIZE = 16_384 * LARGE_BLOCK_DATA;
/** Blocks of a file that is sent while it is being recorded: three days of one every four seconds. */
export const MAX_LIVE_BLOCKS = 65_536;

const block = object({ v: version, file: bytes(ID_LENGTH), index: integer(0, 2 ** 32 - 1) }, { last: yes, of: integer(1, 2 ** 32), fill: yes });
/** The form of a block's id. */
export const blockId = pattern(/^[0-9a-f]{32}$/, "the id of a block");

/** What a block says of itself: the tag of its file, its place from 0, whether it ends the data (`of` how many), whether it is a dummy. */
export type Block = Decoded<typeof block>;

/** How a file is cut: the class of its blocks, how many hold data, how many there are with the dummies. */
export interface Plan {
  readonly blockClass: number;
  readonly dataBlocks: number;
  readonly totalBlocks: number;
}

/**
 * The names of a file's blocks, one after another. It holds the key of the next name only: each key is overwritten when its name was made, so that nobody
 * learns from here what the blocks before were called.
 *
 * Source: crypto/spec/block.md §1.
 */
export class BlockNames {
  #key: Uint8Array;

  /**
   * @param blockKey is copied; whoever gave it overwrites it, where it is not needed any more.
   * @throws UsageError `misuse`, when the block key has not 32 bytes.
   */
  constructor(blockKey: Uint8Array) {
    if (blockKey.length !== KEY_LENGTH) throw new UsageError(Failure.MISUSE, "a block key has 32 bytes");
    this.#key = blockKey.slice();
  }

  /** Return the next id, 32 hex characters. */
  next(): string {
    const used = this.#key;
    this.#key = hmac(sha256, used, utf8("next"));
    const name = hex(hmac(sha256, used, utf8("id")).slice(0, ID_LENGTH));
    used.fill(0);
    return name;
  }
}

/**
 * Yield the ids of a file's first `count` blocks, 32 hex characters each, in order.
 *
 * @throws UsageError `misuse`, when the block key has not 32 bytes.
 *
 * Source: crypto/spec/block.md §1.
 */
export function* blockIds(blockKey: Uint8Array, count: number): Generator<string> {
  const names = new BlockNames(blockKey);
  for (let index = 0; index < count; index += 1) yield names.next();
}

/** Return how many bytes of a file one block of this class holds. */
export function dataRoom(blockClass: number): number {
  return blockClass - FRAME;
}

/**
 * Return how a file of `size` bytes is cut.
 *
 * @throws UsageError `size`, above what 16,384 large blocks hold.
 *
 * Source: crypto/spec/block.md §2.
 */
export function planBlocks(size: number): Plan {
  for (const [blockClass, tiers] of [
    [BLOCK_CLASS, TIERS_SMALL],
    [LARGE_BLOCK_CLASS, TIERS_LARGE],
  ] as const) {
    const dataBlocks = Math.max(1, Math.ceil(size / dataRoom(blockClass)));
    const totalBlocks = tiers.find((tier) => dataBlocks <= tier);
    if (totalBlocks !== undefined) return { blockClass, dataBlocks, totalBlocks };
  }
  throw new UsageError(Failure.SIZE, "this file is larger than what one report can carry");
}

function checkConsistency(value: Block, data: Uint8Array): void {
  if (value.fill === true && (value.last === true || data.length > 0)) throw new PeerError(Failure.BLOCK, "a dummy holds data");
  if (value.of !== undefined && (value.last !== true || value.of !== value.index + 1)) {
    throw new PeerError(Failure.BLOCK, "a block that is not the last says how many there are, or the last says another number");
  }
}

/**
 * Return the plaintext of a block: an archive of exactly `blockClass` bytes.
 *
 * @throws UsageError `misuse` for another class; `size`, when the data do not fit; PeerError `block`, when the block contradicts itself.
 *
 * Source: crypto/spec/block.md §3.
 */
export function writeBlock(value: Block, data: Uint8Array, blockClass = BLOCK_CLASS): Uint8Array {
  if (!BLOCK_CLASSES.includes(blockClass)) throw new UsageError(Failure.MISUSE, "there is no such class of blocks");
  if (data.length > dataRoom(blockClass)) throw new UsageError(Failure.SIZE, "this is more than a block of this class holds");
  checkConsistency(value, data);
  return writeArchive(
    [
      { name: MEMBERS[0], data: canonical(value) },
      { name: MEMBERS[1], data },
    ],
    blockClass,
  );
}

/**
 * Return a block and its data.
 *
 * @throws FileError `size`, `kind`, `archive`, `json`, `not-canonical`; PeerError `block`, when it contradicts itself.
 *
 * Source: crypto/spec/block.md §3.
 */
export function readBlock(plaintext: Uint8Array): { readonly block: Block; readonly data: Uint8Array } {
  if (!BLOCK_CLASSES.includes(plaintext.length)) throw new FileError(Failure.SIZE, "this length is no class of blocks");
  const members = readArchive(plaintext);
  if (members[0]?.name !== MEMBERS[0]) throw new FileError(Failure.KIND, "this is no block");
  checkMembers(members, MEMBERS);
  const head = members[0].data;
  const data = members[1]?.data ?? new Uint8Array();
  if (head.length > MAX_JSON) throw new FileError(Failure.SIZE, "what a block says of itself has at most 512 bytes");
  const value = decodeAs(head, block);
  checkConsistency(value, data);
  return { block: value, data };
}
