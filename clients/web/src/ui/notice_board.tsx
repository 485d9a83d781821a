// SPDX-License-Identifier: AGPL-3.0-or-later
/** What a person should know of the organisation before writing to it. It is said, and stops nobody. */
import type { JSX } from "preact";
import type { Notices } from "../flows/visit";
import { fill, type Messages } from "../i18n/messages";
import { Alert } from "./controls";

/** An emergency, nobody seen for long, or some not seen for long; nothing where there is nothing to say. */
export function NoticeBoard({ notices, say }: { readonly notices: Notices; readonly say: Messages }): JSX.Element {
  const { emergencyUntil, staleSince, unseen } = notices;
  return (
    <>
      {emergencyUntil === undefined ? null : <Alert>{fill(say.notice_emergency, { day: emergencyUntil })}</Alert>}
      {staleSince === undefined ? null : <Alert>{fill(say.thread_stale, { day: staleSince })}</Alert>}
      {unseen.length === 0 ? null : (
        <Alert>
          {unseen.map(({ reviewer, lastSeen }) => (
            <p key={reviewer}>
              {lastSeen === undefined ? fill(say.notice_unseen_never, { name: reviewer }) : fill(say.notice_unseen, { name: reviewer, day: lastSeen })}
            </p>
          ))}
          <p>{say.notice_unseen_hint}</p>
        </Alert>
      )}
    </>
  );
}
