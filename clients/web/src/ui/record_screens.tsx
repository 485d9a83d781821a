// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of recording and sending at once: what happens, what is on, what has left, what comes next. */
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { formatFor, type Facing, type Medium, type Obstacle } from "../flows/camera";
import { explain } from "../flows/explain";
import type { Ended, RecordingState } from "../flows/recording";
import { fill, type Messages } from "../i18n/messages";
import { Action, Alert, Choice, Heading } from "./controls";
import { StampWork } from "./stamp_work";

/** A minute of film at a megabit a second, and of sound, in blocks. */
const MB_A_MINUTE: Record<Medium, number> = { film: 8, sound: 4 };
/** From here on the line is said to be slow: three pieces wait. */
const BEHIND_MS = 12_000;
const SECOND_MS = 1_000;
const MINUTE_S = 60;

/** Say how long something lasts, in whole seconds. */
function lasting(ms: number, say: Messages): string {
  const seconds = Math.floor(ms / SECOND_MS);
  if (seconds < MINUTE_S) return fill(say.record_seconds, { s: seconds });
  return fill(say.record_minutes, { min: Math.floor(seconds / MINUTE_S), s: seconds % MINUTE_S });
}

/** On the sheet, beside adding files: record now. */
export function RecordOffer({ say, onRecord }: { say: Messages; onRecord: (medium: Medium) => void }): JSX.Element {
  const film = formatFor("film") !== undefined;
  const sound = formatFor("sound") !== undefined;
  return (
    <>
      <h2>{say.record_heading}</h2>
      <p class="hint">{film || sound ? say.record_hint : say.record_not_here}</p>
      <div class="row">
        {film ? <Action onClick={() => { onRecord("film"); }}>{say.record_film}</Action> : null}
        {sound ? <Action onClick={() => { onRecord("sound"); }}>{say.record_sound}</Action> : null}
      </div>
    </>
  );
}

interface ReadyProps {
  readonly medium: Medium;
  readonly facing: Facing;
  readonly obstacle: Obstacle | undefined;
  readonly say: Messages;
  readonly onFacing: (facing: Facing) => void;
  readonly onStart: () => void;
  readonly onBack: () => void;
}

/** Before the camera: what will happen, and what is not protected. */
export function RecordReady({ medium, facing, obstacle, say, onFacing, onStart, onBack }: ReadyProps): JSX.Element {
  const told = { denied: say.record_denied, missing: say.record_missing, busy: say.record_busy, gone: say.record_gone };
  return (
    <>
      <Heading>{medium === "film" ? say.record_film_heading : say.record_sound_heading}</Heading>
      {obstacle === undefined ? null : <Alert>{told[obstacle]}</Alert>}
      <p>{say.record_how_first}</p>
      <p>{say.record_how_pieces}</p>
      <p>{say.record_how_taken}</p>
      <p class="panel">{say.record_how_shown}</p>
      <p>{fill(say.record_how_data, { count: MB_A_MINUTE[medium] })}</p>
      {medium === "film" ? (
        <fieldset>
          <legend>{say.record_camera}</legend>
          <Choice kind="radio" name="camera" label={say.record_camera_back} checked={facing === "environment"} onChange={() => { onFacing("environment"); }} />
          <Choice kind="radio" name="camera" label={say.record_camera_front} checked={facing === "user"} onChange={() => { onFacing("user"); }} />
        </fieldset>
      ) : null}
      <div class="row">
        <Action onClick={onBack}>{say.back}</Action>
        <Action main onClick={onStart}>
          {say.record_start}
        </Action>
      </div>
    </>
  );
}

/** What the camera sees, without sound; it can be hidden from whoever looks over the shoulder. */
function Preview({ stream, say }: { stream: MediaStream; say: Messages }): JSX.Element {
  const place = useRef<HTMLVideoElement>(null);
  const [hidden, setHidden] = useState(false);
  useEffect(() => {
    if (place.current !== null) place.current.srcObject = stream;
  }, [stream]);
  return (
    <>
      <video class={hidden ? "preview visually-hidden" : "preview"} ref={place} autoplay muted playsInline aria-hidden="true" />
      <Action wide onClick={() => { setHidden(!hidden); }}>
        {hidden ? say.record_show : say.record_hide}
      </Action>
    </>
  );
}

interface AnnouncingProps {
  readonly waiting: boolean;
  /** How far the work for a busy server is, from 0 to 1. */
  readonly working: number | undefined;
  readonly say: Messages;
  readonly onBack: () => void;
}

