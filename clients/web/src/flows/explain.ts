// SPDX-License-Identifier: AGPL-3.0-or-later
/** From an error to a sentence that a reporter can act on. */
import { CorncrakeError, Failure, FileError, PeerError } from "@corncrake/core/errors";
import { fill, type Messages } from "../i18n/messages";
import { LineError, RefusedError } from "../transport/server";

const RUN_OUT: readonly string[] = [Failure.EXPIRED, Failure.TOO_FEW];

/** Say what happened and what to do; whether anything was lost is said beside it. */
export function explain(error: unknown, say: Messages): string {
  if (error instanceof LineError) return say.failed_line;
  if (error instanceof RefusedError) return fill(say.failed_refused, { failure: error.failure });
  if (error instanceof CorncrakeError) {
    if (RUN_OUT.includes(error.failure)) return fill(say.failed_expired, { failure: error.failure });
    if (error instanceof PeerError || error instanceof FileError) return fill(say.failed_trust, { failure: error.failure });
    if (error.failure === Failure.SIZE) return say.failed_too_long;
    return fill(say.failed_ours, { failure: error.failure });
  }
  return fill(say.failed_ours, { failure: error instanceof Error ? error.name : "unknown" });
}
