// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * One recording on the page, from the first explanation to what comes after it.
 *
 * Rules of this file: whatever ends it, the camera is let go of. It knows nothing of the rest of the page but what it is given.
 */
import type { Codename } from "@corncrake/core/codename";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CameraError, closeCamera, formatFor, openCamera, type Facing, type Medium, type Obstacle } from "../flows/camera";
import type { Draft } from "../flows/draft";
import { explain } from "../flows/explain";
import type { Outcome } from "../flows/left";
import { Recording, type Ended, type RecordingState } from "../flows/recording";
import type { Visit } from "../flows/visit";
import type { Language, Messages } from "../i18n/messages";
import { Action, Alert, Heading } from "./controls";
import { Announcing, RecordingOn, RecordingOver, RecordReady, RestLeaving } from "./record_screens";

const TICK_MS = 500;

/** Where to go when a recording is over. */
export type Onward = "words" | "story" | "again";

type Step =
  | { readonly name: "ready"; readonly obstacle?: Obstacle }
  | { readonly name: "asking" }
  | { readonly name: "announcing"; readonly waiting: boolean }
  | { readonly name: "failed"; readonly error: unknown }
  | { readonly name: "on" }
  | { readonly name: "rest"; readonly error?: unknown }
  | { readonly name: "over"; readonly whole: boolean; readonly state: RecordingState };

interface RoomProps {
  readonly visit: Visit;
  readonly codename: Codename;
  readonly kind: "first" | "follow_up";
  readonly draft: Draft;
  readonly language: Language;
  readonly say: Messages;
  readonly medium: Medium;
  readonly take: number;
  readonly slowness: number;
  /** Something of the report waits to be sent after this. */
  readonly restWaits: boolean;
  /** The words are known already: who comes back is led back. */
  readonly returning: boolean;
  readonly onVisit: (visit: Visit) => void;
  /** How the report of one recording stands. */
  readonly onTry: (outcome: Outcome) => void;
  readonly onSlow: () => void;
  readonly onBack: () => void;
  readonly onward: (to: Onward) => void;
}

/** Draw again whenever something has changed, and as time goes by. */
function useRedraw(running: boolean): () => void {
  const [, setCount] = useState(0);
  const redraw = (): void => { setCount((count) => count + 1); };
  useEffect(() => {
    if (!running) return undefined;
    const clock = setInterval(redraw, TICK_MS);
    return () => { clearInterval(clock); };
  }, [running]);
  return redraw;
}

