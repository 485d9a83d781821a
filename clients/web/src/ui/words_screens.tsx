// SPDX-License-Identifier: AGPL-3.0-or-later
/** The screens of sending and of the twelve words. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Progress } from "../flows/sending";
import { fill, type Messages } from "../i18n/messages";
import { Action, Alert, Heading, TextField } from "./controls";

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

interface WordsProps {
  readonly words: readonly string[];
  readonly language: string;
  readonly say: Messages;
  readonly onNoted: () => void;
}

/** The twelve words, numbered. */
export function Words({ words, language, say, onNoted }: WordsProps): JSX.Element {
  return (
    <>
      <Heading>{say.words_heading}</Heading>
      <p role="status">{say.words_receipt}</p>
      <p>{say.words_why}</p>
      <ol class="words" lang={language}>
        {words.map((word) => (
          <li key={word}>{word}</li>
        ))}
      </ol>
      <p>{say.words_keep}</p>
      <Action main wide onClick={onNoted}>
        {say.words_noted}
      </Action>
    </>
  );
}

interface CheckProps {
  readonly words: readonly string[];
  /** Which two words are asked for, counted from 0. */
  readonly asked: readonly [number, number];
  readonly say: Messages;
  readonly onRight: () => void;
  readonly onAgain: () => void;
}

function same(one: string, other: string): boolean {
  const plain = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").trim().toLowerCase();
  return plain(one) === plain(other);
}

/** Ask for two of the words, so that the reporter knows that they were noted. */
export function CheckWords({ words, asked, say, onRight, onAgain }: CheckProps): JSX.Element {
  const [typed, setTyped] = useState<readonly [string, string]>(["", ""]);
  const [wrong, setWrong] = useState<number | undefined>(undefined);
  const check = (): void => {
    const place = asked.findIndex((index, i) => !same(words[index] ?? "", typed[i] ?? ""));
    if (place < 0) onRight();
    else setWrong((asked[place] ?? 0) + 1);
  };
  return (
    <>
      <Heading>{say.check_heading}</Heading>
      <p>{say.check_intro}</p>
      {wrong === undefined ? null : <Alert>{fill(say.check_wrong, { number: wrong })}</Alert>}
      {asked.map((index, i) => (
        <TextField
          key={index}
          id={`check-${String(i)}`}
          label={fill(say.check_word, { number: index + 1 })}
          value={typed[i] ?? ""}
          onValue={(value) => { setTyped(i === 0 ? [value, typed[1]] : [typed[0], value]); }}
        />
      ))}
      <div class="row">
        <Action onClick={onAgain}>{say.check_again}</Action>
        <Action main onClick={check}>
          {say.next}
        </Action>
      </div>
    </>
  );
}

/** The end: how to come back, when to expect something, and that nothing stays. */
export function Done({ days, say }: { days: number; say: Messages }): JSX.Element {
  return (
    <>
      <Heading>{say.done_heading}</Heading>
      <p>{say.done_back}</p>
      <p>{fill(say.done_when, { days })}</p>
      <p>{say.done_nothing}</p>
    </>
  );
}
