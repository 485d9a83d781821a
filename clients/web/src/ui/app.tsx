// SPDX-License-Identifier: AGPL-3.0-or-later
/**
 * The page: which screen is shown, and what leads from one to the next.
 *
 * Rules of this file: all state is in memory. No screen makes an entry in the history; going back in the browser leaves the page, and is warned of
 * while something would be lost. 'Leave quickly' replaces the page itself. The twelve words are shown as soon as the report has arrived; files go on meanwhile.
 */
import type { Codename } from "@corncrake/core/codename";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { lookThrough } from "../flows/attaching";
import type { Medium } from "../flows/camera";
import { newCodename, pickTwo } from "../flows/chance";
import { EMPTY_DRAFT, holdsSomething, withFile, type Attached, type Draft } from "../flows/draft";
import { findLeftover, forgetLeftover } from "../flows/leftover";
import { after, leftBy, NO_TRIES, sayingWhatLeft, type Outcome } from "../flows/left";
import { look, type ThreadView } from "../flows/returning";
import type { SendOptions } from "../flows/sealing";
import { Delivery, NOTHING_SENT, type Progress } from "../flows/sending";
import { loadVisit, type Link, type Visit } from "../flows/visit";
import { loadWords, type WordTables } from "../flows/words";
import { messages, type Language } from "../i18n/messages";
import type { Leftover } from "../worker/orders";
import { Closed, Failed } from "./failed_screens";
import { Bar, useWarning } from "./frame";
import { SendLeftover } from "./leftover_screens";
import { RecordRoom, type Onward } from "./record_room";
import { ReturnWords, Thread } from "./return_screens";
import { isKept, Sending, Stuck } from "./sending_screens";
import { CheckWords, Done, OnTheWay, Words } from "./words_screens";
import { Before, Review, Story } from "./write_screens";

type Screen =
  | { readonly name: "before" | "story" | "review" | "sending" | "words" | "done" | "return" | "busy" | "leftover" }
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

