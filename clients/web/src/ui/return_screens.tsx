// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of coming back: the words, the thread, writing more. */
import type { JSX } from "preact";
import type { Medium } from "../flows/camera";
import { useState } from "preact/hooks";
import { readWords, suggestions, type WordsProblem, type WordTables } from "../flows/words";
import type { Codename } from "@corncrake/core/codename";
import type { ThreadView } from "../flows/returning";
import { fill, type Language, type Messages } from "../i18n/messages";
import { Action, Alert, Heading, TextField } from "./controls";
import { NoticeBoard } from "./notice_board";
import { RecordOffer } from "./record_screens";

function problemText(problem: WordsProblem, say: Messages): string {
  if (problem.kind === "count") return fill(say.return_count, { count: problem.count });
  if (problem.kind === "word") return fill(say.return_wrong_word, { number: problem.number, word: problem.word });
  return say.return_checksum;
}

interface ReturnProps {
  readonly tables: WordTables;
  readonly language: Language;
  readonly say: Messages;
  readonly onCodename: (codename: Codename) => void;
  readonly onBack: () => void;
}

/** One field that completes words as they are typed. */
export function ReturnWords({ tables, language, say, onCodename, onBack }: ReturnProps): JSX.Element {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<WordsProblem | undefined>(undefined);
  const fitting = suggestions(text, tables[language]);
  const look = (): void => {
    const read = readWords(text, tables, language);
    if ("problem" in read) setProblem(read.problem);
    else onCodename(read.codename);
  };
  const take = (word: string): void => {
    setText(`${text.replace(/\S*$/, "")}${word} `);
    document.getElementById("words")?.focus();
  };
  return (
    <>
      <Heading>{say.return_heading}</Heading>
      {problem === undefined ? null : <Alert>{problemText(problem, say)}</Alert>}
      <TextField id="words" label={say.return_field} hint={say.return_hint} value={text} long onValue={(value) => { setText(value); setProblem(undefined); }} />
      {fitting.length === 0 ? null : (
        <div role="group" aria-label={say.return_suggest} class="row" translate={false}>
          {fitting.map((word) => (
            <Action key={word} onClick={() => { take(word); }}>
              {word}
            </Action>
          ))}
        </div>
      )}
      <div class="row">
        <Action onClick={onBack}>{say.back}</Action>
        <Action main onClick={look}>
          {say.return_look}
        </Action>
      </div>
    </>
  );
}

function Reached({ view, say }: { view: ThreadView; say: Messages }): JSX.Element {
  return (
    <ol class="states">
      <li class="reached">
        <h2>{say.thread_server}</h2>
        <p class="quiet">{say.thread_server_hint}</p>
      </li>
      <li class="reached">
        <h2>{say.thread_machine}</h2>
        {view.missingBlocks ? <p>{say.thread_missing_blocks}</p> : null}
      </li>
      <li class={view.answers.length > 0 ? "reached" : ""}>
        <h2>{view.answers.length > 0 ? say.thread_answer : say.thread_no_answer}</h2>
        {view.answers.map((answer) => (
          <p class="told panel" key={answer.reviewer}>
            {answer.text ?? say.thread_part_missing}
          </p>
        ))}
      </li>
    </ol>
  );
}

interface ThreadProps {
  readonly view: ThreadView;
  readonly say: Messages;
  readonly sent: boolean;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly onSend: () => void;
  readonly onRecord: (medium: Medium) => void;
}

/** The thread as a quiet list, and the same sheet of paper for an answer. */
export function Thread({ view, say, sent, text, onText, onSend, onRecord }: ThreadProps): JSX.Element {
  return (
    <>
      <Heading>{say.thread_heading}</Heading>
      <NoticeBoard notices={view.notices} say={say} />
      {view.acknowledged ? (
        <Reached view={view} say={say} />
      ) : (
        <>
          <p>{say.thread_none}</p>
          <p class="quiet">{say.thread_none_hint}</p>
          <p class="quiet">{say.thread_not_yours}</p>
        </>
      )}
      {sent ? (
        <p class="panel" role="status">
          {say.thread_sent}
        </p>
      ) : null}
      <h2>{say.thread_add_heading}</h2>
      <TextField id="more" label={say.thread_add} value={text} long onValue={onText} />
      <Action main wide disabled={text.trim() === ""} onClick={onSend}>
        {say.send}
      </Action>
      <RecordOffer say={say} onRecord={onRecord} />
    </>
  );
}
