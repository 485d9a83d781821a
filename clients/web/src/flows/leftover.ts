// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What an earlier visit left on this device on purpose: sealed blocks, and perhaps a sealed report, that have not left.
 *
 * Rules of this file: to look leaves no trace: the store is opened only when the browser says that this place uses any room at all.
 */
import type { BlocksProgress, Leftover } from "../worker/orders";
import { RefusedError } from "../transport/server";
import { SAVED } from "./saved";
import { postFor } from "./sealing";
import type { Visit } from "./visit";
import { ask, command, hearBlocks } from "./worker";

/** Say what waits on this device; undefined when nothing does, or another window is sending it. A saved page keeps nothing: where it lies, other files could look. */
export async function findLeftover(): Promise<Leftover | undefined> {
  if (SAVED) return undefined;
  try {
    const { usage } = await navigator.storage.estimate();
    // How much it is browsers say roughly; nothing at all is nothing.
    if (usage === undefined || usage === 0) return undefined;
    return await ask({ ask: "leftover" });
  } catch {
    // A browser that keeps nothing has nothing.
    return undefined;
  }
}

/** Let nothing leave for now. */
export function pauseLeftover(): void {
  command({ order: "pause" });
}

/** Let it go on, after a pause or a 'no' of the server. */
export function goOnLeftover(): void {
  command({ order: "go-on" });
}

/** Let nothing more of it leave, and hear no more of it. */
export function stopLeftover(): void {
  hearBlocks(() => undefined);
  command({ order: "stop" });
}

/** Throw all of it away. */
export async function forgetLeftover(): Promise<void> {
  await ask({ ask: "forget" });
}

/** Say whether the server itself will not take a report, now or later. */
export function isRefused(error: unknown): error is RefusedError {
  return error instanceof RefusedError && error.isCertain && !error.isPassing;
}

/**
 * Send it: the reports first, where there are any; each is thrown away here when the server has signed for it, before any block leaves.
 *
 * @param withoutRefused throw away the reports that the server does not take, and go on; else such a one ends it when the others have left.
 * @returns when the blocks are on their way; `onProgress` tells how far they are.
 * @throws as `postSealed`.
 */
export async function sendLeftover(visit: Visit, leftover: Leftover, withoutRefused: boolean, onProgress: (progress: BlocksProgress) => void, onWaiting: (waiting: boolean) => void): Promise<void> {
  let refused: RefusedError | undefined;
  for (const report of leftover.reports) {
    try {
      await postFor(visit, report, onWaiting);
    } catch (error) {
      if (!isRefused(error)) throw error;
      if (!withoutRefused) {
        refused = error;
        continue;
      }
    }
    await ask({ ask: "drop-report", name: report.name });
  }
  if (refused !== undefined) throw refused;
  hearBlocks(onProgress);
  command({ order: "send-leftover" });
}
