// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Doing one step until the line holds.
 *
 * Rules of this file: a broken line is waited for, a little longer each time, and tried at once when the device says that it is back; so is a 'no' that may
 * pass by itself. Any other 'no' of the server is not.
 */
import { LineError, RefusedError } from "../transport/server";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const TRIES = 40;

async function pause(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(end, milliseconds);
    function end(): void {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      resolve();
    }
    window.addEventListener("online", end);
  });
}

/** Do one step; while the line is broken, say so and try again, a little later each time. */
export async function persist<T>(step: () => Promise<T>, onWaiting: (waiting: boolean) => void): Promise<T> {
  let wait = FIRST_PAUSE_MS;
  for (let tries = 1; ; tries += 1) {
    try {
      const result = await step();
      onWaiting(false);
      return result;
    } catch (error) {
      const passes = error instanceof LineError || (error instanceof RefusedError && error.isPassing);
      if (!passes || tries >= TRIES) throw error;
      onWaiting(true);
      await pause(wait);
      wait = Math.min(wait * 2, LONGEST_PAUSE_MS);
    }
  }
}
