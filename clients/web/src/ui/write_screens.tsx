// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of writing: before you start, what happened, look once more. */
import { RECOVERY } from "@corncrake/core/charter";
import type { Question } from "@corncrake/core/form";
import type { JSX } from "preact";
import type { Medium } from "../flows/camera";
import { holdsSomething, isAnswered, withAnswer, type Answer, type Attached, type Draft } from "../flows/draft";
import type { Visit } from "../flows/visit";
import { fill, localised, type Language, type Messages } from "../i18n/messages";
import type { Leftover } from "../worker/orders";
import { Action, Alert, Heading } from "./controls";
import { Files } from "./files";
import { NoticeBoard } from "./notice_board";
import { LeftoverPanel } from "./leftover_screens";
import { QuestionField } from "./question";
import { RecordOffer } from "./record_screens";
import { ReviewFile } from "./review_files";

interface Shared {
  readonly visit: Visit;
  readonly say: Messages;
  readonly language: Language;
}

interface BeforeProps extends Shared {
  readonly leftover: Leftover | undefined;
  readonly onLeftover: () => void;
  readonly onForget: () => Promise<void>;
  readonly onStart: () => void;
  readonly onReturn: () => void;
}

/** Whom this reaches, what is protected and what is not. */
export function Before({ visit, say, language, leftover, onLeftover, onForget, onStart, onReturn }: BeforeProps): JSX.Element {
  return (
    <>
      <Heading>{say.before_heading}</Heading>
      {leftover === undefined ? null : <LeftoverPanel leftover={leftover} say={say} language={language} onSend={onLeftover} onForget={onForget} />}
      <p>{fill(say.before_to, { desk: localised(visit.desk.names, language) })}</p>
      <p>{localised(visit.form.about, language)}</p>
      <NoticeBoard notices={visit.notices} say={say} />
      <h2>{say.before_protect_heading}</h2>
      <p>{say.before_protect_1}</p>
      <p>{say.before_protect_2}</p>
      <p>{say.before_protect_3}</p>
      <p class="panel">{say.before_safer}</p>
      <Action main wide onClick={onStart}>
        {say.before_start}
      </Action>
      <Action wide onClick={onReturn}>
        {say.before_return}
      </Action>
      <p class="quiet">{say.before_trust}</p>
    </>
  );
}

interface SheetProps extends Shared {
  readonly draft: Draft;
  readonly onDraft: (change: (draft: Draft) => Draft) => void;
  readonly onAttach: (files: readonly Attached[]) => void;
}

interface StoryProps extends SheetProps {
  readonly onBack: () => void;
  readonly onNext: () => void;
  readonly onRecord: (medium: Medium) => void;
  /** Where a recording has left already: to the words, without writing more. */
  readonly onWords: (() => void) | undefined;
}

/** The sheet: the desk's questions, the files, recording, the uses. */
export function Story({ visit, say, language, draft, onDraft, onAttach, onBack, onNext, onRecord, onWords }: StoryProps): JSX.Element {
  const field = (question: Question): JSX.Element => (
    <QuestionField
      key={question.id}
      question={question}
      answer={draft.answers[question.id] ?? {}}
      language={language}
      say={say}
      onAnswer={(answer: Answer) => { onDraft((before) => withAnswer(before, question.id, answer)); }}
    />
  );
  return (
    <>
      <Heading>{say.story_heading}</Heading>
      <p class="hint">{say.story_skip}</p>
      <p class="panel">{say.not_sent_yet}</p>
      {visit.form.questions.map(field)}
      <Files draft={draft} say={say} language={language} onDraft={onDraft} onAttach={onAttach} />
      <RecordOffer say={say} onRecord={onRecord} />
      {visit.form.consent.length === 0 ? null : <h2>{say.consent_heading}</h2>}
      {visit.form.consent.map(field)}
      <p class="quiet">{say.contact_note}</p>
      {onWords === undefined || holdsSomething(draft) ? null : (
        <Action wide onClick={onWords}>
          {say.record_words}
        </Action>
      )}
      <div class="row">
        <Action onClick={onBack}>{say.back}</Action>
        <Action main onClick={onNext}>
          {say.next}
        </Action>
      </div>
    </>
  );
}

function told(question: Question, answer: Answer, language: Language, say: Messages): string {
  if (answer.unknown === true) return say.unknown;
  if (answer.choices !== undefined) {
    return (question.options ?? []).filter((one) => answer.choices?.includes(one.id)).map((one) => localised(one.label, language)).join(", ");
  }
  if (answer.day !== undefined) {
    const until = answer.until === undefined ? "" : ` – ${answer.until}`;
    return `${answer.day}${until}${answer.about === true ? ` (${say.day_about})` : ""}`;
  }
  return answer.text ?? "";
}

/** Everything as the desk will see it, before it leaves. Who has the page translated does not have their own words sent away for it. */
export function Review({ visit, say, language, draft, onEdit, onSend }: Shared & { draft: Draft; onEdit: () => void; onSend: () => void }): JSX.Element {
  const asked = [...visit.form.questions, ...visit.form.consent];
  const looked = draft.files.filter((file) => file.telling !== "looking").length;
  const who = visit.chosen.stanzas.filter((one) => one.reviewer !== RECOVERY).length;
  return (
    <>
      <Heading>{say.review_heading}</Heading>
      {holdsSomething(draft) ? <p>{say.review_intro}</p> : <Alert>{say.review_empty}</Alert>}
      {asked.map((question) => {
        const answer = draft.answers[question.id];
        return answer !== undefined && isAnswered(answer) ? (
          <section key={question.id}>
            <h2>{localised(question.label, language)}</h2>
            <p class="told" translate={false}>{told(question, answer, language, say)}</p>
          </section>
        ) : null;
      })}
      {draft.files.map((file) => (
        <ReviewFile key={file.key} file={file} say={say} language={language} />
      ))}
      <div class="panel">
        <p>{who === 1 ? say.review_who_one : fill(say.review_who, { count: who })}</p>
        {who < visit.chosen.stanzas.length ? <p>{say.review_recovery}</p> : null}
      </div>
      {looked < draft.files.length ? <p role="status">{fill(say.review_wait, { done: looked, count: draft.files.length })}</p> : null}
      <p class="quiet">{say.not_sent_yet}</p>
      <div class="row">
        <Action onClick={onEdit}>{say.review_edit}</Action>
        <Action main disabled={!holdsSomething(draft) || looked < draft.files.length} onClick={onSend}>
          {say.send}
        </Action>
      </div>
    </>
  );
}
