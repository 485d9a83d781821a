// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The page: which screen is shown, and what leads from one to the next.
 *
 * Rules of this file: all state is in memory. No screen makes an entry in the history; going back in the browser leaves the page, and is warned of
 * while something would be lost. 'Leave quickly' replaces the page itself.
 */
import type { Codename } from "@corncrake/core/codename";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { Medium } from "../flows/camera";
import { newCodename, pickTwo } from "../flows/chance";
import { EMPTY_DRAFT, holdsSomething, type Draft } from "../flows/draft";
import { explain, isForeign } from "../flows/explain";
import { look, type ThreadView } from "../flows/returning";
import type { SendOptions } from "../flows/sealing";
import { Delivery, NOTHING_SENT, type Progress } from "../flows/sending";
import { loadVisit, type Link, type Visit } from "../flows/visit";
import { loadWords, type WordTables } from "../flows/words";
import { LANGUAGES, messages, type Language, type Messages } from "../i18n/messages";
import { Action, Alert, Heading } from "./controls";
import { RecordRoom, type Left, type Onward } from "./record_room";
import { ReturnWords, Thread } from "./return_screens";
import { Sending, Stuck } from "./sending_screens";
import { CheckWords, Done, Words } from "./words_screens";
import { Before, Review, Story } from "./write_screens";

type Screen =
  | { readonly name: "before" | "story" | "review" | "sending" | "words" | "done" | "return" | "busy" }
  | { readonly name: "check"; readonly asked: readonly [number, number] }
  | { readonly name: "record"; readonly medium: Medium; readonly from: Screen }
  | { readonly name: "thread"; readonly view: ThreadView; readonly sent: boolean }
  | { readonly name: "closed"; readonly error: unknown; readonly retry: () => void }
  | { readonly name: "failed"; readonly error: unknown; readonly retry: () => void; readonly change: (() => void) | undefined }
  | { readonly name: "stuck"; readonly error: unknown; readonly way: Way };

/** A report on its way, and where it leads: on to what comes after it, or back to the sheet that it was written on. */
interface Way {
  readonly delivery: Delivery;
  readonly onArrived: () => void;
  readonly onChange: () => void;
}

let leaving = false;

/** Replace the page, at once, by an empty one; nothing is left to go back to, and nothing is asked. */
function leave(): void {
  leaving = true;
  document.body.replaceChildren();
  window.location.replace("about:blank");
}

