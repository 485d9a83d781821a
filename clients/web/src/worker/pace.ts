// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * How long it will still take, where that can be known.
 *
 * Rules of this file: what counts is what has arrived in the last minute; after a pause or a broken line it is measured anew. Until enough has arrived nothing is
 * said.
 */
const WINDOW_MS = 60_000;
const LEAST_MS = 5_000;
const LEAST_ARRIVALS = 3;

/** The pace of what arrives. Times are milliseconds of any one clock. */
export class Pace {
  private began: number | undefined;
  private arrivals: { readonly at: number; readonly bytes: number }[] = [];

  /** So many bytes have arrived. */
  arrived(bytes: number, now: number): void {
    this.began ??= now;
    this.arrivals = [...this.arrivals.filter((one) => now - one.at < WINDOW_MS), { at: now, bytes }];
  }

  /** It begins, or goes on after it had stopped. */
  begin(now: number): void {
    this.began = now;
    this.arrivals = [];
  }

  /** Seconds until `remaining` bytes have arrived, or undefined when that cannot be known. */
  secondsLeft(remaining: number, now: number): number | undefined {
    const recent = this.arrivals.filter((one) => now - one.at < WINDOW_MS);
    const time = Math.min(now - (this.began ?? now), WINDOW_MS);
    if (recent.length < LEAST_ARRIVALS || time < LEAST_MS) return undefined;
    return (remaining * time) / recent.reduce((sum, one) => sum + one.bytes, 0) / 1_000;
  }
}
