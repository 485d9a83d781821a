// SPDX-License-Identifier: AGPL-3.0-or-later
/** What an earlier visit left on this device on purpose: it can be sent or thrown away, and no words are needed for either. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../flows/explain";
import { forgetLeftover, goOnLeftover, isRefused, pauseLeftover, sendLeftover, stopLeftover } from "../flows/leftover";
import { isTooOld } from "../flows/posting";
import type { Visit } from "../flows/visit";
import { inMb, timeLeft } from "../i18n/amounts";
import { fill, type Language, type Messages } from "../i18n/messages";
import type { BlocksProgress, Leftover } from "../worker/orders";
import { Action, Alert, Heading } from "./controls";

interface Said {
  readonly say: Messages;
  readonly language: Language;
}

interface ForgetProps {
  readonly say: Messages;
  /** Throw it away; rejects when that did not work. */
  readonly onForget: () => Promise<void>;
  /** Another way, beside it. */
  readonly children?: JSX.Element;
}

/** Throw it away, when it was asked once more; it cannot be had back. */
function Forget({ say, onForget, children }: ForgetProps): JSX.Element {
  const [step, setStep] = useState<"offered" | "sure" | "failed">("offered");
  const forget = (): void => { onForget().catch(() => { setStep("failed"); }); };
  if (step === "sure") {
    return (
      <>
        <p>{say.leftover_forget_sure}</p>
        <div class="row">
          <Action onClick={() => { setStep("offered"); }}>{say.leftover_forget_no}</Action>
          <Action onClick={forget}>{say.leftover_forget_yes}</Action>
        </div>
      </>
    );
  }
  return (
    <>
      {step === "failed" ? <Alert>{say.leftover_forget_failed}</Alert> : null}
      <div class="row">
        <Action onClick={() => { setStep("sure"); }}>{say.leftover_forget}</Action>
        {children}
      </div>
    </>
  );
}

/** On the first screen: something waits. */
export function LeftoverPanel({ leftover, say, language, onSend, onForget }: Said & { leftover: Leftover; onSend: () => void; onForget: ForgetProps["onForget"] }): JSX.Element {
  return (
    <section class="panel" aria-labelledby="leftover-heading">
      <h2 id="leftover-heading">{say.leftover_heading}</h2>
      {leftover.reports.length === 0 ? null : <p>{say.leftover_report}</p>}
      {leftover.blocks === 0 ? null : <p>{fill(say.leftover_parts, { count: leftover.blocks, mb: inMb(leftover.bytes, language) })}</p>}
      <Forget say={say} onForget={onForget}>
        <Action main onClick={onSend}>
          {say.leftover_send}
        </Action>
      </Forget>
    </section>
  );
}

type State =
  | { readonly name: "sending"; readonly blocks: BlocksProgress | undefined; readonly waits: boolean }
  | { readonly name: "failed"; readonly error: unknown }
  | { readonly name: "gone"; readonly sentence: string };

function Amount({ blocks, leftover, say, language }: Said & { blocks: BlocksProgress | undefined; leftover: Leftover }): JSX.Element {
  const { sent, parts } = blocks?.files[0] ?? { sent: 0, parts: Math.max(leftover.blocks, 1) };
  const done = (leftover.bytes * sent) / parts;
  return (
    <>
      <p>{fill(say.sending_amount, { done: inMb(done, language), total: inMb(leftover.bytes, language) })}</p>
      {blocks?.secondsLeft === undefined ? null : <p>{timeLeft(blocks.secondsLeft, say)}</p>}
      <progress aria-label={say.sending_heading} max={parts} value={sent} />
    </>
  );
}

function standing({ blocks, waits }: { blocks: BlocksProgress | undefined; waits: boolean }, leftover: Leftover, say: Messages, language: Language): string {
  if (waits) return say.sending_report_wait;
  const { sent, parts } = blocks?.files[0] ?? { sent: 0, parts: 1 };
  const amounts = { done: inMb((leftover.bytes * sent) / parts, language), total: inMb(leftover.bytes, language) };
  if (blocks?.refused !== undefined) return fill(say.failed_refused, { failure: blocks.refused.failure });
  if (blocks?.paused === true) return say.sending_paused;
  if (blocks?.waiting === "line") return fill(say.sending_wait, amounts);
  if (blocks?.waiting === "room") return fill(say.sending_room, { ...amounts, minutes: Math.ceil(blocks.roomSeconds / 60) });
  return say.sending_sealing;
}

function GoOnOrPause({ blocks, say }: { blocks: BlocksProgress; say: Messages }): JSX.Element {
  const refused = blocks.refused !== undefined;
  const stopped = refused || blocks.paused;
  return (
    <Action main={stopped} wide onClick={stopped ? goOnLeftover : pauseLeftover}>
      {refused ? say.try_again : stopped ? say.sending_go_on : say.sending_pause}
    </Action>
  );
}

/** How it ended: all parts are there, or some are not on this device any more. */
function ended({ files }: BlocksProgress, say: Messages): string {
  return files.every((file) => file.sent === file.parts) ? say.leftover_done : say.leftover_part_gone;
}

/** Sending what waited. */
export function SendLeftover({ visit, leftover, say, language, onBack }: Said & { visit: Visit; leftover: Leftover; onBack: () => void }): JSX.Element {
  const [state, setState] = useState<State>({ name: "sending", blocks: undefined, waits: false });
  const begin = (withoutRefused: boolean): void => {
    const put = (blocks: BlocksProgress | undefined, waits: boolean): void => {
      setState(blocks?.finished === true ? { name: "gone", sentence: ended(blocks, say) } : { name: "sending", blocks, waits });
    };
    put(undefined, false);
    sendLeftover(visit, leftover, withoutRefused, (blocks) => { put(blocks, false); }, (waits) => { put(undefined, waits); }).catch((error: unknown) => { setState({ name: "failed", error }); });
  };
  useEffect(() => { begin(false); }, []);
  const forget = async (): Promise<void> => {
    stopLeftover();
    await forgetLeftover();
    setState({ name: "gone", sentence: say.leftover_forgotten });
  };
  if (state.name === "gone") {
    return (
      <>
        <Heading>{say.sending_heading}</Heading>
        <p role="status">{state.sentence}</p>
        <Action main wide onClick={onBack}>
          {say.back}
        </Action>
      </>
    );
  }
  if (state.name === "failed") {
    const { error } = state;
    const refused = isRefused(error);
    const old = isTooOld(error);
    return (
      <>
        <Heading>{say.failed_heading}</Heading>
        <Alert>
          {old ? <p>{say.leftover_old}</p> : <p>{refused ? fill(say.leftover_refused, { failure: error.failure }) : say.leftover_failed}</p>}
          {refused ? <p>{say.leftover_without}</p> : <p>{explain(error, say)}</p>}
        </Alert>
        {refused && leftover.blocks > 0 ? (
          <Action main wide onClick={() => { begin(true); }}>
            {say.leftover_old_send}
          </Action>
        ) : null}
        {old ? null : (
          <Action main={!refused} wide onClick={() => { begin(false); }}>
            {say.try_again}
          </Action>
        )}
        <Forget say={say} onForget={forget} />
      </>
    );
  }
  return (
    <>
      <Heading>{say.sending_heading}</Heading>
      <p role="status">{standing(state, leftover, say, language)}</p>
      <Amount blocks={state.blocks} leftover={leftover} say={say} language={language} />
      {state.blocks === undefined ? null : <GoOnOrPause blocks={state.blocks} say={say} />}
      <p>{say.leftover_stay}</p>
      <Forget say={say} onForget={forget} />
    </>
  );
}
