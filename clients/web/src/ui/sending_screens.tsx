// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of sending: how far it is, and what can be done when it does not go on. */
import type { JSX } from "preact";
import { explain } from "../flows/explain";
import { DeskChanged } from "../flows/posting";
import { SAVED } from "../flows/saved";
import type { Delivery, Progress } from "../flows/sending";
import { timeLeft } from "../i18n/amounts";
import { fill, type Language, type Messages } from "../i18n/messages";
import { Action, Alert, Choice, Heading } from "./controls";
import { amountsOf, bytesOf, FilesOnTheWay, KeptAmount } from "./sending_files";
import { StampWork } from "./stamp_work";

interface SendingProps {
  readonly progress: Progress;
  readonly delivery: Delivery | undefined;
  /** The reporter has the twelve words already, or they are of no use here. */
  readonly noted: boolean;
  readonly say: Messages;
  readonly language: Language;
  readonly onWords: () => void;
}

/** Where it stands, in one sentence: this is read out when it changes, so it holds no numbers that run. */
export function standing(progress: Progress, say: Messages, language: Language): { readonly text: string; readonly alert: boolean } {
  const { blocks, reportSent, reportWaits, files } = progress;
  const amounts = amountsOf(progress, language);
  if (progress.working !== undefined) return { text: say.sending_stamp, alert: false };
  if (!reportSent) return reportWaits ? { text: say.sending_report_wait, alert: true } : { text: say.sending_sealing, alert: false };
  if (blocks?.refused !== undefined) return { text: fill(say.sending_refused, { ...amounts, failure: blocks.refused.failure }), alert: true };
  if (blocks?.paused === true) return { text: say.sending_paused, alert: true };
  if (blocks?.waiting === "line") return { text: fill(say.sending_wait, amounts), alert: true };
  if (blocks?.waiting === "room") return { text: fill(say.sending_room, { ...amounts, minutes: Math.ceil(blocks.roomSeconds / 60) }), alert: true };
  return { text: files.length === 0 ? say.sending_report : `${say.sending_report} ${say.sending_files}`, alert: false };
}

/** What would be lost if the page were closed now. */
function closing(progress: Progress, noted: boolean, say: Messages): string {
  if (isKept(progress)) return noted ? say.sending_may_close : `${say.sending_may_close} ${say.keep_words_first}`;
  if (!progress.reportSent) return say.sending_stay_report;
  return noted ? say.sending_stay_words : say.sending_stay;
}

/** Say whether all that has not left waits on the device. */
export function isKept({ blocks }: Progress): boolean {
  return blocks?.kept.on === true && blocks.kept.kept === blocks.kept.wanted;
}

function Amounts({ progress, say, language }: { progress: Progress; say: Messages; language: Language }): JSX.Element {
  const { looking, blocks } = progress;
  if (looking !== undefined) {
    const { name, number, count, done, total } = looking;
    return (
      <>
        <p>{fill(say.sending_looking, { name, ...bytesOf(done, total, language) })}</p>
        <p>{fill(say.sending_looking_count, { number, count })}</p>
        <progress aria-label={say.sending_heading} max={Math.max(total, 1)} value={done} />
      </>
    );
  }
  if (progress.working !== undefined) return <StampWork working={progress.working} say={say} />;
  const all = progress.files.filter((file) => file.state === "going" || file.state === "there");
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return (
    <>
      {all.length === 0 ? null : <p>{fill(say.sending_amount, amountsOf(progress, language))}</p>}
      {blocks?.secondsLeft === undefined ? null : <p>{timeLeft(blocks.secondsLeft, say)}</p>}
      <progress aria-label={say.sending_heading} max={sum(all.map((file) => file.size)) + 1} value={(progress.reportSent ? 1 : 0) + sum(all.map((file) => file.sent))} />
    </>
  );
}

/** What has left and what has not; stop it, go on, take a file out, let it wait for later. */
export function Sending({ progress, delivery, noted, say, language, onWords }: SendingProps): JSX.Element {
  const { blocks, reportSent, sealed } = progress;
  const { text, alert } = standing(progress, say, language);
  const refused = blocks?.refused !== undefined;
  const stopped = refused || blocks?.paused === true;
  const kept = blocks?.kept;
  const going = progress.files.some((file) => file.state === "going");
  return (
    <>
      <Heading>{say.sending_heading}</Heading>
      <div role="status">
        <p class={alert ? "alert" : ""}>{text}</p>
      </div>
      <Amounts progress={progress} say={say} language={language} />
      {!noted && (reportSent || isKept(progress)) ? (
        <Action main wide onClick={onWords}>
          {say.sending_words}
        </Action>
      ) : null}
      {reportSent && going && delivery !== undefined ? (
        <div class="row">
          <Action onClick={() => { if (stopped) delivery.goOn(); else delivery.pause(); }}>{refused ? say.try_again : stopped ? say.sending_go_on : say.sending_pause}</Action>
          {!refused ? null : <Action onClick={() => { for (const file of progress.files) delivery.takeOut(file.key); }}>{say.stuck_without_rest}</Action>}
        </div>
      ) : null}
      {sealed ? <p>{closing(progress, noted, say)}</p> : null}
      {SAVED && sealed && progress.files.length > 0 && !progress.done ? <p class="panel">{say.keep_saved_page}</p> : null}
      {!SAVED && sealed && delivery !== undefined && progress.files.length > 0 ? (
        <div class="panel">
          <Choice kind="checkbox" name="keep" label={say.keep_label} checked={kept?.on === true} onChange={(on) => { delivery.keep(on); }} />
          <p class="hint">{say.keep_hint}</p>
          <KeptAmount kept={kept} say={say} language={language} />
        </div>
      ) : null}
      {reportSent && delivery !== undefined ? <FilesOnTheWay files={progress.files} say={say} language={language} onTakeOut={(key) => { delivery.takeOut(key); }} /> : null}
    </>
  );
}

interface StuckProps {
  readonly error: unknown;
  readonly delivery: Delivery;
  readonly say: Messages;
  readonly onAgain: () => void;
  readonly onChange: () => void;
}

/** The report does not leave by itself: what is known of it, and the ways from here. */
export function Stuck({ error, delivery, say, onAgain, onChange }: StuckProps): JSX.Element {
  // To whom it goes is to be looked at before it is sent to them.
  const again = !(error instanceof DeskChanged);
  return (
    <>
      <Heading>{say.failed_heading}</Heading>
      <Alert>
        <p>{delivery.uncertain ? say.stuck_uncertain : say.failed_nothing_sent}</p>
        <p>{explain(error, say)}</p>
      </Alert>
      {again ? (
        <Action main wide onClick={onAgain}>
          {say.try_again}
        </Action>
      ) : null}
      <Action main={!again} wide onClick={onChange}>
        {again ? say.review_edit : say.back}
      </Action>
    </>
  );
}
