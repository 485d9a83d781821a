// SPDX-License-Identifier: AGPL-3.0-or-later
/** Work for a busy server: how far it is, and the way to do without it. */
import type { JSX } from "preact";
import { skipStamps } from "../flows/stamping";
import type { Messages } from "../i18n/messages";
import { Action } from "./controls";

/** A bar and a button while the device works; what it does is said by whoever shows this. */
export function StampWork({ working, say }: { working: number; say: Messages }): JSX.Element {
  return (
    <>
      <progress aria-label={say.sending_stamp_bar} max={1} value={working} />
      <Action onClick={skipStamps}>{say.sending_stamp_skip}</Action>
    </>
  );
}
