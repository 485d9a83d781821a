// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens that are shown when something failed before anything of a report could leave. */
import type { JSX } from "preact";
import { explain, isForeign } from "../flows/explain";
import type { Messages } from "../i18n/messages";
import { Action, Alert, Heading } from "./controls";

/** The papers of the visit could not be had, or are not right: nothing was written yet. */
export function Closed({ error, say, onRetry }: { error: unknown; say: Messages; onRetry: () => void }): JSX.Element {
  return (
    <>
      <Heading>{say.failed_heading}</Heading>
      <Alert>
        <p>{explain(error, say)}</p>
        <p>{say.closed_nothing_sent}</p>
      </Alert>
      {isForeign(error) ? null : (
        <Action main wide onClick={onRetry}>
          {say.try_again}
        </Action>
      )}
    </>
  );
}

/** Something failed before anything of a report could leave. */
export function Failed({ error, say, onRetry, onChange }: { error: unknown; say: Messages; onRetry: () => void; onChange: (() => void) | undefined }): JSX.Element {
  return (
    <>
      <Heading>{say.failed_heading}</Heading>
      <Alert>
        <p>{explain(error, say)}</p>
        <p>{say.failed_nothing_sent}</p>
      </Alert>
      <Action main wide onClick={onRetry}>
        {say.try_again}
      </Action>
      {onChange === undefined ? null : (
        <Action wide onClick={onChange}>
          {say.review_edit}
        </Action>
      )}
    </>
  );
}
