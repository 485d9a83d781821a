// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * Searching a stamp in the worker.
 *
 * Rules of this file: it works in short slices, so that orders are heard between them and it can be ended.
 */
import { Search, stampText, type StampPlace } from "@corncrake/core/stamp";

const TRIES_AT_ONCE = 1 << 14;

/** Ends the search that is going on. */
export interface Stopper {
  stopped: boolean;
}

/** Let what was sent to the worker meanwhile be heard. */
async function breathe(): Promise<void> {
  await new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(0);
  });
}

/** Return a stamp with so many bits, as it stands in a request; undefined when it was stopped. `tell` hears how many were tried. */
export async function searchStamp(place: StampPlace, bits: number, stopper: Stopper, tell: (tried: number) => void): Promise<string | undefined> {
  const search = new Search(place);
  for (;;) {
    if (stopper.stopped) return undefined;
    const found = search.run(bits, TRIES_AT_ONCE);
    if (found !== undefined) return stampText(found);
    tell(search.tried);
    await breathe();
  }
}