/** The report is leaving; nothing is recorded yet. */
export function Announcing({ waiting, working, say, onBack }: AnnouncingProps): JSX.Element {
  const works = working !== undefined;
  return (
    <>
      <Heading>{say.record_announcing_heading}</Heading>
      <p role="status" class={waiting && !works ? "alert" : ""}>
        {works ? say.sending_stamp : waiting ? say.record_announcing_wait : say.record_announcing}
      </p>
      {works ? <StampWork working={working} say={say} /> : null}
      <Action wide onClick={onBack}>
        {say.back}
      </Action>
    </>
  );
}

/** Both amounts as they are shown; together they are what the clock shows. */
function amounts({ leftMs, recordedMs }: RecordingState, say: Messages): { left: string; here: string } {
  const whole = (ms: number): number => Math.floor(ms / SECOND_MS) * SECOND_MS;
  return { left: lasting(leftMs, say), here: lasting(whole(recordedMs) - whole(leftMs), say) };
}

function HowMuch({ state, say }: { state: RecordingState; say: Messages }): JSX.Element {
  const { left, here } = amounts(state, say);
  return (
    <ul class="plain amounts">
      <li>{fill(say.record_left, { left })}</li>
      <li>{fill(say.record_here, { here })}</li>
    </ul>
  );
}

interface OnProps {
  readonly medium: Medium;
  readonly stream: MediaStream;
  readonly state: RecordingState;
  readonly say: Messages;
  readonly onStop: () => void;
}

/** It is on. The stop button comes first: it must be found without looking. */
export function RecordingOn({ medium, stream, state, say, onStop }: OnProps): JSX.Element {
  const behind = state.hereMs > BEHIND_MS;
  const line = { whole: behind ? say.record_line_slow : say.record_line_whole, broken: say.record_line_broken, refused: say.record_line_refused };
  return (
    <>
      <Heading>{medium === "film" ? say.record_film_on : say.record_sound_on}</Heading>
      <p class="timer" role="timer">
        {lasting(state.recordedMs, say)}
      </p>
      <button type="button" class="main wide stop" onClick={onStop}>
        {say.record_stop}
      </button>
      <HowMuch state={state} say={say} />
      <p role="status" class={state.line === "whole" && !behind ? "quiet" : "alert"}>
        {line[state.line]}
      </p>
      {medium === "film" ? <Preview stream={stream} say={say} /> : null}
    </>
  );
}

interface RestProps {
  readonly state: RecordingState;
  /** How far the work for a busy server is, from 0 to 1. */
  readonly working: number | undefined;
  readonly ended: Ended | undefined;
  readonly error: unknown;
  readonly say: Messages;
  readonly onAgain: () => void;
  readonly onWithout: () => void;
}

/** It was stopped, or stopped by itself; the rest is leaving. */
export function RestLeaving({ state, working, ended, error, say, onAgain, onWithout }: RestProps): JSX.Element {
  const line = { whole: say.record_closing, broken: say.record_closing_broken, refused: say.record_closing_refused };
  const stuck = error !== undefined;
  return (
    <>
      <Heading>{say.record_closing_heading}</Heading>
      {ended === undefined ? null : <Alert>{ended === "slow" ? say.record_ended_slow : say.record_ended_camera}</Alert>}
      {stuck ? (
        <Alert>
          <p>{say.record_closing_failed}</p>
          <p>{explain(error, say)}</p>
        </Alert>
      ) : (
        <p role="status" class={state.line === "whole" || working !== undefined ? "" : "alert"}>
          {working === undefined ? line[state.line] : say.sending_stamp}
        </p>
      )}
      {working === undefined ? null : <StampWork working={working} say={say} />}
      <HowMuch state={state} say={say} />
      <progress aria-label={say.record_closing_heading} max={state.recordedMs + 1} value={state.leftMs} />
      {stuck ? (
        <Action main wide onClick={onAgain}>
          {say.try_again}
        </Action>
      ) : null}
      {stuck || state.line !== "whole" ? (
        <Action wide onClick={onWithout}>
          {say.record_without_rest}
        </Action>
      ) : null}
    </>
  );
}

interface OverProps {
  readonly state: RecordingState;
  /** All of it has left, and the message that closes it. */
  readonly whole: boolean;
  readonly say: Messages;
  readonly children: ComponentChildren;
}

/** It is over: what has left; the ways from here are the caller's. */
export function RecordingOver({ state, whole, say, children }: OverProps): JSX.Element {
  return (
    <>
      <Heading>{whole ? say.record_done_heading : say.record_cut_heading}</Heading>
      <p role="status">{fill(whole ? say.record_done : say.record_cut, amounts(state, say))}</p>
      {children}
    </>
  );
}