/** The room. */
export function RecordRoom(props: RoomProps): JSX.Element {
  const { say, medium } = props;
  const [step, setStep] = useState<Step>({ name: "ready" });
  const [facing, setFacing] = useState<Facing>("environment");
  const [ended, setEnded] = useState<Ended | undefined>(undefined);
  const recording = useRef<Recording | undefined>(undefined);
  const stream = useRef<MediaStream | undefined>(undefined);
  const redraw = useRedraw(step.name === "on" || step.name === "rest");
  const gone = useRef(false);
  useEffect(() => () => {
    gone.current = true;
    recording.current?.drop();
    if (stream.current !== undefined) closeCamera(stream.current);
  }, []);

  const finish = (now: Recording): void => {
    setStep({ name: "rest" });
    now.finish().then((whole) => { if (whole) setStep({ name: "over", whole, state: now.state }); }).catch((error: unknown) => { setStep({ name: "rest", error }); });
  };
  const stop = (now: Recording, why?: Ended): void => {
    setEnded(why);
    if (why === "slow" || !now.keptUp) props.onSlow();
    now.stop();
    finish(now);
  };
  /** After a try that failed the camera is off: it is asked for again when the report is there, and not before. */
  const cameraAgain = async (now: Recording): Promise<void> => {
    setStep({ name: "asking" });
    const opened = await openCamera(medium, facing).catch(() => { throw new CameraError("gone"); });
    if (gone.current) closeCamera(opened);
    stream.current = opened;
    now.use(opened);
  };
  const announce = (now: Recording, again: boolean): void => {
    setStep({ name: "announcing", waiting: false });
    now.announce((waiting) => { setStep({ name: "announcing", waiting }); }).then(async (announced) => {
      if (!announced) return;
      props.onTry("arrived");
      if (again) await cameraAgain(now);
      if (gone.current) return;
      now.record();
      setStep({ name: "on" });
    }).catch((error: unknown) => {
      if (error instanceof CameraError) {
        // The report is there; the next try makes another recording.
        recording.current = undefined;
        setStep({ name: "ready", obstacle: error.obstacle });
        return;
      }
      // Until the next try no light is on.
      now.letGo();
      if (!now.uncertain) {
        // The server has nothing: the next try begins anew.
        props.onTry("refused");
        now.turnBack();
        recording.current = undefined;
      }
      setStep({ name: "failed", error });
    });
  };
  const start = (): void => {
    const format = formatFor(medium);
    if (format === undefined) return;
    const { visit, codename, kind, draft, language, take, slowness, onVisit } = props;
    setStep({ name: "asking" });
    openCamera(medium, facing).then(async (opened) => {
      stream.current = opened;
      // Who has left meanwhile does not want it any more.
      if (gone.current) closeCamera(opened);
      const options = { visit, codename, kind, draft, language, format, take, slowness, onVisit };
      const now: Recording = await Recording.prepare(options, opened, redraw, (why) => { stop(now, why); });
      recording.current = now;
      props.onTry("begun");
      announce(now, false);
    }).catch((error: unknown) => {
      if (stream.current !== undefined) closeCamera(stream.current);
      setStep(error instanceof CameraError ? { name: "ready", obstacle: error.obstacle } : { name: "failed", error });
    });
  };
  const back = (): void => {
    recording.current?.turnBack();
    props.onBack();
  };

  const now = recording.current;
  if (step.name === "ready") return <RecordReady medium={medium} facing={facing} obstacle={step.obstacle} say={say} onFacing={setFacing} onStart={start} onBack={back} />;
  if (step.name === "announcing") return <Announcing waiting={step.waiting} working={now?.working} say={say} onBack={back} />;
  if (step.name === "failed") return <NotBegun error={step.error} say={say} onAgain={() => { if (now === undefined) start(); else announce(now, true); }} onBack={back} />;
  if (step.name === "over") return <Over {...props} state={step.state} whole={step.whole} />;
  if (step.name === "asking" || now === undefined || stream.current === undefined) return <p role="status">{say.record_asking}</p>;
  if (step.name === "on") return <RecordingOn medium={medium} stream={stream.current} state={now.state} say={say} onStop={() => { stop(now); }} />;
  const without = (): void => {
    const { state } = now;
    now.drop();
    setStep({ name: "over", whole: false, state });
  };
  return <RestLeaving state={now.state} working={now.working} ended={ended} error={step.error} say={say} onAgain={() => { finish(now); }} onWithout={without} />;
}

/** The report could not leave, and so nothing was recorded. */
function NotBegun({ error, say, onAgain, onBack }: { error: unknown; say: Messages; onAgain: () => void; onBack: () => void }): JSX.Element {
  return (
    <>
      <Heading>{say.failed_heading}</Heading>
      <Alert>
        <p>{say.record_nothing}</p>
        <p>{explain(error, say)}</p>
      </Alert>
      <Action main wide onClick={onAgain}>
        {say.try_again}
      </Action>
      <Action wide onClick={onBack}>
        {say.back}
      </Action>
    </>
  );
}

/** What comes after: the words, or more to say, or another recording. */
function Over({ state, whole, say, restWaits, returning, onward }: RoomProps & { state: RecordingState; whole: boolean }): JSX.Element {
  const wordsFirst = !restWaits && !returning;
  return (
    <RecordingOver state={state} whole={whole} say={say}>
      {restWaits ? <p class="panel">{say.record_rest_waits}</p> : null}
      {wordsFirst ? (
        <Action main wide onClick={() => { onward("words"); }}>
          {say.record_words}
        </Action>
      ) : null}
      <Action main={!wordsFirst} wide onClick={() => { onward("story"); }}>
        {restWaits ? say.record_go_on : say.record_add}
      </Action>
      <Action wide onClick={() => { onward("again"); }}>
        {say.record_again}
      </Action>
    </RecordingOver>
  );
}
