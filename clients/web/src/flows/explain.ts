// SPDX-License-Identifier: AGPL-3.0-or-later
/** From an error to a sentence that a reporter can act on. */
import { CorncrakeError, Failure, FileError, PeerError } from "@corncrake/core/errors";
import { fill, type Messages } from "../i18n/messages";
import { DeskChanged } from "./posting";
import { FileFault } from "./sending";
import { LineError, RefusedError } from "../transport/server";

/** The papers are not those of the link: to try again would not help, and to go on would be wrong. */
export function isForeign(error: unknown): boolean {
  return (error instanceof PeerError || error instanceof FileError) && ![Failure.EXPIRED, Failure.TOO_FEW, Failure.DESK].some((one) => one === error.failure);
}

/** Say what happened and what to do; whether anything was lost is said beside it. */
export function explain(error: unknown, say: Messages): string {
  if (error instanceof FileFault) return fill(error.reason === "unreadable" ? say.failed_unreadable : say.failed_uncleanable, { name: error.file });
  if (error instanceof DeskChanged) return say.failed_desk_changed;
  if (error instanceof LineError) return say.failed_line;
  if (error instanceof RefusedError) return fill(say.failed_refused, { failure: error.failure });
  if (error instanceof CorncrakeError) {
    if (error.failure === Failure.EXPIRED) return fill(say.failed_expired, { failure: error.failure });
    if (error.failure === Failure.TOO_FEW) return say.failed_closed;
    if (error.failure === Failure.DESK) return say.failed_desk;
    if (error instanceof PeerError || error instanceof FileError) return fill(say.failed_trust, { failure: error.failure });
    if (error.failure === Failure.SIZE) return say.failed_too_long;
    return fill(say.failed_ours, { failure: error.failure });
  }
  return fill(say.failed_ours, { failure: error instanceof Error ? error.name : "unknown" });
}