/** The whole page. */
export function App({ link, first }: { link: Link; first: Language }): JSX.Element {
  const [language, setLanguage] = useState<Language>(first);
  const [screen, setScreen] = useState<Screen>({ name: "busy" });
  const [visit, setVisit] = useState<Visit | undefined>(undefined);
  const [tables, setTables] = useState<WordTables | undefined>(undefined);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [more, setMore] = useState("");
  const [codename, setCodename] = useState<Codename | undefined>(undefined);
  const [noted, setNoted] = useState(false);
  const [progress, setProgress] = useState<Progress>(NOTHING_SENT);
  const [delivery, setDelivery] = useState<Delivery | undefined>(undefined);
  const [leftover, setLeftover] = useState<Leftover | undefined>(undefined);
  const [tries, setTries] = useState(NO_TRIES);
  const left = leftBy(tries);
  const [takes, setTakes] = useState({ next: 1, slow: 0 });
  const say = useMemo(() => sayingWhatLeft(messages(language), left), [language, left]);

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
  useEffect(() => { void findLeftover().then(setLeftover); }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = say.title;
  }, [language]);
  // Everything is there, and the words are noted or cannot be forgotten: on to what comes next.
  useEffect(() => {
    if (progress.done && screen.name === "sending" && delivery !== undefined) setScreen({ name: noted ? "done" : "words" });
  }, [progress.done, screen.name, noted]);
  const onTheWay = screen.name === "sending" && !(noted && isKept(progress));
  const wordsUnseen = left !== "nothing" && screen.name !== "thread";
  const written = wordsUnseen || holdsSomething(draft) || more.trim() !== "";
  useWarning(onTheWay || ["words", "check"].includes(screen.name) || (!["done", "sending"].includes(screen.name) && written));

  const attach = (files: readonly Attached[]): void => {
    setDraft((before) => ({ ...before, files: [...before.files, ...files] }));
    lookThrough(files, (key, change) => { setDraft((before) => withFile(before, key, change)); });
  };
  const bring = (way: Way): void => {
    setScreen({ name: "sending" });
    way.delivery.run(setProgress).then(way.onArrived).catch((error: unknown) => { setScreen({ name: "stuck", error, way }); });
  };
  const prepare = (options: SendOptions, withFiles: boolean, onArrived: () => void, onChange: () => void): void => {
    setProgress(NOTHING_SENT);
    setDelivery(undefined);
    setScreen({ name: "sending" });
    // A first report looks for an answer too, as every visit does: the line cannot tell one from the other.
    const looked = options.kind === "first" ? look(options.visit, options.codename, setVisit) : Promise.resolve();
    const again = (): void => { prepare(options, withFiles, onArrived, onChange); };
    looked.then(() => Delivery.prepare(options, setProgress)).then((made) => {
      if (withFiles) setDelivery(made);
      const change = (): void => {
        made.keep(false);
        // The very same report is not tried again, but it may be there.
        if (made.uncertain) onTry("begun");
        onChange();
      };
      bring({ delivery: made, onArrived, onChange: change });
    }).catch(fail(again, onChange));
  };
  const send = (): void => {
    if (visit === undefined) return;
    const chosen = codename ?? newCodename();
    setCodename(chosen);
    setNoted(false);
    const onArrived = (): void => {
      setDraft(EMPTY_DRAFT);
      setScreen((now) => (now.name === "sending" ? { name: "words" } : now));
    };
    prepare({ visit, codename: chosen, kind: left === "report" ? "follow_up" : "first", draft, language, onVisit: setVisit }, true, onArrived, () => { setScreen({ name: "story" }); });
  };
  const show = (found: Codename): void => {
    if (visit === undefined) return;
    setCodename(found);
    setScreen({ name: "busy" });
    look(visit, found, setVisit).then((view) => { setScreen({ name: "thread", view, sent: false }); }).catch(fail(() => { show(found); }));
  };
  const sendMore = (view: ThreadView): void => {
    if (visit === undefined || codename === undefined) return;
    const story = visit.form.questions[0]?.id ?? "story";
    const added = { answers: { [story]: { text: more } }, files: [] };
    const onArrived = (): void => {
      setMore("");
      setScreen({ name: "thread", view, sent: true });
    };
    prepare({ visit, codename, kind: "follow_up", draft: added, language, onVisit: setVisit }, false, onArrived, () => { setScreen({ name: "thread", view, sent: false }); });
  };
  const right = (): void => {
    setCodename(undefined);
    setNoted(true);
    setScreen({ name: progress.done || delivery === undefined ? "done" : "sending" });
  };
  const record = (medium: Medium, from: Screen): void => {
    setCodename(codename ?? newCodename());
    setScreen({ name: "record", medium, from });
  };
  const onTry = (outcome: Outcome): void => {
    setTries((before) => after(before, outcome));
    // The answers have left with it; the files go their own way.
    if (outcome === "arrived") setDraft((before) => ({ ...before, answers: {} }));
  };
  const onward = (to: Onward, from: Screen): void => {
    setTakes((before) => ({ ...before, next: before.next + 1 }));
    if (to === "words") setScreen({ name: "words" });
    else if (to === "story") setScreen(from);
  };

  const shown = (): JSX.Element => {
    if (screen.name === "closed") return <Closed error={screen.error} say={say} onRetry={screen.retry} />;
    if (screen.name === "failed") return <Failed error={screen.error} say={say} onRetry={screen.retry} onChange={screen.change} />;
    if (screen.name === "stuck") return <Stuck error={screen.error} delivery={screen.way.delivery} say={say} onAgain={() => { bring(screen.way); }} onChange={screen.way.onChange} />;
    if (visit === undefined || tables === undefined || screen.name === "busy") return <p role="status">{say.loading}</p>;
    const shared = { visit, say, language };
    const words = codename?.words(tables[language]) ?? [];
    const way = <OnTheWay progress={progress} say={say} language={language} onSee={() => { setScreen({ name: "sending" }); }} />;
    switch (screen.name) {
      case "before":
        return (
          <Before
            {...shared}
            leftover={leftover}
            onLeftover={() => { setScreen({ name: "leftover" }); }}
            onForget={() => forgetLeftover().then(() => { setLeftover(undefined); })}
            onStart={() => { setScreen({ name: "story" }); }}
            onReturn={() => { setScreen({ name: "return" }); }}
          />
        );
      case "leftover":
        return leftover === undefined ? <p>{say.leftover_done}</p> : <SendLeftover {...shared} leftover={leftover} onBack={() => { setLeftover(undefined); setScreen({ name: "before" }); }} />;
      case "story":
        return (
          <Story
            {...shared}
            draft={draft}
            onDraft={setDraft}
            onAttach={attach}
            onBack={() => { setScreen({ name: "before" }); }}
            onNext={() => { setScreen({ name: "review" }); }}
            onRecord={(medium) => { record(medium, screen); }}
            onWords={left === "report" ? () => { setScreen({ name: "words" }); } : undefined}
          />
        );
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
            onVisit={setVisit}
            onTry={onTry}
            onSlow={() => { setTakes((before) => ({ ...before, slow: before.slow + 1 })); }}
            onBack={() => { setScreen(screen.from); }}
            onward={(to) => { onward(to, screen.from); }}
          />
        );
      }
      case "review":
        return <Review {...shared} draft={draft} onEdit={() => { setScreen({ name: "story" }); }} onSend={send} />;
      case "sending":
        return <Sending progress={progress} delivery={delivery} noted={noted || delivery === undefined} say={say} language={language} onWords={() => { setScreen({ name: "words" }); }} />;
      case "words":
        return (
          <>
            <Words words={words} language={language} say={say} arrived={progress.reportSent || left === "report"} onNoted={() => { setScreen({ name: "check", asked: pickTwo() }); }} />
            {way}
          </>
        );
      case "check":
        return <CheckWords words={words} asked={screen.asked} say={say} onRight={right} onAgain={() => { setScreen({ name: "words" }); }} />;
      case "done":
        return <Done days={visit.form.promise_days} files={progress.files} say={say} />;
      case "return":
        return <ReturnWords tables={tables} language={language} say={say} onCodename={show} onBack={() => { setScreen({ name: "before" }); }} />;
      case "thread":
        return <Thread view={screen.view} say={say} sent={screen.sent} text={more} onText={setMore} onSend={() => { sendMore(screen.view); }} onRecord={(medium) => { record(medium, screen); }} />;
    }
  };
  const locked = ["words", "check"].includes(screen.name) || (screen.name === "sending" && codename !== undefined);
  return (
    <>
      <Bar say={say} language={language} onLanguage={setLanguage} locked={locked} />
      <main key={screen.name}>{shown()}</main>
    </>
  );
}
