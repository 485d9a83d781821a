// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Posting a report to a server that may be loaded: without a stamp first, and with one when the server says that it would help.
 *
 * Rules of this file: no work is done that nobody asked for, none that the charter has no price for, and none that the person has waved away. The same bytes go each
 * time. Work that was done once is used again, until its day lies too far back for the server.
 *
 * Source: crypto/spec/stamp.md §3.
 */
import { dayNumber } from "@corncrake/core/encoding";
import { reportId } from "@corncrake/core/receipt";
import { RefusedError } from "../transport/server";
import { dayNow, type Visit } from "./visit";
import { ask, command } from "./worker";

/** Days after which a stamp is made anew: the server takes one of two days ago, by its own clock. */
const GOOD_DAYS = 2;

/** Hears how far the work is, from 0 to 1; undefined when none is done. */
type Listener = (share: number | undefined) => void;

let onWork: Listener = () => undefined;
let skipped = false;

/** Hear about work for the report that is posted next, which the person has not waved away yet. */
export function hearStamps(listener: Listener): void {
  onWork = listener;
  skipped = false;
}

/** The person does not want this device to work: what is on its way waits as long as others do who have no stamp. */
export function skipStamps(): void {
  skipped = true;
  command({ order: "stop-stamp" });
}

/** How likely it is that a search has ended after so many tries. */
function likelihood(tried: number, bits: number): number {
  return 1 - Math.exp(-tried / 2 ** bits);
}

/** The stamps of one report. */
export class Stamping {
  private readonly id: string;
  private paid = 0;
  private stamp: string | undefined;
  private madeOn: string | undefined;

  constructor(
    private readonly visit: Visit,
    sealed: Uint8Array,
  ) {
    this.id = reportId(sealed);
  }

  /**
   * Send, and send again with a stamp of a higher step each time that the server asks for one.
   *
   * @throws as `send`; its RefusedError when no further stamp would help or is wanted.
   */
  async post<T>(send: (stamp: string | undefined) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await send(this.stamp);
      } catch (error) {
        const step = error instanceof RefusedError ? (error.step ?? 0) : 0;
        const bits = this.visit.charter.charter.stamps?.[step - 1];
        const today = dayNow(this.visit);
        if (this.madeOn !== undefined && dayNumber(today) - dayNumber(this.madeOn) >= GOOD_DAYS) this.paid = 0;
        if (skipped || bits === undefined || step <= this.paid) throw error;
        const made = await this.work(bits, today);
        if (made === undefined) throw error;
        this.stamp = made;
        this.paid = step;
        this.madeOn = today;
      }
    }
  }

  private async work(bits: number, day: string): Promise<string | undefined> {
    const { charter, sha256 } = this.visit.charter;
    const place = { origin: charter.origin, charter: sha256, day, id: this.id };
    const searching = ask({ ask: "stamp", place, bits }, (tried) => { onWork(likelihood(tried, bits)); });
    try {
      onWork(0);
      return await searching;
    } finally {
      onWork(undefined);
    }
  }
}
