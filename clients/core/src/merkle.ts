// SPDX-License-Identifier: Apache-2.0
/**
 * The Merkle tree of the log, as far as a reporter needs it: hashes, and proofs that something is in it or that it only grew.
 *
 * Rules of this file: hashes are 32 bytes of SHA-256; sizes are below 2^53. A verifier throws `proof` and says nothing more.
 *
 * Source: crypto/spec/merkle.md; RFC 6962 §2.1; RFC 9162 §2.1.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { concat, equal } from "./encoding";
import { Failure, PeerError, UsageError } from "./errors";

type Range = readonly [number, number];

/** The root of the tree of no leaves. */
export const EMPTY_ROOT = sha256(new Uint8Array());

/** Return SHA-256(0x00 ‖ entry). Source: RFC 6962 §2.1. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(0), entry));
}

/** Return SHA-256(0x01 ‖ left ‖ right). Source: RFC 6962 §2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(Uint8Array.of(1), left, right));
}

function wrong(detail: string): PeerError {
  return new PeerError(Failure.PROOF, detail);
}

/** The largest power of two smaller than `size`, which is at least 2. */
function split(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** Return the root of the tree of these leaf hashes. Source: RFC 6962 §2.1. */
export function treeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_ROOT;
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const middle = split(leaves.length);
  return nodeHash(treeRoot(leaves.slice(0, middle)), treeRoot(leaves.slice(middle)));
}

/**
 * Return the ranges of leaves, start and end, whose subtree roots prove a leaf: its sibling first, the root's child last.
 *
 * @throws UsageError `misuse`, when there is no such leaf.
 */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!(index >= 0 && index < size)) throw new UsageError(Failure.MISUSE, "the tree has no such leaf");
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
    }
  }
  return ranges.reverse();
}

/** Return the proof that leaf `index` is in the tree of these leaf hashes. Source: RFC 6962 §2.1.1. */
export function inclusionPath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return inclusionRanges(index, leaves.length).map(([start, end]) => treeRoot(leaves.slice(start, end)));
}

/**
 * Check that a leaf stands at `index` in the tree of `size` leaves with this root.
 *
 * @throws PeerError `proof`.
 *
 * Source: crypto/spec/merkle.md §2; RFC 9162 §2.1.3.2.
 */
export function verifyInclusion(index: number, size: number, leaf: Uint8Array, path: readonly Uint8Array[], root: Uint8Array): void {
  if (!Number.isSafeInteger(size) || !(index >= 0 && index < size) || leaf.length !== 32) throw wrong("the tree has no such leaf");
  const ranges = inclusionRanges(index, size);
  if (path.length !== ranges.length || path.some((node) => node.length !== 32)) throw wrong("the proof has not the length that these numbers need");
  let found = leaf;
  ranges.forEach(([start], step) => {
    const node = path[step] ?? found;
    found = start < index ? nodeHash(node, found) : nodeHash(found, node);
  });
  if (!equal(found, root)) throw wrong("the leaf is not in the tree");
}

/** Return the ranges of leaves whose subtree roots prove that a tree of `grown` leaves continues its first `old`. */
export function consistencyRanges(old: number, grown: number): Range[] {
  if (!(old >= 0 && old <= grown)) throw new UsageError(Failure.MISUSE, "a tree continues smaller ones only");
  if (old === 0 || old === grown) return [];
  const ranges: Range[] = [];
  let [start, end] = [0, grown];
  while (end !== old) {
    const middle = start + split(end - start);
    if (old <= middle) {
      ranges.push([middle, end]);
      end = middle;
    } else {
      ranges.push([start, middle]);
      start = middle;
    }
  }
  if (start > 0) ranges.push([start, end]);
  return ranges.reverse();
}

/** Return the proof that the tree of these leaf hashes continues the tree of the first `old`. Source: RFC 6962 §2.1.2. */
export function consistencyPath(old: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return consistencyRanges(old, leaves.length).map(([start, end]) => treeRoot(leaves.slice(start, end)));
}

function bothRoots(old: number, ranges: readonly Range[], path: readonly Uint8Array[], oldRoot: Uint8Array): [Uint8Array, Uint8Array] {
  // Where the old tree is itself a complete subtree of the new one, its root is what the path starts from.
  const whole = ranges[0]?.[0] === old;
  const first = whole ? oldRoot : (path[0] ?? oldRoot);
  let [foundOld, foundNew] = [first, first];
  for (let step = whole ? 0 : 1; step < ranges.length; step += 1) {
    const node = path[step] ?? first;
    if ((ranges[step]?.[0] ?? 0) >= old) foundNew = nodeHash(foundNew, node);
    else [foundOld, foundNew] = [nodeHash(node, foundOld), nodeHash(node, foundNew)];
  }
  return [foundOld, foundNew];
}

/**
 * Check that the tree of `grown` leaves continues the tree of `old` leaves, both given by their roots.
 *
 * @throws PeerError `proof`.
 *
 * Source: crypto/spec/merkle.md §2; RFC 9162 §2.1.4.2.
 */
export function verifyConsistency(old: number, grown: number, path: readonly Uint8Array[], oldRoot: Uint8Array, newRoot: Uint8Array): void {
  if (!Number.isSafeInteger(grown) || !(old >= 0 && old <= grown)) throw wrong("a tree continues smaller ones only");
  const ranges = consistencyRanges(old, grown);
  if (path.length !== ranges.length || path.some((node) => node.length !== 32)) throw wrong("the proof has not the length that these numbers need");
  let found: [Uint8Array, Uint8Array];
  if (grown === 0) found = [EMPTY_ROOT, EMPTY_ROOT];
  else if (old === 0) found = [EMPTY_ROOT, newRoot];
  else if (old === grown) found = [oldRoot, oldRoot];
  else found = bothRoots(old, ranges, path, oldRoot);
  if (!equal(found[0], oldRoot) || !equal(found[1], newRoot)) throw wrong("the tree does not continue the older one");
}
