// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of sending: how far it is, and what can be done when it does not go on. */
import type { JSX } from "preact";
import { explain } from "../flows/explain";
import type { Delivery, Progress } from "../flows/sending";
import { fill, type Messages } from "../i18n/messages";
import { Action, Alert, Heading } from "./controls";

/** What has left and what has not. */
export function Sending({ progress, say }: { progress: Progress; say: Messages }): JSX.Element {
  const { sent, total } = progress;
  return (
    <>
      <Heading>{say.sending_heading}</Heading>
      <div role="status">
        {progress.waiting ? (
          <p class="alert">{progress.reportSent ? fill(say.sending_wait, { sent, total }) : say.sending_report_wait}</p>
        ) : (
          <p>{progress.reportSent ? say.sending_report : say.sending_sealing}</p>
        )}
        {progress.reportSent && total > 0 ? <p>{fill(say.sending_blocks, { sent, total })}</p> : null}
      </div>
      <progress aria-label={say.sending_heading} max={total + 1} value={(progress.reportSent ? 1 : 0) + sent} />
      <p>{say.sending_stay}</p>
    </>
  );
}

interface StuckProps {
  readonly error: unknown;
  readonly delivery: Delivery;
  readonly say: Messages;
  readonly onAgain: () => void;
  readonly onChange: () => void;
  readonly onArrived: () => void;
}

function whatIsThere(delivery: Delivery, say: Messages): string {
  const { reportSent, sent, total } = delivery.progress;
  if (reportSent) return fill(say.stuck_files, { sent, total });
  return delivery.uncertain ? say.stuck_uncertain : say.failed_nothing_sent;
}

/** It does not go on by itself: what is there, what is not, and the ways from here. Once the report has left, one of them leads to the words. */
export function Stuck({ error, delivery, say, onAgain, onChange, onArrived }: StuckProps): JSX.Element {
  const { reportSent } = delivery.progress;
  return (
    <>
      <Heading>{say.failed_heading}</Heading>
      <Alert>
        <p>{whatIsThere(delivery, say)}</p>
        <p>{explain(error, say)}</p>
      </Alert>
      <Action main wide onClick={onAgain}>
        {say.try_again}
      </Action>
      {reportSent ? (
        <Action wide onClick={onArrived}>
          {say.stuck_without_rest}
        </Action>
      ) : (
        <Action wide onClick={onChange}>
          {say.review_edit}
        </Action>
      )}
    </>
  );
}