function Bar({ say, language, onLanguage, locked }: { say: Messages; language: Language; onLanguage: (language: Language) => void; locked: boolean }): JSX.Element {
  return (
    <header>
      <div>
        {locked ? (
          <span />
        ) : (
          <label>
            <span class="visually-hidden">{say.language}</span>
            <select value={language} onChange={(event) => { onLanguage(event.currentTarget.value as Language); }}>
              {LANGUAGES.map((one) => (
                <option key={one.id} value={one.id} lang={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" title={say.leave_hint} onClick={leave}>
          {say.leave}
        </button>
      </div>
    </header>
  );
}

/** Warn before the page goes while something would be lost with it. */
function useWarning(needed: boolean): void {
  // Before the next frame, not after it: the first letter typed is already something to lose.
  useLayoutEffect(() => {
    if (!needed) return undefined;
    const warn = (event: BeforeUnloadEvent): void => { if (!leaving) event.preventDefault(); };
    window.addEventListener("beforeunload", warn);
    return () => { window.removeEventListener("beforeunload", warn); };
  }, [needed]);
}

/** Once a recording has left, what was said of a page from which nothing was sent is not so any more. */
function afterRecording(say: Messages, left: Left): Messages {
  if (left === "nothing") return say;
  if (left === "perhaps") return { ...say, not_sent_yet: say.record_note_perhaps };
  return { ...say, not_sent_yet: say.record_note_left, failed_nothing_sent: say.record_rest_failed };
}

/** The papers of the visit could not be had, or are not right: nothing was written yet. */
function Closed({ error, say, onRetry }: { error: unknown; say: Messages; onRetry: () => void }): JSX.Element {
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
function Failed({ error, say, onRetry, onChange }: { error: unknown; say: Messages; onRetry: () => void; onChange: (() => void) | undefined }): JSX.Element {
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

/** The whole page. */
export function App({ link, first }: { link: Link; first: Language }): JSX.Element {
  const [language, setLanguage] = useState<Language>(first);
  const [screen, setScreen] = useState<Screen>({ name: "busy" });
  const [visit, setVisit] = useState<Visit | undefined>(undefined);
  const [tables, setTables] = useState<WordTables | undefined>(undefined);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [more, setMore] = useState("");
  const [codename, setCodename] = useState<Codename | undefined>(undefined);
  const [progress, setProgress] = useState<Progress>(NOTHING_SENT);
  const [left, setLeft] = useState<Left>("nothing");
  const [takes, setTakes] = useState({ next: 1, slow: 0 });
  const say = afterRecording(messages(language), left);

  const fail = (retry: () => void, change?: () => void) => (error: unknown): void => { setScreen({ name: "failed", error, retry, change }); };
  const load = (): void => {
    setScreen({ name: "busy" });
    Promise.all([loadVisit(link), loadWords()]).then(([opened, words]) => {
      setVisit(opened);
      setTables(words);
      setScreen({ name: "before" });
    }).catch((error: unknown) => { setScreen({ name: "closed", error, retry: load }); });
  };
  useEffect(load, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = say.title;
  }, [language]);
  const wordsUnseen = left !== "nothing" && screen.name !== "thread";
  useWarning(["sending", "words", "check"].includes(screen.name) || (screen.name !== "done" && (wordsUnseen || holdsSomething(draft) || more.trim() !== "")));

  const bring = (way: Way): void => {
    setScreen({ name: "sending" });
    way.delivery.run(setProgress).then(way.onArrived).catch((error: unknown) => { setScreen({ name: "stuck", error, way }); });
  };
  const prepare = (options: SendOptions, onArrived: () => void, onChange: () => void): void => {
    setProgress(NOTHING_SENT);
    setScreen({ name: "sending" });
    // A first report looks for an answer too, as every visit does: the line cannot tell one from the other.
    const looked = options.kind === "first" ? look(options.visit, options.codename) : Promise.resolve();
    const again = (): void => { prepare(options, onArrived, onChange); };
    looked.then(() => Delivery.prepare(options)).then((delivery) => { bring({ delivery, onArrived, onChange }); }).catch(fail(again, onChange));
  };
  const send = (): void => {
    if (visit === undefined) return;
    const chosen = codename ?? newCodename();
    setCodename(chosen);
    const onArrived = (): void => {
      setDraft(EMPTY_DRAFT);
      setScreen({ name: "words" });
    };
    prepare({ visit, codename: chosen, kind: left === "report" ? "follow_up" : "first", draft, language }, onArrived, () => { setScreen({ name: "story" }); });
  };
  const show = (found: Codename): void => {
    if (visit === undefined) return;
    setCodename(found);
    setScreen({ name: "busy" });
    look(visit, found).then((view) => { setScreen({ name: "thread", view, sent: false }); }).catch(fail(() => { show(found); }));
  };
  const sendMore = (view: ThreadView): void => {
    if (visit === undefined || codename === undefined) return;
    const story = visit.form.questions[0]?.id ?? "story";
    const written = { answers: { [story]: { text: more } }, files: [] };
    const onArrived = (): void => {
      setMore("");
      setScreen({ name: "thread", view, sent: true });
    };
    prepare({ visit, codename, kind: "follow_up", draft: written, language }, onArrived, () => { setScreen({ name: "thread", view, sent: false }); });
  };
  const record = (medium: Medium, from: Screen): void => {
    setCodename(codename ?? newCodename());
    setScreen({ name: "record", medium, from });
  };
  const onLeft = (now: Left): void => {
    setLeft((before) => (before === "report" ? before : now));
    // The answers have left with it; the files go their own way.
    if (now === "report") setDraft((before) => ({ ...before, answers: {} }));
  };
  const onward = (to: Onward, from: Screen): void => {
    setTakes((before) => ({ ...before, next: before.next + 1 }));
    if (to === "words") setScreen({ name: "words" });
    else if (to === "story") setScreen(from);
  };

  const shown = (): JSX.Element => {
    if (screen.name === "closed") return <Closed error={screen.error} say={say} onRetry={screen.retry} />;
    if (screen.name === "failed") return <Failed error={screen.error} say={say} onRetry={screen.retry} onChange={screen.change} />;
    if (screen.name === "stuck") return <Stuck error={screen.error} delivery={screen.way.delivery} say={say} onAgain={() => { bring(screen.way); }} onChange={screen.way.onChange} onArrived={screen.way.onArrived} />;
    if (visit === undefined || tables === undefined || screen.name === "busy") return <p role="status">{say.loading}</p>;
    const shared = { visit, say, language };
    const table = tables[language];
    const words = codename?.words(table) ?? [];
    switch (screen.name) {
      case "before":
        return <Before {...shared} onStart={() => { setScreen({ name: "story" }); }} onReturn={() => { setScreen({ name: "return" }); }} />;
      case "story":
        return <Story {...shared} draft={draft} onDraft={setDraft} onBack={() => { setScreen({ name: "before" }); }} onNext={() => { setScreen({ name: "review" }); }} onRecord={(medium) => { record(medium, screen); }} onWords={left === "report" ? () => { setScreen({ name: "words" }); } : undefined} />;
      case "record": {
        const returning = screen.from.name === "thread";
        return codename === undefined ? <p role="status">{say.loading}</p> : (
          <RecordRoom
            {...shared}
            key={takes.next}
            codename={codename}
            kind={returning || left === "report" ? "follow_up" : "first"}
            draft={returning ? EMPTY_DRAFT : draft}
            medium={screen.medium}
            take={takes.next}
            slowness={takes.slow}
            restWaits={holdsSomething(draft)}
            returning={returning}
            onLeft={onLeft}
            onSlow={() => { setTakes((before) => ({ ...before, slow: before.slow + 1 })); }}
            onBack={() => { setScreen(screen.from); }}
            onward={(to) => { onward(to, screen.from); }}
          />
        );
      }
      case "review":
        return <Review {...shared} draft={draft} onEdit={() => { setScreen({ name: "story" }); }} onSend={send} />;
      case "sending":
        return <Sending progress={progress} say={say} />;
      case "words":
        return <Words words={words} language={language} say={say} onNoted={() => { setScreen({ name: "check", asked: pickTwo() }); }} />;
      case "check":
        return <CheckWords words={words} asked={screen.asked} say={say} onRight={() => { setCodename(undefined); setScreen({ name: "done" }); }} onAgain={() => { setScreen({ name: "words" }); }} />;
      case "done":
        return <Done days={visit.form.promise_days} say={say} />;
      case "return":
        return <ReturnWords tables={tables} language={language} say={say} onCodename={show} onBack={() => { setScreen({ name: "before" }); }} />;
      case "thread":
        return <Thread view={screen.view} say={say} sent={screen.sent} text={more} onText={setMore} onSend={() => { sendMore(screen.view); }} onRecord={(medium) => { record(medium, screen); }} />;
    }
  };
  return (
    <>
      <Bar say={say} language={language} onLanguage={setLanguage} locked={["words", "check"].includes(screen.name)} />
      <main key={screen.name}>{shown()}</main>
    </>
  );
}
