// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * What an earlier visit left on this device on purpose: sealed blocks, and perhaps a sealed report, that have not left.
 *
 * Rules of this file: to look leaves no trace: the store is opened only when the browser says that this place uses any room at all.
 */
import type { BlocksProgress, Leftover } from "../worker/orders";
import { postFor } from "./sealing";
import type { Visit } from "./visit";
import { ask, command, hearBlocks } from "./worker";

/** Say what waits on this device; undefined when nothing does, or another window is sending it. */
export async function findLeftover(): Promise<Leftover | undefined> {
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

/** Let nothing more of it leave. */
export function stopLeftover(): void {
  command({ order: "stop" });
}

/** Throw all of it away. */
export async function forgetLeftover(): Promise<void> {
  await ask({ ask: "forget" });
}

/**
 * Send it: the report first, where there is one.
 *
 * @returns when the blocks are on their way; `onProgress` tells how far they are.
 * @throws as `postSealed`.
 */
export async function sendLeftover(visit: Visit, leftover: Leftover, onProgress: (progress: BlocksProgress) => void, onWaiting: (waiting: boolean) => void): Promise<void> {
  if (leftover.report !== undefined) await postFor(visit, leftover.report, onWaiting);
  hearBlocks(onProgress);
  command({ order: "send-leftover" });
  command({ order: "report-there" });
}
