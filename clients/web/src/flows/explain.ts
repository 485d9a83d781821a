// SPDX-License-Identifier: AGPL-3.0-or-later
/** From an error to a sentence that a reporter can act on. */
import { CorncrakeError, Failure, FileError, PeerError } from "@corncrake/core/errors";
import { fill, type Messages } from "../i18n/messages";
import { DeskChanged } from "./posting";
import { FileFault } from "./sending";
import { LineError, RefusedError } from "../transport/server";

/** The papers are not those of the link: to try again would not help, and to go on would be wrong. */
export function isForeign(error: unknown): boolean {
  return (error instanceof PeerError || error instanceof FileError) && ![Failure.EXPIRED, Failure.NOT_YET_VALID, Failure.TOO_FEW, Failure.DESK].some((one) => one === error.failure);
}

/** The papers begin later than the device's clock, or the server says that the report's week is not open: then one of the two clocks is wrong. */
function isOfAnotherDay(error: unknown): boolean {
  if (error instanceof RefusedError) return error.failure === Failure.EPOCH;
  return error instanceof CorncrakeError && error.failure === Failure.NOT_YET_VALID;
}

/** Say what happened and what to do; whether anything was lost is said beside it. */
export function explain(error: unknown, say: Messages, clock: Date = new Date()): string {
  const day = clock.toISOString().slice(0, 10);
  if (error instanceof FileFault) return fill(error.reason === "unreadable" ? say.failed_unreadable : say.failed_uncleanable, { name: error.file });
  if (error instanceof DeskChanged) return say.failed_desk_changed;
  if (error instanceof LineError) return say.failed_line;
  if (isOfAnotherDay(error)) return fill(say.failed_clock, { day });
  if (error instanceof RefusedError) return fill(say.failed_refused, { failure: error.failure });
  if (error instanceof CorncrakeError) {
    if (error.failure === Failure.EXPIRED) return fill(say.failed_expired, { failure: error.failure, day });
    if (error.failure === Failure.TOO_FEW) return fill(say.failed_closed, { day });
    if (error.failure === Failure.DESK) return say.failed_desk;
    if (error instanceof PeerError || error instanceof FileError) return fill(say.failed_trust, { failure: error.failure });
    if (error.failure === Failure.SIZE) return say.failed_too_long;
    return fill(say.failed_ours, { failure: error.failure });
  }
  return fill(say.failed_ours, { failure: error instanceof Error ? error.name : "unknown" });
}
