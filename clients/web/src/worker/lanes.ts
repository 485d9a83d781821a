// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * How many blocks are on their way at once.
 *
 * Rules of this file: one more for each full round that arrives, half as many when one breaks; and never more bytes at once than a small phone can spare,
 * whatever the file's size.
 */
const FIRST = 2;
const MOST = 6;
/** Bytes of blocks on their way at once; one is always allowed. */
const MOST_BYTES = 9 * 1024 * 1024;

/** The width of the road for now. */
export class Lanes {
  private width = FIRST;

  /** How many blocks may be on their way at once. */
  get limit(): number {
    return Math.floor(this.width);
  }

  /** Say whether one more block of `next` bytes may leave while `count` with `bytes` together are on their way. */
  allow(count: number, bytes: number, next: number): boolean {
    return count === 0 || (count < this.limit && bytes + next <= MOST_BYTES);
  }

  /** One has arrived. */
  arrived(): void {
    this.width = Math.min(MOST, this.width + 1 / this.width);
  }

  /** One has broken. */
  broke(): void {
    this.width = Math.max(1, this.width / 2);
  }
}
